"""History: every version listed, read, compared and brought back; what a reviewer is shown; the log of the whole directory."""

import re
from datetime import UTC, datetime
from itertools import permutations

import httpx
import pytest
from people import (
    SOURCE,
    Json,
    People,
    amend,
    case_study,
    create,
    district,
    publish,
    published,
    step,
)

pytestmark = pytest.mark.few_records

OUTCOME = {"indicator": "attendance", "finding": "It rose", "design": "descriptive", "source": "s1"}
VERSION_AND_TIME = re.compile(rb'"version":\d+,"updated_at":"[^"]+"')


@pytest.fixture(scope="module")
def long_life(people: People) -> str:
    """A case study that has been through much."""
    create(people.ada, {"slug": "long-life", "title": "Begun"})
    slug = "long-life"
    amend(people.ada, slug, **case_study(slug, outcomes=[OUTCOME], aliases=["A", "B"]))
    amend(
        people.rui,
        slug,
        outcomes=[OUTCOME | {"value": 4.5, "unit": "points"}, OUTCOME],
        aliases=["B"],
    )
    step(people.ada, "submit", slug, note="Ready.").raise_for_status()
    step(people.kim, "publish", slug).raise_for_status()
    amend(people.ada, slug, title="Later", summary=None, outcomes=[])
    return slug


def history(people: People, slug: str, path: str = "") -> Json:
    """What the desk tells of a case study's past."""
    found: Json = people.ada.get(f"/case-studies/{slug}/revisions{path}").raise_for_status().json()
    return found


def test_every_change_is_listed_with_who_when_what_and_why(long_life: str, people: People) -> None:
    entries = history(people, long_life)["data"]
    assert [
        (entry["version"], entry["actor"], entry["action"], entry["note"]) for entry in entries
    ] == [
        (6, "ada", "edit", None),
        (5, "kim", "publish", None),
        (4, "ada", "submit", "Ready."),
        (3, "rui", "edit", None),
        (2, "ada", "edit", None),
        (1, "ada", "create", None),
    ]
    numbers = [entry["seq"] for entry in entries]
    assert numbers == list(range(numbers[0], numbers[0] - 6, -1))
    assert all(datetime.fromisoformat(entry["at"]) <= datetime.now(UTC) for entry in entries)


def test_any_version_is_read_as_it_was(long_life: str, people: People) -> None:
    titles = [
        history(people, long_life, f"/{version}")["data"]["document"]["title"]
        for version in (1, 3, 6)
    ]
    assert titles == ["Begun", "An effort", "Later"]
    assert (
        history(people, long_life, "/6")["data"]["document"]
        == people.ada.get(f"/case-studies/{long_life}").json()["data"]
    )


@pytest.mark.one_database
@pytest.mark.parametrize(("before", "after"), [*permutations((1, 2, 3, 5, 6), 2)])
def test_the_fields_that_differ_between_two_versions_are_listed(
    before: int, after: int, long_life: str, people: People
) -> None:
    old, new = (
        history(people, long_life, f"/{version}")["data"]["document"] for version in (before, after)
    )
    compared = history(people, long_life, f"/{after}/changes?since={before}")["data"]
    assert (compared["before"], compared["after"]) == (before, after)
    assert {field["pointer"].split("/")[1] for field in compared["fields"]} == {
        name for name in new if old[name] != new[name]
    }


def test_the_differences_are_listed_by_the_smallest_field_that_can_be_named(
    long_life: str, people: People
) -> None:
    fields = history(people, long_life, "/3/changes")["data"]["fields"]
    assert [(field["pointer"], field["before"]) for field in fields] == [
        ("/aliases/0", "A"),
        ("/aliases/1", "B"),
        ("/outcomes/0/value", None),
        ("/outcomes/0/unit", None),
        ("/outcomes/1", None),
    ]
    assert [field["after"] for field in fields[:4]] == ["B", None, 4.5, "points"]


def test_a_step_changes_no_field(long_life: str, people: People) -> None:
    compared = history(people, long_life, "/5/changes?since=3")["data"]
    assert compared["fields"] == []


@pytest.mark.parametrize("path", ["/99", "/99/changes", "/2/changes?since=99"])
def test_a_version_that_never_was_is_not_found(path: str, long_life: str, people: People) -> None:
    assert people.ada.get(f"/case-studies/{long_life}/revisions{path}").status_code == 404


def test_an_earlier_version_is_brought_back_as_a_new_one(people: People) -> None:
    published(people, case_study("reverted", title="Good"))
    amend(people.rui, "reverted", title="Bad")
    answer = step(people.ada, "revert", "reverted", version=1)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"5"')
    assert (
        answer.json()["data"]["title"],
        answer.json()["meta"]["status"],
        answer.json()["meta"]["updated_by"],
    ) == (
        "Good",
        "draft",
        "ada",
    )
    assert [entry["action"] for entry in history(people, "reverted")["data"]] == [
        "revert",
        "edit",
        "publish",
        "submit",
        "create",
    ]
    assert history(people, "reverted")["data"][0]["note"] == "reverted to version 1"
    assert history(people, "reverted", "/4")["data"]["document"]["title"] == "Bad"


def test_a_version_from_before_the_slug_changed_comes_back_under_the_slug_of_today(
    people: People,
) -> None:
    create(people.ada, case_study("was-called", title="First"))
    amend(people.ada, "was-called", title="Second")
    step(people.rui, "rename", "was-called", slug="is-called").raise_for_status()
    data = step(people.ada, "revert", "is-called", version=1).json()["data"]
    assert (data["slug"], data["title"]) == ("is-called", "First")


@pytest.mark.parametrize(
    ("asked", "status"), [({"version": 99}, 404), ({"version": 0}, 422), ({}, 422)]
)
def test_only_a_version_that_was_is_brought_back(
    asked: Json, status: int, long_life: str, people: People
) -> None:
    assert step(people.ada, "revert", long_life, **asked).status_code == status


def test_what_is_withdrawn_is_restored_before_anything_is_brought_back(people: People) -> None:
    published(people, case_study("away"))
    step(people.rui, "withdraw", "away", reason="It was wrong.").raise_for_status()
    assert step(people.ada, "revert", "away", version=1).status_code == 409


@pytest.mark.slow
def test_a_preview_is_the_later_public_document_byte_for_byte_but_for_version_and_time(
    people: People,
) -> None:
    create(people.ada, district("seen-before", nces_leaid="1699921"), "districts")
    create(
        people.ada,
        case_study(
            "previewed",
            outcomes=[OUTCOME | {"value": 4.25, "unit": "points"}],
            districts=["seen-before"],
            lessons="“Ünïcode” [^s1]",
        ),
    )
    for kind, slug in (("districts", "seen-before"), ("case-studies", "previewed")):
        preview = people.ada.get(f"/{kind}/{slug}/preview").raise_for_status().content
        publish(people, slug, kind)
        public = httpx.get(f"{people.service.url}/v1/{kind}/{slug}").content
        expected = VERSION_AND_TIME.sub(b"", preview.removesuffix(b"}"))
        assert VERSION_AND_TIME.sub(b"", public).startswith(expected + b',"meta":')


def test_what_has_no_summary_yet_is_not_previewed(people: People) -> None:
    create(people.ada, {"slug": "bare", "title": "Bare"})
    assert people.ada.get("/case-studies/bare/preview").status_code == 409
    assert people.rui.get("/case-studies/bare/review").json()["data"]["rendering"] is None
    amend(people.ada, "bare", summary="Something was done.")
    rendering = people.ada.get("/case-studies/bare/preview").json()["data"]
    assert (rendering["summary"], rendering["states"], rendering["sources"]) == (
        "Something was done.",
        [],
        [],
    )


def test_what_refers_to_drafts_is_previewed_with_them(people: People) -> None:
    create(
        people.kim,
        {
            "slug": "juggling",
            "label": "Juggling",
            "definition": "With balls.",
            "pillar": "expanded-learning",
        },
        "strategies",
    )
    create(
        people.kim,
        {"slug": "balls-caught", "label": "Balls caught", "definition": "How many."},
        "indicators",
    )
    create(people.ada, {"slug": "circus", "name": "Circus", "type": "nonprofit"}, "organizations")
    partner = {"name": "Circus", "organization": "circus", "type": "nonprofit", "source": "s1"}
    case = case_study(
        "juggled",
        strategies=["juggling"],
        outcomes=[OUTCOME | {"indicator": "balls-caught"}],
        partners=[partner],
    )
    create(people.ada, case)
    review = people.rui.get("/case-studies/juggled/review").raise_for_status().json()["data"]
    assert {fault["pointer"] for fault in review["failed"]} == {
        "/strategies/0",
        "/outcomes/0/indicator",
        "/partners/0/organization",
    }
    assert [strategy["label"] for strategy in review["rendering"]["strategies"]] == ["Juggling"]


def test_a_preview_shows_what_is_public_of_a_district_whose_changes_are_not(people: People) -> None:
    published(people, district("half-known", name="Known"), "districts")
    amend(people.ada, "half-known", "districts", name="Not yet known")
    create(people.ada, case_study("of-half-known", districts=["half-known"]))
    rendering = people.ada.get("/case-studies/of-half-known/preview").json()["data"]
    assert [place["name"] for place in rendering["districts"]] == ["Known"]


def test_a_reviewer_sees_what_differs_from_the_public_version_and_which_checks_fail(
    people: People,
) -> None:
    published(people, case_study("reviewed", title="Old", outcomes=[OUTCOME]))
    sources = [SOURCE | {"title": "A report, revised"}, SOURCE | {"id": "s2"}]
    amend(people.ada, "reviewed", title="New", lessons="Go on.", sources=sources)
    review = people.rui.get("/case-studies/reviewed/review").json()["data"]
    assert (review["state"]["status"], review["state"]["published_version"]) == ("draft", 3)
    assert [change["pointer"] for change in review["changes"]] == [
        "/title",
        "/lessons",
        "/sources/0/title",
        "/sources/1",
    ]
    assert [
        (claim["pointer"], claim["after"]["title"]) for claim in review["claims_with_new_sources"]
    ] == [("/outcomes/0", "A report, revised")]
    assert review["rendering"]["title"] == "New"
    assert [(fault["pointer"], fault["code"]) for fault in review["failed"]] == [
        ("/lessons", "paragraph_without_source"),
        ("/sources/1", "source_not_used"),
    ]
    assert set(review["passed"]).isdisjoint(
        {"every paragraph names its source", "every source is used"}
    )
    assert "every number in the prose is in a fact" in review["passed"]


@pytest.fixture(scope="module")
def logged(people: People) -> tuple[str, str]:
    """Moments around two changes by Rui."""
    since = datetime.now(UTC).isoformat()
    create(people.rui, district("logged"), "districts")
    create(people.rui, case_study("logged"))
    until = datetime.now(UTC).isoformat()
    create(people.rui, case_study("logged-later"))
    return since, until


def test_the_log_is_asked_by_actor_kind_action_record_and_time(
    logged: tuple[str, str], people: People
) -> None:
    since, until = logged

    def found(**parameters: str) -> list[tuple[str, str]]:
        entries = (
            people.ada.get("/audit", params={"actor": "rui", "since": since} | parameters)
            .raise_for_status()
            .json()["data"]
        )
        return [(entry["kind"], entry["slug"]) for entry in entries]

    assert found() == [
        ("case-study", "logged-later"),
        ("case-study", "logged"),
        ("district", "logged"),
    ]
    assert found(until=until) == [("case-study", "logged"), ("district", "logged")]
    assert found(kind="district") == [("district", "logged")]
    assert found(slug="logged", kind="case-study") == [("case-study", "logged")]
    assert found(action="publish") == found(actor="nobody") == []
    assert found(since=datetime.fromisoformat(until).astimezone().isoformat()) == [
        ("case-study", "logged-later")
    ]
    assert found(since=until.replace("+00:00", "-14:00")) == []


def test_the_log_is_read_to_its_beginning_page_by_page(people: People) -> None:
    numbers: list[int] = []
    path: str | None = "/v1/admin/audit?limit=200"
    while path:
        answer = people.ada.get(httpx.URL(people.service.url).join(path)).raise_for_status().json()
        numbers += [entry["seq"] for entry in answer["data"]]
        path = answer["links"]["next"]
    assert numbers == list(range(numbers[0], 0, -1))


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"since": "yesterday"}, 422),
        ({"until": "2026-11-25T00:00:00"}, 422),
        ({"since": "0001-01-01T00:00:00+14:00"}, 422),
        ({"before": "0"}, 422),
        ({"limit": "9" * 5000}, 422),
        ({"kind": "cases"}, 422),
        ({"actor": "\0"}, 422),
        ({"who": "ada"}, 400),
    ],
)
def test_what_the_log_is_not_asked_by_is_refused(
    parameters: dict[str, str], status: int, people: People
) -> None:
    answer = people.ada.get("/audit", params=parameters)
    assert (answer.status_code, [fault["parameter"] for fault in answer.json()["errors"]]) == (
        status,
        list(parameters),
    )
