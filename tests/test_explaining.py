"""What a reader is told who asks why one hit stands above another: each part of its score, by word, reason and field."""

from typing import Any

import httpx
import pytest
from paging import every_hit
from publishing import case_study, publish, wait_for
from serving import Service

Json = dict[str, Any]
QUESTIONS = [
    "attendance",
    "nashvile dentist",
    "afterschool tutoring",
    "rural food pantry oregon",
    '"community schools" att* -boise',
    "small town under 500 students",
    "kids missing school 97701",
    "boise",
    "Austin Independent School District",
]


def explained(client: httpx.Client, q: str, **parameters: Any) -> list[Json]:
    """The hits of a search, with their explanations."""
    question = {"q": q, "explain": "true", "facets": "none", "limit": 50, **parameters}
    answer = client.get("/v1/case-studies", params=question).raise_for_status().json()
    hits: list[Json] = answer["data"]
    return hits


@pytest.mark.parametrize("q", QUESTIONS)
def test_the_parts_add_up_to_the_score_and_the_scores_to_the_order(
    client: httpx.Client, q: str
) -> None:
    hits = explained(client, q)
    assert hits
    places = []
    for hit in hits:
        explanation = hit["explanation"]
        assert sum(part["points"] for part in explanation["parts"]) == explanation["score"]
        assert all(part["points"] > 0 for part in explanation["parts"])
        places.append((not explanation["whole"], -explanation["score"]))
    assert places == sorted(places)


def test_a_very_high_score_is_told_with_what_was_cut_off_it(client: httpx.Client) -> None:
    words = "attendance housing dental refugee truancy telehealth reservation rent churches music"
    for hit in explained(client, f"{words} transportation counseling pantry clothing garden"):
        explanation = hit["explanation"]
        assert sum(part["points"] for part in explanation["parts"]) == explanation["score"]


def test_each_word_is_told_with_its_reason_and_field(
    own_service: Service, own_client: httpx.Client
) -> None:
    record = case_study(
        "zither-id",
        title="Zither lessons in Idaho",
        summary="Teeth are cleaned by a dentist.",
        approach="Quokkas fed them after school. [^s1]",
    )
    wait_for(own_service, publish(own_service.database, record))

    def reasons(q: str) -> set[tuple[str, str, str | None, str | None]]:
        (hit,) = explained(own_client, q, slug="zither-id")
        return {
            (part["word"], part["reason"], part["stands_for_it"], part["field"])
            for part in hit["explanation"]["parts"]
        }

    assert ("zither", "word", None, "title") in reasons("zither")
    assert ("quokas", "correction", "quokkas", "text") in reasons("quokas")
    assert ("dental", "synonym", "dentist", "summary") in reasons("dental")
    assert ("idaho", "place", "state=ID", None) in reasons("idaho zither")
    assert ("quokkasfed", "split", "quokkas fed", "text") in reasons("quokkasfed zither")
    assert ("zit*", "word", None, "title") in reasons("zit*")
    assert ('"zither lessons"', "word", None, "title") in reasons('"zither lessons"')
    assert ("zither lessons in idaho", "name", None, None) in reasons("zither lessons in idaho")
    assert ("zither lessons", "row", None, None) in reasons("zither lessons")
    assert ("city", "setting", "City", None) in reasons("city zither")


@pytest.mark.few_records
def test_nothing_is_explained_unless_asked_for(client: httpx.Client) -> None:
    plain = client.get("/v1/case-studies?q=school").raise_for_status().json()
    assert {hit["explanation"] for hit in plain["data"]} == {None}
    (alone, *_) = client.get("/v1/districts?explain=true").json()["data"]
    assert alone["explanation"] == {"whole": None, "score": 0, "parts": []}
    assert client.get("/v1/case-studies?explain=false&q=school").json() == plain
    refused = client.get("/v1/case-studies?explain=yes")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["allowed"] == ["true", "false"]


@pytest.mark.slow
@pytest.mark.few_records
def test_a_walk_may_be_explained_from_any_page_on(client: httpx.Client) -> None:
    link = client.get("/v1/case-studies?q=school&limit=2").json()["links"]["next"]
    second = client.get(f"{link}&explain=true").raise_for_status().json()
    assert all(hit["explanation"]["parts"] for hit in second["data"])
    hits = every_hit(client, q="school", explain="true", limit=3)
    plain = every_hit(client, q="school")
    assert [hit["slug"] for hit in hits] == [hit["slug"] for hit in plain]
