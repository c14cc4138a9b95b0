"""A draft that was never public can be discarded: its slug and LEAID are free again, and the log keeps it."""

import httpx
import pytest
from people import (
    Json,
    People,
    amend,
    case_study,
    create,
    discard,
    district,
    publish,
    published,
    step,
)

pytestmark = pytest.mark.few_records


@pytest.mark.slow
def test_a_discarded_draft_is_gone_from_the_desk_and_stays_in_the_log(people: People) -> None:
    create(people.ada, case_study("mistaken"))
    answer = discard(people.ada, "mistaken").raise_for_status().json()["data"]
    assert (answer["action"], answer["status"], answer["version"]) == ("discard", "discarded", 2)
    assert answer["document"]["slug"] == "mistaken"
    gone = people.ada.get("/case-studies/mistaken")
    assert (gone.status_code, "was discarded" in gone.json()["detail"]) == (404, True)
    assert people.ada.get("/case-studies", params={"q": "mistaken"}).json()["data"] == []
    changes = people.ada.get("/case-studies/mistaken/revisions").json()["data"]
    assert [change["action"] for change in changes] == ["discard", "create"]
    assert people.ada.get("/case-studies/mistaken/revisions/1").status_code == 200
    assert people.ada.get("/audit?slug=mistaken").json()["data"] == changes


@pytest.mark.slow
def test_its_slug_and_leaid_are_free_again(people: People) -> None:
    first = district("freed", nces_leaid="1699961", name="First")
    create(people.ada, first, "districts")
    discard(people.ada, "freed", "districts").raise_for_status()
    create(people.ada, district("freed-elsewhere", nces_leaid="1699961"), "districts")
    again = create(people.ada, district("freed", name="Second"), "districts")
    assert (again.json()["data"]["name"], again.headers["ETag"]) == ("Second", '"3"')
    publish(people, "freed", "districts")
    public = httpx.get(f"{people.service.url}/v1/districts/freed").json()["data"]
    assert (public["name"], public["version"]) == ("Second", 5)


def test_the_former_slugs_of_a_discarded_draft_are_free_too(people: People) -> None:
    create(people.ada, case_study("before"))
    step(people.rui, "rename", "before", slug="after").raise_for_status()
    discard(people.ada, "after").raise_for_status()
    create(people.ada, case_study("before", title="Another"))
    step(people.rui, "rename", "before", slug="after").raise_for_status()
    assert people.ada.get("/case-studies/after").json()["data"]["title"] == "Another"


def test_a_record_renamed_to_the_slug_of_a_discarded_draft_keeps_its_own_history(
    people: People,
) -> None:
    create(people.ada, case_study("taken-before"))
    discard(people.ada, "taken-before").raise_for_status()
    create(people.ada, case_study("named-first"))
    amend(people.rui, "named-first", title="By Rui")
    step(people.kim, "rename", "named-first", slug="taken-before").raise_for_status()
    changes = people.ada.get("/case-studies/taken-before/revisions").json()["data"]
    assert [change["action"] for change in changes] == ["rename", "edit", "create"]
    step(people.ada, "submit", "taken-before").raise_for_status()
    own = step(people.rui, "publish", "taken-before")
    assert own.status_code == 403, own.text


def test_discarding_says_which_version_was_read(people: People) -> None:
    made = create(people.ada, case_study("changed-since"))
    assert people.ada.delete("/case-studies/changed-since").status_code == 428
    amend(people.rui, "changed-since", title="By Rui")
    stale = people.ada.delete(
        "/case-studies/changed-since", headers={"If-Match": made.headers["ETag"]}
    )
    assert stale.status_code == 412


def test_what_was_public_once_is_not_discarded(people: People) -> None:
    published(people, case_study("known"))
    assert discard(people.ada, "known").status_code == 409
    step(people.rui, "withdraw", "known", reason="Wrong.").raise_for_status()
    step(people.ada, "restore", "known").raise_for_status()
    step(people.rui, "rename", "known", slug="known-otherwise").raise_for_status()
    refused = discard(people.ada, "known-otherwise")
    assert (refused.status_code, "has been public" in refused.json()["detail"]) == (409, True)
    moves = people.ada.get("/case-studies/known-otherwise").json()["meta"]["moves"]
    assert moves == ["submit"]


def test_what_is_in_review_is_not_discarded(people: People) -> None:
    create(people.ada, case_study("reviewing"))
    step(people.ada, "submit", "reviewing").raise_for_status()
    assert discard(people.ada, "reviewing").status_code == 409


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["districts", "organizations", "strategies", "indicators"])
def test_what_a_draft_refers_to_is_not_discarded(kind: str, people: People) -> None:
    named = {
        "districts": district("needed"),
        "organizations": {"slug": "needed", "name": "Needed", "type": "nonprofit"},
        "strategies": {
            "slug": "needed",
            "label": "Needed",
            "definition": "It is.",
            "pillar": "expanded-learning",
        },
        "indicators": {"slug": "needed", "label": "Needed", "definition": "It is."},
    }[kind]
    claim = {"source": "s1", "finding": "It rose", "design": "descriptive"}
    fields_of: dict[str, Json] = {
        "districts": {"districts": ["needed"]},
        "organizations": {
            "partners": [
                {"name": "N", "organization": "needed", "type": "nonprofit", "source": "s1"}
            ]
        },
        "strategies": {"strategies": ["needed"]},
        "indicators": {"outcomes": [claim | {"indicator": "needed"}]},
    }
    create(people.kim, named, kind)
    create(people.ada, case_study(f"needs-{kind}", **fields_of[kind]))
    refused = discard(people.kim, "needed", kind)
    assert (refused.status_code, f"needs-{kind}" in refused.json()["detail"]) == (409, True)
    assert "discard" not in people.kim.get(f"/{kind}/needed").json()["meta"]["moves"]
    discard(people.ada, f"needs-{kind}").raise_for_status()
    assert "discard" in people.kim.get(f"/{kind}/needed").json()["meta"]["moves"]
    discard(people.kim, "needed", kind).raise_for_status()
