"""An editor sends a file and sees what each row would do; then exactly that is written, all of it or nothing."""

from typing import Any

import httpx
import pytest
from importing import Json, commit, plan, results, rows_of, send
from people import People, amend, case_study, create, district, publish, seen, step

pytestmark = pytest.mark.few_records

BOISE = "boise-school-district-id"
BOISE_LEAID = "1600360"


def version(editor: httpx.Client, slug: str, kind: str = "districts") -> int:
    """The newest version of a record."""
    found: int = editor.get(f"/{kind}/{slug}").raise_for_status().json()["meta"]["version"]
    return found


def record(editor: httpx.Client, slug: str, kind: str = "districts") -> Json:
    """A record as the desk shows it."""
    found: Json = editor.get(f"/{kind}/{slug}").raise_for_status().json()
    return found


def newest_revision(editor: httpx.Client) -> int:
    """The number of the newest change in the directory."""
    found: int = editor.get("/audit?limit=1").json()["data"][0]["seq"]
    return found


@pytest.mark.slow
def test_the_plan_shows_what_each_row_would_do_and_writes_no_record(people: People) -> None:
    create(people.ada, district("known-id", city="Nampa", aliases=["KSD"]), "districts")
    before = newest_revision(people.ada)
    planned = plan(
        people.ada,
        [
            district("brand-new-id", name="Brand New"),
            {"slug": "known-id", "city": "Caldwell", "aliases": ["KSD", "Known"]},
            {"slug": "known-id-2", "name": "Known Two", "state": "Nowhere"},
            {"slug": BOISE},
        ],
    )
    data = planned.json()["data"]
    assert data["state"] == "planned"
    assert data["counts"] == {
        "created": 1,
        "changed": 1,
        "unchanged": 1,
        "refused": 1,
        "passed_over": 0,
    }
    new, changed, refused, unchanged = rows_of(people.ada, planned)
    assert (new["result"], new["document"]["name"]) == ("created", "Brand New")
    assert [
        (change["pointer"], change["before"], change["after"]) for change in changed["changes"]
    ] == [
        ("/city", "Nampa", "Caldwell"),
        ("/aliases/1", None, "Known"),
    ]
    assert [(fault["pointer"], fault["code"]) for fault in refused["faults"]] == [
        ("/state", "unknown_value")
    ]
    assert (unchanged["slug"], unchanged["result"], unchanged["origin"]) == (
        BOISE,
        "unchanged",
        "line 4",
    )
    assert newest_revision(people.ada) == before


@pytest.mark.slow
def test_a_commit_writes_as_drafts_exactly_what_the_plan_shows(people: People) -> None:
    create(people.ada, district("to-change-id", city="Nampa", county="Canyon"), "districts")
    public = people.ada.get(f"{people.service.url}/v1/districts/{BOISE}").json()
    rows = [
        district("committed-id", name="Committed"),
        {"slug": "to-change-id", "city": None},
        {"slug": BOISE, "city": "Elsewhere"},
    ]
    planned = plan(people.ada, rows)
    shown = {row["slug"]: row["document"] for row in rows_of(people.ada, planned)}
    done = commit(people.ada, planned).raise_for_status().json()["data"]

    assert (done["state"], done["records_written"], done["committed_by"]) == ("committed", 3, "ada")
    for slug, document in shown.items():
        kept = record(people.ada, slug)
        assert kept["data"] == document
        assert (kept["meta"]["status"], kept["meta"]["updated_by"]) == ("draft", "ada")
    assert (shown["to-change-id"]["city"], shown["to-change-id"]["county"]) == (None, "Canyon")
    log = people.ada.get("/audit?limit=3").json()["data"][::-1]
    assert [entry["seq"] for entry in log] == list(
        range(done["first_revision"], done["first_revision"] + 3)
    )
    assert [entry["action"] for entry in log] == ["create", "edit", "edit"]
    assert log[0]["note"] == f"import {done['id']}, rows.ndjson, line 1"
    assert (
        people.ada.get(f"{people.service.url}/v1/districts/{BOISE}").json()["data"]
        == public["data"]
    )


def test_a_district_is_found_by_its_leaid_when_its_slug_is_missing_or_another(
    people: People,
) -> None:
    create(people.ada, district("by-leaid-id", nces_leaid="1699901"), "districts")
    rows: list[Json] = [{"nces_leaid": "1699901", "city": "Here"}]
    planned = plan(people.ada, rows)
    assert [(row["slug"], row["matched_by"]) for row in rows_of(people.ada, planned)] == [
        ("by-leaid-id", "nces_leaid")
    ]
    planned = plan(people.ada, [{**rows[0], "slug": "another-slug-id"}])
    commit(people.ada, planned).raise_for_status()
    assert record(people.ada, "by-leaid-id")["data"]["city"] == "Here"
    assert people.ada.get("/districts/another-slug-id").status_code == 404


def test_a_record_is_found_by_a_slug_that_it_had_before(people: People) -> None:
    create(people.ada, district("old-name-id"), "districts")
    step(people.rui, "rename", "old-name-id", "districts", slug="new-name-id").raise_for_status()
    planned = plan(people.ada, [{"slug": "old-name-id", "city": "Here"}])
    assert [
        (row["slug"], row["matched_by"], row["result"]) for row in rows_of(people.ada, planned)
    ] == [("new-name-id", "former_slug", "changed")]


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([district("twice-id"), district("twice-id")], [[], ["repeated"]]),
        (
            [district("one-id", nces_leaid="1699911"), district("two-id", nces_leaid="1699911")],
            [[], ["repeated"]],
        ),
        (
            [district("mine-id", nces_leaid=BOISE_LEAID, name="x"), {"slug": BOISE}],
            [[], ["repeated"]],
        ),
        (
            [{"slug": "cincinnati-public-schools-oh", "nces_leaid": BOISE_LEAID}],
            [["leaid_of_another", "leaid_of_another_state"]],
        ),
        ([district("short-id", nces_leaid="160036")], [["value_error"]]),
        ([{"slug": "nameless-id", "state": "ID"}], [["missing"]]),
        ([{"city": "No name", "state": "ID"}], [["missing", "missing"]]),
        ([district("Not A Slug")], [["string_pattern_mismatch"]]),
        (
            [district("far-id", latitude=91, longitude=0)],
            [["less_than_equal", "required_with", "required_with"]],
        ),
        ([district("half-id", enrollment=5)], [["required_with", "required_with"]]),
        ([district("where-id", state="ZZ")], [["unknown_value"]]),
        ([district("more-id", rating=5)], [["extra_forbidden"]]),
        (
            [district("nul-id", name="a\0b"), district("nul\0-id")],
            [["value_error"], ["value_error"]],
        ),
    ],
)
def test_a_row_is_refused_with_a_stable_reason(
    people: People, rows: list[Json], codes: list[list[str]]
) -> None:
    planned = plan(people.ada, rows)
    assert [sorted(found) for _, _, found in results(people.ada, planned)] == [
        sorted(each) for each in codes
    ]
    assert planned.json()["data"]["counts"]["refused"] == sum(bool(each) for each in codes)


def test_what_a_case_study_names_must_be_there_and_its_claims_have_sources(people: People) -> None:
    outcome = {
        "indicator": "attendence",
        "finding": "It rose",
        "design": "descriptive",
        "source": "s9",
    }
    rows = [
        case_study(
            "unknown-parts",
            districts=["boise-school-distrct-id"],
            strategies=["food-security", "food-security"],
        ),
        case_study("unknown-source", outcomes=[outcome]),
    ]
    planned = plan(people.ada, rows, "case-study")
    assert [(slug, sorted(codes)) for slug, _, codes in results(people.ada, planned)] == [
        ("unknown-parts", ["repeated", "unknown_value"]),
        ("unknown-source", ["unknown_source", "unknown_value"]),
    ]
    fault = next(
        fault
        for fault in rows_of(people.ada, planned)[0]["faults"]
        if fault["code"] == "unknown_value"
    )
    assert (fault["pointer"], fault["nearest"][0]) == ("/districts/0", BOISE)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("value", "code"),
    [(1000.5, "out_of_range"), (-101, "out_of_range"), ("nan", "finite_number"), (-100, None)],
)
def test_a_percentage_is_a_number_in_range(people: People, value: Any, code: str | None) -> None:
    outcome = {
        "indicator": "attendance",
        "finding": "It moved",
        "value": value,
        "unit": "percent",
        "design": "descriptive",
        "source": "s1",
    }
    planned = plan(
        people.ada, [case_study("in-percent", title="In percent", outcomes=[outcome])], "case-study"
    )
    assert results(people.ada, planned) == [
        ("in-percent", "refused" if code else "created", [code] if code else [])
    ]
    if code:
        [fault] = rows_of(people.ada, planned)[0]["faults"]
        assert fault["pointer"] == "/outcomes/0/value"


def test_a_withdrawn_record_is_not_written_over(people: People) -> None:
    create(people.ada, district("gone-id"), "districts")
    publish(people, "gone-id", "districts")
    step(people.rui, "withdraw", "gone-id", "districts", reason="It closed.").raise_for_status()
    planned = plan(people.ada, [{"slug": "gone-id", "city": "Here"}])
    assert results(people.ada, planned) == [("gone-id", "refused", ["withdrawn"])]


def test_one_refused_row_stops_all_unless_the_good_ones_are_asked_for(people: People) -> None:
    planned = plan(
        people.ada, [district("good-id", name="Good"), district("bad-id", name="Bad", state="ZZ")]
    )
    refused = commit(people.ada, planned)
    assert (refused.status_code, people.ada.get("/districts/good-id").status_code) == (409, 404)
    done = commit(people.ada, planned, only_good=True).raise_for_status().json()["data"]
    assert (done["records_written"], done["commitment"]["only_good"]) == (1, True)
    assert (version(people.ada, "good-id"), people.ada.get("/districts/bad-id").status_code) == (
        1,
        404,
    )


def test_nothing_is_written_over_what_has_changed_since_the_plan(people: People) -> None:
    create(people.ada, district("contested-id"), "districts")
    planned = plan(
        people.ada, [{"slug": "contested-id", "city": "Here"}, district("late-id", name="Late")]
    )
    amend(people.rui, "contested-id", "districts", county="Ada")
    create(people.rui, district("late-id", name="Late"), "districts")
    refused = commit(people.ada, planned)
    assert refused.status_code == 412
    assert [(row["row"], row["slug"], row["detail"]) for row in refused.json()["comparison"]] == [
        (1, "contested-id", "the record is now at version 2"),
        (2, "late-id", "the record is now at version 1"),
    ]
    assert record(people.ada, "contested-id")["data"]["city"] is None


@pytest.mark.parametrize(
    ("row", "meanwhile", "told"),
    [
        (
            district("taken-id", nces_leaid="1699921", name="Taken"),
            ("created", "other-taken-id"),
            "the LEAID now belongs to 'other-taken-id'",
        ),
        (
            district("left-id", name="Left"),
            ("renamed", "left-id"),
            "the slug now leads to 'left-id-now'",
        ),
    ],
)
def test_nothing_is_written_where_a_slug_or_leaid_was_taken_since(
    people: People, row: Json, meanwhile: Any, told: str
) -> None:
    planned = plan(people.ada, [row])
    what, slug = meanwhile
    create(people.rui, {**row, "slug": slug}, "districts")
    if what == "renamed":
        step(people.rui, "rename", slug, "districts", slug=f"{slug}-now").raise_for_status()
    refused = commit(people.ada, planned)
    assert refused.status_code == 412
    assert told in [each["detail"] for each in refused.json()["comparison"]]


def test_a_commit_is_of_the_plan_that_was_seen(people: People) -> None:
    planned = plan(people.ada, [district("seen-id", name="Seen")])
    path = f"/imports/{planned.json()['data']['id']}/commit"
    assert people.ada.post(path, json={}).status_code == 428
    assert people.ada.post(path, json={}, headers={"If-Match": '"9"'}).status_code == 412
    assert people.ada.post(path, json={}, headers=seen(planned)).status_code == 200


def test_a_commit_sent_again_answers_what_was_done(people: People) -> None:
    planned = plan(people.ada, [district("once-id", name="Once")])
    first = commit(people.ada, planned).raise_for_status()
    again = commit(people.ada, planned)
    assert (again.status_code, again.json(), again.headers["ETag"]) == (
        200,
        first.json(),
        first.headers["ETag"],
    )
    assert version(people.ada, "once-id") == 1
    otherwise = commit(people.ada, planned, only_good=True)
    assert otherwise.status_code == 409


def test_a_file_sent_again_under_its_key_is_planned_once(people: People) -> None:
    body = b"slug,city\nboise-school-district-id,Boise\n"
    first, again = (send(people.ada, body, **{"Idempotency-Key": "file-1"}) for _ in range(2))
    assert (again.json()["data"]["id"], again.headers["Idempotency-Replayed"]) == (
        first.json()["data"]["id"],
        "true",
    )
    other = send(people.ada, body + b"x,y\n", **{"Idempotency-Key": "file-1"})
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "key_used_before")
