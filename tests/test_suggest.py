"""What a searcher meets while typing: names that begin so, acronyms and other words for things included."""

from typing import Any

import httpx
import pytest
from publishing import case_study, publish, wait_for, withdraw
from serving import Service

pytestmark = pytest.mark.one_database  # search works on a copy in memory


def suggested(client: httpx.Client, q: str, **parameters: Any) -> list[dict[str, Any]]:
    """What the text may become."""
    answer = client.get("/v1/suggest", params={"q": q, **parameters}).raise_for_status()
    suggestions: list[dict[str, Any]] = answer.json()["data"]
    return suggestions


@pytest.mark.parametrize(
    ("q", "kind", "value"),
    [
        ("mnps", "district", "metro-nashville-public-schools-tn"),
        ("MNP", "district", "metro-nashville-public-schools-tn"),
        ("metro na", "district", "metro-nashville-public-schools-tn"),
        ("nashv", "district", "metro-nashville-public-schools-tn"),
        ("SUN", "case-study", "multnomah-county-sun-or"),
        ("discover tog", "case-study", "grundy-county-discover-together-tn"),
        ("sbhc", "strategy", "school-based-health-center"),
        ("food pan", "strategy", "food-security"),
        ("truancy prev", "strategy", "attendance-improvement"),
        ("oreg", "state", "OR"),
        ("chronic abs", "indicator", "chronic-absence"),
        ("rur", "rurality", "rural"),
        ("expanded l", "pillar", "expanded-learning"),
        ("city con", "model", "city-connects"),
    ],
)
def test_a_name_is_found_by_the_beginning_of_any_of_its_words(
    client: httpx.Client, q: str, kind: str, value: str
) -> None:
    assert (kind, value) in [(one["kind"], one["value"]) for one in suggested(client, q)]


@pytest.mark.parametrize(
    ("q", "kind", "value"),
    [
        ("philadlphia", "district", "school-district-of-philadelphia-pa"),
        ("comunity sch", "model", "community-school"),
        ("nahsv", "district", "metro-nashville-public-schools-tn"),
        ("metro nashvile pub", "district", "metro-nashville-public-schools-tn"),
        ("attendence", "indicator", "attendance"),
        ("attendan", "organization", "attendance-works"),
        ("food pantr", "topic", "food-pantry"),
        ("communities in", "organization", "communities-in-schools"),
    ],
)
def test_misspelled_beginnings_topics_and_organizations_are_completed(
    client: httpx.Client, q: str, kind: str, value: str
) -> None:
    assert (kind, value) in [(one["kind"], one["value"]) for one in suggested(client, q)]


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [{}, {"state": "CA"}, {"state": "ca,OR"}])
def test_each_suggestion_leads_to_as_many_case_studies_as_it_says(
    client: httpx.Client, parameters: dict[str, str]
) -> None:
    counts = set()
    for q in ("c", "boi", "or", "food", "san", "university"):
        for one in suggested(client, q, limit=20, **parameters):
            there = client.get(one["link"]).raise_for_status().json()
            if one["kind"] == "case-study":
                assert (there["data"]["slug"], one["count"]) == (one["value"], 1)
            elif one["kind"] == "district":
                assert there["data"]["slug"] == one["value"]
                assert len(there["data"]["case_studies"]) == one["count"]
            else:
                assert there["meta"]["total"] == one["count"], one
            counts.add(one["count"])
    assert len(counts) > 3


def test_names_that_begin_so_stand_before_names_with_a_later_word(client: httpx.Client) -> None:
    labels = [one["label"].lower() for one in suggested(client, "bost", kind="district,case-study")]
    begins = [label.startswith("bost") for label in labels]
    assert begins == sorted(begins, reverse=True)
    assert set(begins) == {True, False}


def test_only_the_kinds_that_were_asked_for_are_suggested(client: httpx.Client) -> None:
    for kinds in ("district", "organization,topic", "strategy,case-study"):
        kinds_found = {one["kind"] for one in suggested(client, "s", kind=kinds, limit=20)}
        assert kinds_found
        assert kinds_found <= set(kinds.split(","))
    repeated = client.get("/v1/suggest?q=s&kind=topic&kind=organization").json()
    assert repeated == client.get("/v1/suggest?q=s&kind=topic,organization").json()


def test_only_what_is_in_a_state_is_suggested(client: httpx.Client) -> None:
    for one in suggested(client, "c", state="OR", kind="district,case-study", limit=20):
        assert one["value"].endswith("-or")
    assert [one["value"] for one in suggested(client, "oreg", kind="state", state="OR")] == ["OR"]
    assert suggested(client, "oreg", kind="state", state="TN") == []


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 21}, "limit"),
        ({"kind": "school"}, "kind"),
        ({"state": "XX"}, "state"),
    ],
)
def test_what_it_does_not_take_is_refused_by_name(
    client: httpx.Client, parameters: dict[str, Any], name: str
) -> None:
    answer = client.get("/v1/suggest", params={"q": "s", **parameters})
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == [name]


def test_no_more_than_the_limit_each_once(client: httpx.Client) -> None:
    for limit in (1, 10, 20):
        values = [(one["kind"], one["value"]) for one in suggested(client, "s", limit=limit)]
        assert len(values) == len(set(values)) == limit
    assert suggested(client, "s") == suggested(client, "s", limit=10)


@pytest.mark.parametrize("q", ["xyzzy", "?!", "  ", "nashville metro"])
def test_nothing_begins_so(client: httpx.Client, q: str) -> None:
    assert suggested(client, q) == []


def test_an_emptied_box_is_suggested_nothing(client: httpx.Client) -> None:
    assert client.get("/v1/suggest?q=").json() == {"data": []}
    assert client.get("/v1/suggest").json() == {"data": []}


@pytest.mark.parametrize("q", ["a" * 101, "a\0"])
def test_a_text_of_at_most_100_characters_is_taken(client: httpx.Client, q: str) -> None:
    answer = client.get("/v1/suggest", params={"q": q})
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == ["q"]


@pytest.mark.slow
def test_what_is_published_is_suggested_until_it_is_withdrawn(
    own_service: Service, own_client: httpx.Client
) -> None:
    typed = (
        *("zebra Saint Oli", "zebra St. Oli", "zebra st oli", "zebra saint"),
        *("zebra o'ma", "zebra omalley", "zebra Jose", "ZEBRA JOSÉ"),
        *("zebra mount", "zebra mou", "zebra moun", "zebra mt. v"),
    )
    title = "Zebra St. Olive, zebra O'Malley, zebra José and zebra Mount Vernon"
    school = case_study("st-olive", title=title)
    wait_for(own_service, publish(own_service.database, school))
    for q in typed:
        assert [one["value"] for one in suggested(own_client, q)] == ["st-olive"], q
    wait_for(own_service, withdraw(own_service.database, "case-study", "st-olive"))
    assert [q for q in typed if "st-olive" in str(suggested(own_client, q))] == []
