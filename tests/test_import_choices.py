"""What an editor decides about a plan: which likely duplicates are none, what to mend, and whether it is published at once."""

import csv
import io
from typing import Any

import httpx
import pytest
from importing import as_csv, commit, plan, results, rows_of, send
from people import People, amend, case_study, create, district, step

pytestmark = pytest.mark.few_records

BOISE = "boise-school-district-id"


def states(editor: httpx.Client, *slugs: str) -> list[Any]:
    """The status of each district; None where there is none."""
    answers = [editor.get(f"/districts/{slug}") for slug in slugs]
    return [
        answer.json()["meta"]["status"] if answer.status_code == 200 else None for answer in answers
    ]


def is_public(people: People, slug: str) -> bool:
    """Whether the public finds a district."""
    return people.ada.get(f"{people.service.url}/v1/districts/{slug}").status_code == 200


def test_what_looks_like_another_record_must_be_accepted_by_name(people: People) -> None:
    planned = plan(
        people.ada,
        [
            district("boise-id", name="Boise Public Schools"),
            district("nothing-like-it-id", name="Weippe Flats"),
        ],
    )
    assert planned.json()["data"]["warned"] == 1
    [warned] = rows_of(people.ada, planned, warned="true")
    assert [(warning["code"], warning["nearest"]) for warning in warned["warnings"]] == [
        ("likely_duplicate", [BOISE])
    ]

    refused = commit(people.ada, planned)
    assert (refused.status_code, "boise-id" in refused.json()["detail"]) == (409, True)
    unknown = commit(people.ada, planned, accept=["nothing-like-it-id"])
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/accept")
    assert commit(people.ada, planned, accept=["boise-id"]).json()["data"]["records_written"] == 2
    assert states(people.ada, "boise-id", "nothing-like-it-id") == ["draft", "draft"]


def test_it_may_be_accepted_by_row_or_left_out_with_what_is_not_good(people: People) -> None:
    rows = [
        district("boise-copy-id", name="Boise District"),
        district("clearwater-basin-id", name="Clearwater Basin"),
    ]
    left = commit(people.ada, plan(people.ada, rows), only_good=True).json()["data"]
    assert (left["records_written"], states(people.ada, "boise-copy-id")) == (1, [None])
    taken = commit(people.ada, plan(people.ada, rows), accept=[1]).json()["data"]
    assert (taken["records_written"], states(people.ada, "boise-copy-id")) == (1, ["draft"])


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("rows", "kind", "warned"),
    [
        ([case_study("again", title="Boise School District's community schools")], "case-study", 1),
        ([case_study("other-title", title="Night buses for the debating club")], "case-study", 0),
        (
            [
                case_study(
                    "other-place",
                    title="Boise School District community schools",
                    districts=["rsu-9-me"],
                )
            ],
            "case-study",
            0,
        ),
        ([district("boise-me", name="Boise School District", state="ME")], "district", 0),
        ([district("boise-1-id", name="Boise School District 1")], "district", 0),
        (
            [district("boise-leaid-id", name="Boise School Dist.", nces_leaid="1699931")],
            "district",
            0,
        ),
        (
            [
                district("kooskia-id", name="Kooskia Joint"),
                district("kooskia-joint-id", name="Joint Kooskia Schools"),
            ],
            "district",
            1,
        ),
        ([{"slug": BOISE, "city": "Boise City"}], "district", 0),
    ],
)
def test_alike_are_new_records_of_one_place_with_nearly_the_same_name(
    people: People, rows: Any, kind: str, warned: int
) -> None:
    assert plan(people.ada, rows, kind).json()["data"]["warned"] == warned


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ({}, ["/enrollment"]),
        ({"enrollment_year": 2024}, ["/enrollment"]),
        ({"enrollment_year": 2024, "enrollment_source": "NCES CCD LEA membership 2024-25"}, []),
    ],
)
def test_a_new_figure_under_an_old_year_or_source_must_be_accepted(
    people: People, more: Any, warned: list[str]
) -> None:
    planned = plan(
        people.ada, [{"slug": "portland-public-schools-or", "enrollment": 30_001, **more}]
    )
    [row] = rows_of(people.ada, planned)
    assert [warning["pointer"] for warning in row["warnings"]] == warned
    assert all(warning["code"] == "old_citation" for warning in row["warnings"])


def test_a_row_over_an_unpublished_draft_is_published_only_if_it_is_accepted(
    people: People,
) -> None:
    amend(people.rui, "rsu-9-me", "districts", city="Drafted By Rui")
    planned = plan(people.ada, [{"slug": "rsu-9-me", "website": "https://www.example.org/"}])
    [warned] = rows_of(people.ada, planned, warned="true")
    assert [warning["code"] for warning in warned["warnings"]] == ["unpublished_draft"]
    refused = commit(people.kim, planned, publish=True, reason="web addresses")
    assert (refused.status_code, "rsu-9-me" in refused.json()["detail"]) == (409, True)
    options = {"publish": True, "reason": "web addresses", "accept": ["rsu-9-me"]}
    assert commit(people.kim, planned, **options).json()["data"]["records_written"] == 1


def test_a_row_over_a_record_in_review_is_written_only_if_it_is_accepted(people: People) -> None:
    create(people.rui, district("reviewed-id", name="Reviewed Meanwhile"), "districts")
    step(people.rui, "submit", "reviewed-id", "districts").raise_for_status()
    planned = plan(people.ada, [{"slug": "reviewed-id", "city": "Star"}])
    [warned] = rows_of(people.ada, planned, warned="true")
    assert [warning["code"] for warning in warned["warnings"]] == ["in_review"]
    assert commit(people.ada, planned).status_code == 409
    assert states(people.ada, "reviewed-id") == ["in_review"]
    commit(people.ada, planned, accept=["reviewed-id"]).raise_for_status()
    assert states(people.ada, "reviewed-id") == ["draft"]


def test_the_refused_rows_come_back_as_csv_and_can_be_mended_and_sent_again(people: People) -> None:
    rows = [
        district("fine-id", name="Fine"),
        district("stateless-id", name="Stateless, or not", state="ZZ", aliases=["S", "SL"]),
    ]
    planned = plan(people.ada, rows)
    answer = people.ada.get(f"{planned.json()['links']['refused']}".removeprefix("/v1/admin"))
    assert answer.headers["Content-Type"].startswith("text/csv")
    header, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    found = dict(zip(header, row, strict=True))
    assert found["problem"].startswith("line 2: /state: state has no value 'ZZ'")
    assert (found["slug"], found["name"], found["aliases"]) == (
        "stateless-id",
        "Stateless, or not",
        "S|SL",
    )

    mended = send(people.ada, answer.content.replace(b",ZZ,", b",ID,"))
    assert results(people.ada, mended) == [("stateless-id", "created", [])]
    assert commit(people.ada, mended).json()["data"]["records_written"] == 1
    assert people.ada.get("/districts/stateless-id").json()["data"]["aliases"] == ["S", "SL"]


def test_publishing_at_once_takes_an_admin_and_a_reason(people: People) -> None:
    planned = plan(
        people.ada,
        [district("at-once-id", name="At Once"), {"slug": BOISE, "county": "The county of Ada"}],
    )
    for person, told in ((people.ada, "admin"), (people.rui, "admin")):
        refused = commit(person, planned, publish=True, reason="it is urgent")
        assert (refused.status_code, refused.json()["needs"]) == (403, told)
    assert commit(people.kim, planned, publish=True).status_code == 422
    assert not is_public(people, "at-once-id")

    done = (
        commit(people.kim, planned, publish=True, reason="federal data")
        .raise_for_status()
        .json()["data"]
    )
    assert (done["records_written"], states(people.ada, "at-once-id", BOISE)) == (
        2,
        ["published", "published"],
    )
    assert is_public(people, "at-once-id")
    note = people.ada.get("/audit?slug=at-once-id&action=publish").json()["data"][0]["note"]
    assert note == f"review bypassed: federal data (import {done['id']}, rows.ndjson, line 1)"


@pytest.mark.one_database
def test_spaces_are_no_reason(people: People) -> None:
    planned = plan(people.ada, [district("no-reason-id", name="Without A Reason")])
    assert commit(people.kim, planned, publish=True, reason=" \n").status_code == 422
    create(people.ada, district("no-review-id", name="Without A Review"), "districts")
    refused = step(people.kim, "publish", "no-review-id", "districts", bypass_reason="  ")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/bypass_reason")


def test_what_lacks_what_publishing_takes_is_told_in_the_plan_and_not_published(
    people: People,
) -> None:
    rows = [
        case_study("whole-one", title="A whole account"),
        case_study("no-summary", title="Half an account", summary=None),
    ]
    planned = plan(people.ada, rows, "case-study")
    assert planned.json()["data"]["not_publishable"] == 1
    assert [[need["pointer"] for need in row["needs"]] for row in rows_of(people.ada, planned)] == [
        [],
        ["/summary"],
    ]
    refused = commit(people.kim, planned, publish=True, reason="checked")
    assert (refused.status_code, "no-summary" in refused.json()["detail"]) == (409, True)
    done = commit(people.kim, planned, publish=True, reason="checked", only_good=True).json()[
        "data"
    ]
    assert done["records_written"] == 1
    assert people.ada.get(f"{people.service.url}/v1/case-studies/whole-one").status_code == 200
    assert people.ada.get("/case-studies/no-summary").status_code == 404


def test_as_drafts_incomplete_records_are_welcome(people: People) -> None:
    planned = plan(people.ada, [{"slug": "only-a-title", "title": "Only a title"}], "case-study")
    assert commit(people.ada, planned).json()["data"]["records_written"] == 1
    assert people.ada.get("/case-studies/only-a-title").json()["meta"]["status"] == "draft"


def test_a_public_record_stays_as_it_is_until_the_imported_draft_is_published(
    people: People,
) -> None:
    slug = "bend-la-pine-schools-or"
    commit(people.ada, plan(people.ada, [{"slug": slug, "city": "Drafted"}])).raise_for_status()
    path = f"{people.service.url}/v1/districts/{slug}"
    assert people.ada.get(path).json()["data"]["city"] != "Drafted"
    step(people.ada, "submit", slug, "districts").raise_for_status()
    step(people.rui, "publish", slug, "districts").raise_for_status()
    assert people.ada.get(path).json()["data"]["city"] == "Drafted"


def test_rows_name_what_has_moved_by_its_old_slug(people: People) -> None:
    create(people.ada, district("moving-id", name="Moving"), "districts")
    step(people.rui, "rename", "moving-id", "districts", slug="moved-id").raise_for_status()
    planned = plan(
        people.ada,
        [case_study("mover", title="About the move", districts=["moving-id"])],
        "case-study",
    )
    assert [row["document"]["districts"] for row in rows_of(people.ada, planned)] == [["moved-id"]]


def test_columns_that_a_file_lacks_stay_and_empty_cells_take_away(people: People) -> None:
    create(
        people.ada,
        district("sparse-id", name="Sparse", city="Here", county="There", aliases=["A", "B"]),
        "districts",
    )
    planned = send(people.ada, as_csv([["slug", "city", "aliases"], ["sparse-id", "", ""]]))
    [row] = rows_of(people.ada, planned)
    assert [(change["pointer"], change["after"]) for change in row["changes"]] == [
        ("/city", None),
        ("/aliases/0", None),
        ("/aliases/1", None),
    ]
    assert row["document"]["county"] == "There"


def test_imports_are_listed_the_newest_first_with_what_became_of_them(people: People) -> None:
    first = plan(people.ada, [{"slug": BOISE}])
    second = plan(people.rui, [district("listed-id", name="Listed")])
    commit(people.rui, second).raise_for_status()
    page = people.ada.get("/imports?limit=1").json()
    assert [(each["id"], each["state"], each["created_by"]) for each in page["data"]] == [
        (second.json()["data"]["id"], "committed", "rui")
    ]
    following = people.ada.get(page["links"]["next"].removeprefix("/v1/admin")).json()["data"]
    assert [each["id"] for each in following] == [first.json()["data"]["id"]]


def test_a_draft_of_someone_else_is_changed_like_any_record(people: People) -> None:
    create(people.rui, district("shared-id", name="Shared"), "districts")
    amend(people.rui, "shared-id", "districts", county="Ada")
    commit(people.ada, plan(people.ada, [{"slug": "shared-id", "city": "Star"}])).raise_for_status()
    kept = people.ada.get("/districts/shared-id").json()
    assert (kept["data"]["county"], kept["data"]["city"], kept["meta"]["updated_by"]) == (
        "Ada",
        "Star",
        "ada",
    )


def test_a_row_that_was_left_out_may_have_changed_since(people: People) -> None:
    planned = plan(
        people.ada,
        [
            district("left-out-id", name="Boise Public School District"),
            district("taken-in-id", name="Weippe Prairie"),
        ],
    )
    create(people.ada, district("left-out-id", name="Another Name"), "districts")
    done = commit(people.ada, planned, only_good=True)
    assert (done.status_code, done.json()["data"]["records_written"]) == (200, 1)


def sent_again(editor: httpx.Client, planned: httpx.Response, *edits: tuple[str, str]) -> Any:
    """The rows of a plan for the refused rows of another, after these edits."""
    path = planned.json()["links"]["refused"].removeprefix("/v1/admin")
    text = editor.get(path).content.decode()
    for wrong, right in edits:
        assert wrong in text
        text = text.replace(wrong, right)
    return rows_of(editor, send(editor, text.encode()))


def test_refused_rows_sent_again_change_nothing_that_their_file_did_not_name(
    people: People,
) -> None:
    header = ["slug", "name", "state", "website", "county"]
    row = [BOISE, "Boise School District", "ID", "www.x.org", ""]
    planned = send(people.ada, as_csv([header, row]))
    [mended] = sent_again(people.ada, planned, (",www.x.org", ",https://www.x.org"))
    changes = {change["pointer"]: change["after"] for change in mended["changes"]}
    assert changes == {"/website": "https://www.x.org", "/county": None}


def test_refused_rows_of_json_that_name_different_fields_clear_none_of_the_others(
    people: People,
) -> None:
    rows: list[Any] = [
        {"slug": BOISE, "city": "Nampa", "enrollment": "many"},
        {"slug": "rsu-9-me", "county": None, "state": "ZZ"},
    ]
    first, second = sent_again(people.ada, plan(people.ada, rows), ("many", "1"), ("ZZ", "ME"))
    assert [change["pointer"] for change in first["changes"]] == ["/city", "/enrollment"]
    assert [change["pointer"] for change in second["changes"]] == ["/county"]


def test_refused_rows_say_what_stood_in_fields_that_no_column_has(people: People) -> None:
    planned = send(
        people.ada, b'{"slug": "rsu-9-me", "town": "Farmington"}\n{"slug": x\n', "ndjson"
    )
    path = planned.json()["links"]["refused"].removeprefix("/v1/admin")
    _header, first, second = csv.reader(io.StringIO(people.ada.get(path).text))
    assert '{"town":"Farmington"}' in first[0]
    assert "it begins '{\"slug\": x'" in second[0]
