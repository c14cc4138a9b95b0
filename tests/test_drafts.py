"""Drafts: what an editor writes, replaces, changes and finds again."""

import httpx
import pytest
from people import (
    OUTCOME,
    SOURCE,
    People,
    amend,
    case_study,
    create,
    district,
    faults,
    seen,
)

pytestmark = pytest.mark.few_records

KINDS = {
    "case-studies": {"slug": "new-case", "title": "A case"},
    "districts": {"slug": "new-district", "name": "A district", "state": "OR"},
    "organizations": {"slug": "new-organization", "name": "An organization", "type": "nonprofit"},
    "strategies": {
        "slug": "new-strategy",
        "label": "A strategy",
        "definition": "It means this.",
        "pillar": "expanded-learning",
    },
    "indicators": {
        "slug": "new-indicator",
        "label": "An indicator",
        "definition": "It measures this.",
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_of_each_kind_is_created_as_a_draft_and_read_again(
    kind: str, people: People
) -> None:
    document = KINDS[kind]
    made = people.kim.post(f"/{kind}", json=document)
    path = f"/v1/admin/{kind}/{document['slug']}"
    assert (made.status_code, made.headers["Location"], made.headers["ETag"]) == (201, path, '"1"')
    read = people.ada.get(f"/{kind}/{document['slug']}")
    assert read.headers["ETag"] == '"1"'
    assert read.json() == made.json()
    assert document.items() <= read.json()["data"].items()
    meta = read.json()["meta"]
    assert (meta["version"], meta["status"], meta["published_version"], meta["updated_by"]) == (
        1,
        "draft",
        None,
        "kim",
    )
    assert {
        link: httpx.URL(address).path for link, address in read.json()["links"].items() if address
    } == {
        "self": path,
        "revisions": f"{path}/revisions",
        "review": f"{path}/review",
        "preview": f"{path}/preview",
    }


def test_a_record_is_replaced_whole(people: People) -> None:
    made = create(people.ada, case_study("replaced", initiative="SUN"))
    document = case_study("replaced", title="Another title")
    answer = people.ada.put("/case-studies/replaced", json=document, headers=seen(made))
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert (answer.json()["data"]["title"], answer.json()["data"]["initiative"]) == (
        "Another title",
        None,
    )
    assert people.ada.get("/case-studies/replaced").json() == answer.json()


def test_parts_of_a_record_are_changed_null_takes_away_and_lists_are_replaced(
    people: People,
) -> None:
    create(
        people.ada, case_study("changed", initiative="SUN", aliases=["A", "B"], outcomes=[OUTCOME])
    )
    data = amend(people.ada, "changed", title="Changed", initiative=None, aliases=["C"]).json()[
        "data"
    ]
    assert (data["title"], data["initiative"], data["aliases"]) == ("Changed", None, ["C"])
    assert [outcome["finding"] for outcome in data["outcomes"]] == ["It rose"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    "media_type",
    ["application/merge-patch+json", "application/json", "Application/JSON; charset=utf-8"],
)
def test_a_patch_is_taken_as_merge_patch_or_as_json(media_type: str, people: People) -> None:
    slug = f"patched-{len(media_type)}"
    headers = seen(create(people.ada, case_study(slug))) | {"Content-Type": media_type}
    assert (
        people.ada.patch(
            f"/case-studies/{slug}", content=b'{"title":"New"}', headers=headers
        ).status_code
        == 200
    )


def test_the_slug_is_not_changed_by_the_way(people: People) -> None:
    made = create(people.ada, district("steady", nces_leaid="1699901"), "districts")
    for write in (people.ada.put, people.ada.patch):
        answer = write(
            "/districts/steady", json=district("unsteady", nces_leaid="1699901"), headers=seen(made)
        )
        assert faults(answer) == [("/slug", "slug_differs")]


def test_a_draft_may_lack_what_publishing_needs_and_says_so(people: People) -> None:
    meta = create(people.ada, {"slug": "begun", "title": "Begun"}).json()["meta"]
    missing = ("approach", "sources", "state", "strategies", "summary")
    assert sorted((need["pointer"], need["code"]) for need in meta["needs"]) == [
        (f"/{name}", "needed_to_publish") for name in missing
    ]
    assert meta["moves"] == ["discard"]  # it cannot be submitted yet
    complete = people.ada.put(
        "/case-studies/begun", json=case_study("begun"), headers={"If-Match": '"1"'}
    )
    assert complete.json()["meta"]["needs"] == []


def test_the_rules_of_prose_are_asked_of_a_draft_only_to_publish_it(people: People) -> None:
    loose = case_study(
        "loose",
        approach="It reached 4,711 children.",
        lessons="Go on. [^s7]",
        sources=[SOURCE, SOURCE | {"id": "s2"}],
    )
    needs = create(people.ada, loose).json()["meta"]["needs"]
    assert sorted((need["pointer"], need["code"]) for need in needs) == [
        ("/approach", "number_without_fact"),
        ("/approach", "paragraph_without_source"),
        ("/lessons", "unknown_source"),
        ("/sources/0", "source_not_used"),
        ("/sources/1", "source_not_used"),
    ]


def test_a_refused_write_leaves_nothing_behind(people: People) -> None:
    before = people.kim.get("/audit?limit=1").json()["data"][0]["seq"]
    people.ada.post("/case-studies", json=case_study("never", state="XX"))
    assert people.ada.get("/case-studies/never").status_code == 404
    assert people.kim.get("/audit?limit=1").json()["data"][0]["seq"] == before


def test_a_slug_that_is_taken_is_refused(people: People) -> None:
    assert people.ada.post("/case-studies", json=case_study("boise-id")).status_code == 409


def test_a_record_that_is_not_there_is_told_with_the_nearest(people: People) -> None:
    answer = people.ada.get("/case-studies/boise")
    assert answer.status_code == 404
    assert "boise-id" in answer.json()["nearest"]


def test_a_change_says_which_version_it_has_seen(people: People) -> None:
    create(people.ada, case_study("unseen"))
    for method in ("PUT", "PATCH"):
        assert (
            people.ada.request(
                method, "/case-studies/unseen", json=case_study("unseen")
            ).status_code
            == 428
        )


@pytest.mark.one_database
@pytest.mark.parametrize("etag", ["1", "*", '"one"', '""', '"1", 2', 'w/"1"', '"\u00b2"'])
def test_what_is_no_etag_of_a_version_is_refused(etag: str, people: People) -> None:
    answer = people.ada.patch(
        "/case-studies/boise-id", json={}, headers={b"If-Match": etag.encode("latin-1")}
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "If-Match"


@pytest.mark.one_database
@pytest.mark.parametrize(
    "lines",
    [['W/"1"'], ['"1", "2"'], ['W/"1","2"'], ['"1"', '"2"']],
    ids=["weak", "list", "both", "lines"],
)
def test_a_version_may_be_weak_or_one_of_several(lines: list[str], people: People) -> None:
    slug = f"seen-{len(''.join(lines))}"
    create(people.ada, case_study(slug))
    seen = [("If-Match", line) for line in lines]
    patched = people.ada.patch(f"/case-studies/{slug}", json={"title": "New"}, headers=seen)
    newest = 2 if any("2" in line for line in lines) else 1
    assert patched.status_code == (200 if newest == 1 else 412)
    if newest == 2:
        own = {"If-Match": '"1"'}
        people.ada.patch(f"/case-studies/{slug}", json={"title": "Two"}, headers=own)
        again = people.ada.patch(f"/case-studies/{slug}", json={"title": "New"}, headers=seen)
        assert again.status_code == 200


def test_a_stale_change_is_refused_with_the_current_version_and_a_three_way_comparison(
    people: People,
) -> None:
    made = create(people.ada, case_study("stale", initiative="SUN"))
    now = amend(people.rui, "stale", title="By Rui", summary="By Rui.")
    answer = people.ada.patch(
        "/case-studies/stale",
        json={"title": "By Ada", "initiative": None, "summary": "By Rui."},
        headers=seen(made),
    )
    assert (answer.status_code, answer.headers["ETag"], answer.json()["version"]) == (412, '"2"', 2)
    assert answer.json()["current"] == now.json()["data"]
    assert answer.json()["comparison"] == [
        {"field": "initiative", "base": "SUN", "current": "SUN", "yours": None, "conflict": False},
        {
            "field": "summary",
            "base": "What was done.",
            "current": "By Rui.",
            "yours": "By Rui.",
            "conflict": False,
        },
        {
            "field": "title",
            "base": "An effort",
            "current": "By Rui",
            "yours": "By Ada",
            "conflict": True,
        },
    ]
    assert people.ada.get("/case-studies/stale").json() == now.json()


def test_a_body_may_have_two_mebibytes(people: People) -> None:
    most = 2 * 1024 * 1024
    body = b'{"slug":"large","title":"Large"' + b" " * most
    assert (
        people.ada.post("/case-studies", content=body[: most - 1] + b"}", headers=JSON).status_code
        == 201
    )
    assert (
        people.ada.post("/case-studies", content=body[:most] + b"}", headers=JSON).status_code
        == 413
    )


@pytest.mark.one_database
@pytest.mark.parametrize(
    "media_type", ["text/csv", "text/plain", "application/merge-patch+json", ""]
)
def test_a_record_is_taken_as_json_only(media_type: str, people: People) -> None:
    answer = people.ada.post(
        "/case-studies",
        content=b'{"slug":"typed","title":"Typed"}',
        headers={"Content-Type": media_type},
    )
    assert (answer.status_code, answer.headers["Accept"]) == (415, "application/json")


@pytest.mark.one_database
@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'{"title": NaN}', b'{"title": "\\ud800"}', b"{} {}"]
)
def test_a_body_that_is_not_json_cannot_be_read(body: bytes, people: People) -> None:
    answer = people.ada.post("/case-studies", content=body, headers=JSON)
    assert (answer.status_code, faults(answer)) == (400, [("", "not_json")])


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "too_deep"),
    ],
)
def test_json_that_is_no_record_is_refused(body: bytes, code: str, people: People) -> None:
    assert faults(people.ada.post("/case-studies", content=body, headers=JSON)) == [("", code)]


def test_a_parameter_on_a_write_is_refused_not_ignored(people: People) -> None:
    answer = people.ada.post("/case-studies?dry_run=true", json=case_study("dry"))
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "dry_run")
    assert people.ada.get("/case-studies/dry").status_code == 404


JSON = {"Content-Type": "application/json"}
