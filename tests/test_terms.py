"""What editors do with everyday words and short lists: a group of synonyms that search knows at once, a new topic, and what is refused."""

import time

import httpx
import pytest
from people import Json, People, amend, case_study, create, publish, published, step

pytestmark = pytest.mark.few_records


def group(label: str, *synonyms: str) -> Json:
    """A group of everyday words."""
    return {
        "slug": f"synonym.{label}",
        "vocabulary": "synonym",
        "code": label,
        "label": label,
        "definition": "Everyday words for the same thing.",
        "synonyms": list(synonyms),
    }


def topic(code: str, **fields: object) -> Json:
    """A topic."""
    least = {"vocabulary": "topic", "code": code, "label": code, "definition": "What it means."}
    return {"slug": f"topic.{code}", **least, **fields}


def found(people: People, q: str) -> list[str]:
    """The case studies that a search finds, once the service knows of the last change."""
    [last] = people.ada.get("/audit?limit=1").raise_for_status().json()["data"]
    while httpx.get(f"{people.service.url}/v1").json()["revision"] < _public_revision(
        people, last["seq"]
    ):
        time.sleep(0.005)
    answer = httpx.get(f"{people.service.url}/v1/case-studies", params={"q": q, "fields": "slug"})
    return [hit["slug"] for hit in answer.raise_for_status().json()["data"]]


def _public_revision(people: People, seq: int) -> int:
    """The newest revision, up to this one, that changed what is public."""
    changes = people.ada.get(f"/audit?before={seq + 1}&limit=50").json()["data"]
    return next(int(one["seq"]) for one in changes if one["action"] in ("publish", "withdraw"))


@pytest.mark.slow
def test_the_next_search_knows_a_group_that_an_editor_wrote_and_a_reviewer_published(
    people: People,
) -> None:
    published(people, case_study("blizzards", summary="What schools did on a quokkaday."))
    assert found(people, "zebrahour") == []
    create(people.ada, group("quokkaday", "zebrahour"), "terms")
    assert found(people, "zebrahour") == []  # a draft
    publish(people, "synonym.quokkaday", "terms")
    assert found(people, "zebrahour") == ["blizzards"]
    amend(people.ada, "synonym.quokkaday", "terms", synonyms=["zebrahour", "lemurweek"])
    publish(people, "synonym.quokkaday", "terms")
    assert found(people, "lemurweek") == ["blizzards"]
    reason = {"reason": "The words mean different things."}
    step(people.rui, "withdraw", "synonym.quokkaday", "terms", **reason).raise_for_status()
    assert found(people, "zebrahour") == found(people, "lemurweek") == []


@pytest.mark.slow
def test_a_group_of_the_seed_can_be_changed(people: People) -> None:
    published(people, case_study("shelter", summary="Families stayed with a wombatkin."))
    assert found(people, "wombatkin") == ["shelter"]
    before = people.ada.get("/terms/synonym.homeless").json()["data"]["synonyms"]
    amend(people.ada, "synonym.homeless", "terms", synonyms=[*before, "wombatkin"])
    publish(people, "synonym.homeless", "terms")
    assert "shelter" in found(people, "homeless")


def test_a_list_of_terms_is_that_of_a_vocabulary(people: People) -> None:
    listed = people.ada.get("/terms?vocabulary=unit&limit=200").raise_for_status().json()["data"]
    units = httpx.get(f"{people.service.url}/v1/units").json()["data"]
    assert {one["slug"] for one in listed} == {f"unit.{unit['value']}" for unit in units}


@pytest.mark.slow
def test_an_admin_adds_a_topic_that_case_studies_then_have(people: People) -> None:
    create(people.kim, topic("lemur-care", synonyms=["ring-tailed friends"]), "terms")
    publish(people, "topic.lemur-care", "terms")
    published(people, case_study("lemurs", topics=["lemur-care"]))
    assert "lemurs" in found(people, "lemur-care")
    url = f"{people.service.url}/v1/case-studies?topic=lemur-care"
    assert [hit["slug"] for hit in httpx.get(url).json()["data"]] == ["lemurs"]
    topics = httpx.get(f"{people.service.url}/v1/topics").json()["data"]
    assert "lemur-care" in [one["value"] for one in topics]
    answer = step(people.rui, "withdraw", "topic.lemur-care", "terms", reason="Too fine.")
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("Public records need this one: lemurs.")


@pytest.mark.slow
def test_a_new_label_is_on_the_cards_that_show_it(people: People) -> None:
    create(people.kim, topic("okapi-care"), "terms")
    publish(people, "topic.okapi-care", "terms")
    published(people, case_study("okapis", topics=["okapi-care"]))
    amend(people.kim, "topic.okapi-care", "terms", label="Care of okapis")
    publish(people, "topic.okapi-care", "terms")
    card = httpx.get(f"{people.service.url}/v1/case-studies/okapis").json()["data"]
    assert card["topics"] == [{"value": "okapi-care", "label": "Care of okapis"}]


@pytest.mark.parametrize(
    "slug",
    ["pillar.expanded-learning", "partner-type.nonprofit", "evidence.descriptive", "region.west",
     "rurality.rural", "source-kind.report", "direction.better", "unit.percent"],
)  # fmt: skip
def test_a_term_that_public_records_use_cannot_be_withdrawn(people: People, slug: str) -> None:
    answer = step(people.rui, "withdraw", slug, "terms", reason="No longer wanted.")
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("Public records need this one: ")


def test_only_admins_write_terms_of_other_vocabularies(people: People) -> None:
    for person in (people.ada, people.rui):
        answer = person.post("/terms", json=topic("yak-care"))
        assert (answer.status_code, answer.json()["needs"]) == (403, "admin")
        path = "/terms/unit.percent"
        seen = {"If-Match": person.get(path).headers["ETag"]}
        for answer in (
            person.patch(path, json={"label": "%"}, headers=seen),
            person.put(path, json=person.get(path).json()["data"], headers=seen),
            person.delete(path, headers=seen),
            person.post(f"{path}/reversion", json={"version": 1}, headers=seen),
        ):
            assert (answer.status_code, answer.json()["needs"]) == (403, "admin")


@pytest.mark.parametrize(
    ("document", "pointer", "advice"),
    [
        (group("gnu", "gnu-like") | {"slug": "synonym.other"}, "/slug", "synonym.gnu"),
        (group("gnu", "gnu-like") | {"slug": "synonym"}, "/slug", "joined by a dot"),
        (group("gnu"), "/synonyms", "Add another"),
        (group("gnu", "gnus", "Gnus"), "/synonyms/1", ""),
        (group("gnu", "gnus") | {"rank": -1}, "/rank", ""),
    ],
)
def test_a_faulty_term_is_refused_with_what_to_do(
    people: People, document: Json, pointer: str, advice: str
) -> None:
    answer = people.kim.post("/terms", json=document)
    assert answer.status_code == 422
    details = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert advice in details[pointer]


def test_a_vocabulary_that_is_no_text_is_a_fault_of_its_own(people: People) -> None:
    answer = people.kim.post("/terms", json=topic("odd") | {"vocabulary": {"a": 1}})
    assert answer.status_code == 422
    assert "/vocabulary" in {error["pointer"] for error in answer.json()["errors"]}


def test_a_vocabulary_that_does_not_exist_is_refused_with_the_nearest(people: People) -> None:
    document = topic("gnu-care") | {"slug": "topics.gnu-care", "vocabulary": "topics"}
    [error] = people.kim.post("/terms", json=document).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/vocabulary", "unknown_value")
    assert "Did you mean topic" in error["detail"]
