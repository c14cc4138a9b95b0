"""A slug changes: its old addresses lead to the new for good, what refers to it follows, and the log tells."""

import httpx
import pytest
from people import Json, People, amend, case_study, create, district, publish, published, step

pytestmark = pytest.mark.few_records


def location(answer: httpx.Response) -> str:
    """Where an answer leads."""
    assert answer.status_code == 308
    return answer.headers["Location"]


def public(people: People, address: str) -> httpx.Response:
    """What the public gets."""
    return httpx.get(f"{people.service.url}/v1/{address}")


@pytest.mark.slow
def test_the_old_addresses_of_a_public_record_lead_to_the_new(people: People) -> None:
    published(people, case_study("old-name"))
    answer = step(people.rui, "rename", "old-name", slug="new-name")
    assert (answer.status_code, answer.json()["data"]["slug"]) == (200, "new-name")
    assert (answer.json()["meta"]["status"], answer.json()["meta"]["updated_by"]) == (
        "published",
        "ada",
    )
    assert location(public(people, "case-studies/old-name")) == "/v1/case-studies/new-name"
    assert public(people, "case-studies/new-name").json()["data"]["slug"] == "new-name"
    assert location(people.ada.get("/case-studies/old-name")) == "/v1/admin/case-studies/new-name"
    assert (
        location(people.ada.get("/case-studies/old-name/revisions/1"))
        == "/v1/admin/case-studies/new-name/revisions/1"
    )
    compared = people.ada.get("/case-studies/old-name/revisions/3/changes?since=1")
    assert location(compared) == "/v1/admin/case-studies/new-name/revisions/3/changes?since=1"


def test_a_write_to_the_old_address_is_led_to_the_new_and_works_there(people: People) -> None:
    made = create(people.ada, case_study("written"))
    step(people.rui, "rename", "written", slug="rewritten").raise_for_status()
    headers = {"If-Match": '"2"'}
    answer = people.ada.patch(
        "/case-studies/written", json={"title": "New"}, headers=headers, follow_redirects=True
    )
    assert (answer.status_code, answer.json()["data"]["title"], made.headers["ETag"]) == (
        200,
        "New",
        '"1"',
    )


@pytest.mark.slow
def test_a_slug_changed_twice_leads_to_the_last(people: People) -> None:
    published(people, case_study("first-name"))
    step(people.rui, "rename", "first-name", slug="second-name").raise_for_status()
    step(people.rui, "rename", "second-name", slug="third-name").raise_for_status()
    for old in ("first-name", "second-name"):
        assert location(public(people, f"case-studies/{old}")) == "/v1/case-studies/third-name"
        assert (
            location(people.ada.get(f"/case-studies/{old}")) == "/v1/admin/case-studies/third-name"
        )


@pytest.mark.slow
def test_what_refers_to_a_record_follows_its_slug(people: People) -> None:
    published(people, district("spring", nces_leaid="1699911"), "districts")
    published(people, case_study("public-of-spring", districts=["spring"]))
    create(people.ada, case_study("draft-of-spring", districts=["spring"]))
    step(people.rui, "rename", "spring", "districts", slug="autumn").raise_for_status()
    assert [
        place["slug"]
        for place in public(people, "case-studies/public-of-spring").json()["data"]["districts"]
    ] == ["autumn"]
    assert [
        case["slug"] for case in public(people, "districts/autumn").json()["data"]["case_studies"]
    ] == ["public-of-spring"]
    assert public(people, "districts/1699911").json()["data"]["slug"] == "autumn"
    draft = people.ada.get("/case-studies/draft-of-spring").json()
    assert (draft["data"]["districts"], draft["meta"]["needs"]) == (["autumn"], [])
    publish(people, "draft-of-spring")
    amend(people.ada, "public-of-spring", districts=["spring"])
    assert people.ada.get("/case-studies/public-of-spring").json()["data"]["districts"] == [
        "autumn"
    ]


@pytest.mark.slow
def test_a_review_shows_no_change_where_only_a_slug_moved(people: People) -> None:
    published(people, district("winter"), "districts")
    published(people, case_study("of-winter", districts=["winter"]))
    step(people.rui, "rename", "winter", "districts", slug="summer").raise_for_status()
    assert people.rui.get("/case-studies/of-winter/review").json()["data"]["changes"] == []


@pytest.mark.slow
def test_terms_of_a_vocabulary_can_be_renamed_with_all_that_uses_them(people: People) -> None:
    published_by_kim(
        people,
        {"slug": "yoga", "label": "Yoga", "definition": "Exercise.", "pillar": "expanded-learning"},
    )
    published(people, case_study("with-yoga", strategies=["yoga"]))
    step(people.rui, "rename", "yoga", "strategies", slug="yoga-classes").raise_for_status()
    found = public(people, "case-studies?strategy=yoga-classes").json()["data"]
    assert [case["slug"] for case in found] == ["with-yoga"]


def published_by_kim(people: People, document: Json) -> None:
    """A strategy, which takes an admin."""
    create(people.kim, document, "strategies")
    publish(people, document["slug"], "strategies")


@pytest.mark.slow
def test_a_slug_that_was_left_is_nobodys_again(people: People) -> None:
    published(people, case_study("left-behind"))
    step(people.rui, "rename", "left-behind", slug="ahead").raise_for_status()
    answer = people.ada.post("/case-studies", json=case_study("left-behind"))
    assert (answer.status_code, "redirects to it" in answer.json()["detail"]) == (409, True)
    create(people.ada, case_study("other"))
    assert step(people.rui, "rename", "other", slug="left-behind").status_code == 409
    assert step(people.rui, "rename", "ahead", slug="left-behind").status_code == 409
    assert step(people.rui, "rename", "other", slug="ahead").status_code == 409


def test_history_and_log_tell_of_the_change(people: People) -> None:
    create(people.ada, case_study("told"))
    step(people.rui, "rename", "told", slug="retold").raise_for_status()
    newest, oldest = people.ada.get("/case-studies/retold/revisions").json()["data"]
    assert (newest["action"], newest["actor"], newest["slug"], newest["previous_slug"]) == (
        "rename",
        "rui",
        "retold",
        "told",
    )
    assert (oldest["slug"], oldest["version"]) == ("told", 1)
    assert people.ada.get("/audit?action=rename&limit=1").json()["data"] == [newest]
    assert (
        people.ada.get("/case-studies/retold/revisions/1").json()["data"]["document"]["slug"]
        == "told"
    )


def test_the_log_finds_the_changes_under_every_slug_a_record_has_had(people: People) -> None:
    create(people.ada, case_study("log-a"))
    step(people.rui, "rename", "log-a", slug="log-b").raise_for_status()
    step(people.rui, "rename", "log-b", slug="log-c").raise_for_status()
    for slug in ("log-a", "log-b", "log-c"):
        changes = people.ada.get("/audit", params={"slug": slug}).json()["data"]
        assert [change["slug"] for change in changes] == ["log-c", "log-b", "log-a"]


@pytest.mark.slow
def test_what_refers_to_a_record_follows_its_slug_twice(people: People) -> None:
    published(people, district("step-one"), "districts")
    published(people, case_study("follower", districts=["step-one"]))
    step(people.rui, "rename", "step-one", "districts", slug="step-two").raise_for_status()
    step(people.rui, "rename", "step-two", "districts", slug="step-three").raise_for_status()
    districts = public(people, "case-studies/follower").json()["data"]["districts"]
    assert [place["slug"] for place in districts] == ["step-three"]
    assert people.ada.get("/case-studies/follower").json()["data"]["districts"] == ["step-three"]
    cases = public(people, "districts/step-three").json()["data"]["case_studies"]
    assert [case["slug"] for case in cases] == ["follower"]


@pytest.mark.slow
def test_changes_that_wait_are_published_or_undone_before_the_slug_changes(people: People) -> None:
    published(people, case_study("waiting"))
    amend(people.ada, "waiting", title="Not yet public")
    assert step(people.rui, "rename", "waiting", slug="moved").status_code == 409
    publish(people, "waiting")
    step(people.rui, "withdraw", "waiting", reason="It was wrong.").raise_for_status()
    assert step(people.rui, "rename", "waiting", slug="moved").status_code == 409


@pytest.mark.one_database
@pytest.mark.parametrize(
    "slug", ["", "With Capitals", "double--dash", "-begin", "a/b", "x" * 201, "new\n"]
)
def test_a_slug_is_small_letters_digits_and_single_hyphens(slug: str, people: People) -> None:
    assert step(people.rui, "rename", "boise-id", slug=slug).status_code == 422
