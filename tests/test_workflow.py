"""A record's life: draft, in review, published, withdrawn and back; who may take each step, and what the public sees of it."""

from itertools import count

import httpx
import pytest
from people import People, amend, case_study, create, district, publish, published, step

pytestmark = pytest.mark.few_records

STATES = ("draft", "in_review", "published", "changed", "withdrawn")
ASKED = {"return": {"note": "Why?"}, "withdraw": {"reason": "It was wrong."}}
AFTER = {  # the state that each step leads to, from each state from which it may be taken
    "submit": {"draft": "in_review", "changed": "in_review"},
    "return": {"in_review": "draft"},
    "publish": {"in_review": "published"},
    "withdraw": {"published": "withdrawn", "changed": "withdrawn"},
    "restore": {"withdrawn": "draft"},
}
numbers = count(1)


def in_state(people: People, state: str) -> str:
    """The slug of a new record in this state; `changed`: public, with a newer draft."""
    slug = f"{state.replace('_', '-')}-{next(numbers)}"
    create(people.ada, case_study(slug))
    if state != "draft":
        step(people.ada, "submit", slug).raise_for_status()
    if state not in ("draft", "in_review"):
        step(people.rui, "publish", slug).raise_for_status()
    if state == "changed":
        amend(people.ada, slug, title="Changed")
    if state == "withdrawn":
        step(people.rui, "withdraw", slug, reason="It was wrong.").raise_for_status()
    return slug


def public(people: People, address: str) -> httpx.Response:
    """What the public gets."""
    return httpx.get(f"{people.service.url}/v1/{address}")


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", AFTER)
def test_each_step_is_taken_from_the_states_that_allow_it_and_from_no_other(
    name: str, state: str, people: People
) -> None:
    slug = in_state(people, state)
    before = people.rui.get(f"/case-studies/{slug}").json()
    answer = step(people.rui, name, slug, **ASKED.get(name, {}))
    if state in AFTER[name]:
        assert (answer.status_code, answer.json()["meta"]["status"]) == (200, AFTER[name][state])
    else:
        assert answer.status_code == 409
        assert people.rui.get(f"/case-studies/{slug}").json() == before


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize("state", STATES)
def test_a_record_names_the_steps_that_its_state_allows(state: str, people: People) -> None:
    moves = people.ada.get(f"/case-studies/{in_state(people, state)}").json()["meta"]["moves"]
    expected = [name for name, states in AFTER.items() if state in states]
    assert sorted(moves) == sorted([*expected, *(["discard"] if state == "draft" else [])])


def test_a_record_names_no_step_that_would_be_refused(people: People) -> None:
    create(people.ada, {"slug": "begun-only", "title": "Begun"})
    assert people.ada.get("/case-studies/begun-only").json()["meta"]["moves"] == ["discard"]
    published(people, district("in-use"), "districts")
    published(people, case_study("using", districts=["in-use"]))
    assert people.ada.get("/districts/in-use").json()["meta"]["moves"] == []


@pytest.mark.parametrize("state", ["published", "withdrawn"])
def test_an_admins_reason_publishes_neither_what_is_public_nor_what_is_withdrawn(
    state: str, people: People
) -> None:
    slug = in_state(people, state)
    answer = step(people.kim, "publish", slug, bypass_reason="It is urgent.")
    assert answer.status_code == 409
    assert people.kim.get(f"/case-studies/{slug}").json()["meta"]["status"] == state


def test_the_note_of_a_return_stands_in_the_record_and_in_lists_until_it_is_published(
    people: People,
) -> None:
    create(people.ada, case_study("came-back"))
    step(people.ada, "submit", "came-back").raise_for_status()
    step(people.rui, "return", "came-back", note="Which year?").raise_for_status()
    meta = people.ada.get("/case-studies/came-back").json()["meta"]
    returned = meta["returned"]
    assert (returned["note"], returned["by"], meta["reviewed_by"]) == ("Which year?", "rui", "rui")
    amend(people.ada, "came-back", title="In 2019")
    step(people.ada, "submit", "came-back").raise_for_status()
    [listed] = people.ada.get("/case-studies?owner=ada&q=in+2019").json()["data"]
    assert listed["returned"] == returned
    step(people.kim, "publish", "came-back").raise_for_status()
    meta = people.ada.get("/case-studies/came-back").json()["meta"]
    assert (meta["returned"], meta["reviewed_by"]) == (None, "kim")


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize(
    ("state", "status"),
    [("draft", 200), ("in_review", 200), ("published", 200), ("changed", 200), ("withdrawn", 409)],
)
def test_a_change_makes_a_draft_of_whatever_is_not_withdrawn(
    state: str, status: int, people: People
) -> None:
    slug = in_state(people, state)
    before = people.ada.get(f"/case-studies/{slug}")
    answer = people.ada.patch(
        f"/case-studies/{slug}", json={"title": "New"}, headers={"If-Match": before.headers["ETag"]}
    )
    assert answer.status_code == status
    assert people.ada.get(f"/case-studies/{slug}").json()["meta"]["status"] == (
        "draft" if status == 200 else "withdrawn"
    )


def test_a_draft_is_reviewed_and_then_public(people: People) -> None:
    create(people.ada, case_study("life", title="Life"))
    assert public(people, "case-studies/life").status_code == 404
    step(people.ada, "submit", "life", note="Please look.").raise_for_status()
    assert public(people, "case-studies/life").status_code == 404
    answer = step(people.rui, "publish", "life", note="Well done.")
    assert (answer.json()["meta"]["published_version"], answer.json()["links"]["public"]) == (
        3,
        "/v1/case-studies/life",
    )
    assert public(people, "case-studies/life").json()["data"]["title"] == "Life"
    notes = [
        entry["note"] for entry in people.ada.get("/case-studies/life/revisions").json()["data"]
    ]
    assert notes == ["Well done.", "Please look.", None]


def test_what_lacks_something_is_not_submitted_and_all_that_it_lacks_is_told(
    people: People,
) -> None:
    create(
        people.ada,
        {"slug": "lacking", "title": "Lacking", "approach": "It reached 4,711 children."},
    )
    answer = step(people.ada, "submit", "lacking")
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} >= {
        "/state",
        "/summary",
        "/strategies",
        "/sources",
        "/approach",
    }
    assert (
        answer.json()["errors"] == people.ada.get("/case-studies/lacking").json()["meta"]["needs"]
    )


def test_nobody_publishes_what_they_edited_last(people: People) -> None:
    create(people.rui, case_study("own"))
    step(people.rui, "submit", "own").raise_for_status()
    answer = step(people.rui, "publish", "own")
    assert (answer.status_code, answer.json()["needs"]) == (403, "another reviewer")
    assert step(people.kim, "publish", "own").status_code == 200


def test_an_admin_too_needs_another_pair_of_eyes_or_a_written_reason_which_the_log_keeps(
    people: People,
) -> None:
    create(people.kim, case_study("alone"))
    step(people.ada, "submit", "alone").raise_for_status()
    assert step(people.kim, "publish", "alone").status_code == 403
    assert step(people.kim, "publish", "alone", bypass_reason="").status_code == 422
    step(people.kim, "publish", "alone", bypass_reason="Nobody else is here.").raise_for_status()
    assert (
        people.ada.get("/case-studies/alone/revisions").json()["data"][0]["note"]
        == "review bypassed: Nobody else is here."
    )


def test_a_reason_bypasses_the_review_but_not_what_publishing_needs(people: People) -> None:
    create(people.ada, {"slug": "hasty", "title": "Hasty"})
    assert step(people.kim, "publish", "hasty", bypass_reason="It is urgent.").status_code == 422


def test_a_change_that_changes_nothing_makes_nobody_an_editor(people: People) -> None:
    create(people.rui, case_study("own-draft"))
    amend(people.ada, "own-draft")
    step(people.ada, "submit", "own-draft").raise_for_status()
    assert step(people.rui, "publish", "own-draft").status_code == 403


def test_returning_or_submitting_makes_nobody_an_editor(people: People) -> None:
    create(people.ada, case_study("returned"))
    step(people.ada, "submit", "returned").raise_for_status()
    step(people.rui, "return", "returned", note="Figures?").raise_for_status()
    assert step(people.rui, "submit", "returned").json()["meta"]["updated_by"] == "ada"
    assert step(people.rui, "publish", "returned").status_code == 200


def test_what_was_changed_after_the_reviewer_read_it_is_not_published(people: People) -> None:
    create(people.ada, case_study("moving"))
    read = step(people.ada, "submit", "moving")
    amend(people.ada, "moving", title="Moved")
    step(people.ada, "submit", "moving").raise_for_status()
    answer = people.rui.put(
        "/case-studies/moving/publication", json={}, headers={"If-Match": read.headers["ETag"]}
    )
    assert (answer.status_code, answer.json()["current"]["title"]) == (412, "Moved")


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("name", "state", "asked"),
    [
        ("return", "in_review", {}),
        ("return", "in_review", {"note": ""}),
        ("withdraw", "published", {"note": "Why."}),
    ],
)
def test_returning_and_withdrawing_take_a_reason(
    name: str, state: str, asked: dict[str, str], people: People
) -> None:
    assert step(people.rui, name, in_state(people, state), **asked).status_code == 422


def test_a_step_says_which_version_it_has_seen(people: People) -> None:
    assert (
        people.ada.post(
            f"/case-studies/{in_state(people, 'draft')}/submission", json={}
        ).status_code
        == 428
    )


@pytest.mark.slow
def test_what_is_public_stays_so_while_a_draft_is_worked_on(people: People) -> None:
    published(people, case_study("steady", title="First"))
    before = public(people, "case-studies/steady").json()["data"]
    amend(people.ada, "steady", title="Second", summary=None)
    assert (
        people.ada.get("/case-studies/steady").json()["links"]["public"]
        == "/v1/case-studies/steady"
    )
    assert public(people, "case-studies/steady").json()["data"] == before
    amend(people.ada, "steady", summary="Complete again.")
    publish(people, "steady")
    assert public(people, "case-studies/steady").json()["data"]["title"] == "Second"


@pytest.mark.slow
def test_withdrawing_hides_a_record_with_its_reason_and_restoring_begins_anew(
    people: People,
) -> None:
    slug = in_state(people, "published")
    step(people.rui, "withdraw", slug, reason="Its source was retracted.").raise_for_status()
    gone = public(people, f"case-studies/{slug}")
    assert (gone.status_code, gone.json()["reason"]) == (410, "Its source was retracted.")
    assert slug not in public(people, "exports/case-studies.ndjson").text
    assert step(people.ada, "restore", slug).json()["meta"]["published_version"] is None
    assert public(people, f"case-studies/{slug}").status_code == 410
    publish(people, slug)
    assert public(people, f"case-studies/{slug}").status_code == 200


@pytest.mark.slow
def test_a_district_that_public_case_studies_need_is_not_withdrawn(people: People) -> None:
    published(people, district("needed"), "districts")
    published(people, case_study("needing", districts=["needed"]))
    create(people.ada, case_study("only-a-draft", districts=["needed"]))
    answer = step(people.rui, "withdraw", "needed", "districts", reason="It merged.")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "Public records need this one: needing. Change them first.",
    )
    step(people.rui, "withdraw", "needing", reason="It merged.").raise_for_status()
    assert (
        step(people.rui, "withdraw", "needed", "districts", reason="It merged.").status_code == 200
    )


@pytest.mark.slow
def test_a_case_study_is_reviewed_with_its_new_district_and_published_after_it(
    people: People,
) -> None:
    create(people.ada, district("not-yet"), "districts")
    create(people.ada, case_study("early", districts=["boise-school-district-id", "not-yet"]))
    assert people.ada.get("/case-studies/early").json()["meta"]["moves"] == ["discard"]
    refused = step(people.ada, "submit", "early")
    assert [(fault["pointer"], fault["detail"]) for fault in refused.json()["errors"]] == [
        (
            "/districts/1",
            "The district 'not-yet' is not public. Submit it for review and publish it first.",
        )
    ]
    step(people.ada, "submit", "not-yet", "districts").raise_for_status()
    submitted = step(people.ada, "submit", "early").raise_for_status()
    assert submitted.json()["meta"]["moves"] == ["return"]
    too_early = step(people.rui, "publish", "early")
    assert [(fault["pointer"], fault["detail"]) for fault in too_early.json()["errors"]] == [
        (
            "/districts/1",
            "The district 'not-yet' is not public. It is in review: publish it first.",
        )
    ]
    step(people.rui, "publish", "not-yet", "districts").raise_for_status()
    step(people.rui, "publish", "early").raise_for_status()
    public_cases = public(people, "districts/not-yet").json()["data"]["case_studies"]
    assert [case["slug"] for case in public_cases] == ["early"]


@pytest.mark.slow
def test_what_is_published_of_a_district_shows_in_its_case_studies_at_once(people: People) -> None:
    published(people, district("renewed", name="Before"), "districts")
    published(people, case_study("of-renewed", districts=["renewed"]))
    amend(people.ada, "renewed", "districts", name="After")
    assert [
        place["name"]
        for place in public(people, "case-studies/of-renewed").json()["data"]["districts"]
    ] == ["Before"]
    publish(people, "renewed", "districts")
    assert [
        place["name"]
        for place in public(people, "case-studies/of-renewed").json()["data"]["districts"]
    ] == ["After"]


def test_a_district_withdrawn_while_a_case_study_was_in_review_stops_its_publication(
    people: People,
) -> None:
    published(people, district("leaving"), "districts")
    create(people.ada, case_study("left", districts=["leaving"]))
    step(people.ada, "submit", "left").raise_for_status()
    step(people.rui, "withdraw", "leaving", "districts", reason="It merged.").raise_for_status()
    assert step(people.rui, "publish", "left").status_code == 422
