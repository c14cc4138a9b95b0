"""What a searcher meets while typing: names that begin so, acronyms and other words for things included."""

from typing import Any

import httpx
import pytest
from publishing import case_study, publish, wait_for, withdraw
from serving import Service


def suggested(client: httpx.Client, q: str) -> list[dict[str, Any]]:
    """What the text may become."""
    found: list[dict[str, Any]] = (
        client.get("/v1/suggest", params={"q": q}).raise_for_status().json()["data"]
    )
    return found


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


def test_each_suggestion_has_a_link_that_leads_to_it(client: httpx.Client) -> None:
    for q in ("c", "boi", "or", "food"):
        for one in suggested(client, q):
            there = client.get(one["link"]).json()
            if one["kind"] in ("district", "case-study"):
                assert there["data"]["slug"] == one["value"]
                assert one["label"] in there["data"].values()
            else:
                (chosen,) = [
                    value
                    for facet in there["facets"].values()
                    for value in facet
                    if value["selected"]
                ]
                assert (chosen["value"], chosen["label"]) == (one["value"], one["label"])


def test_districts_and_case_studies_stand_before_terms(client: httpx.Client) -> None:
    kinds = [one["kind"] for one in suggested(client, "or")]
    assert kinds == sorted(
        kinds,
        key=["district", "case-study"].index
        if set(kinds) <= {"district", "case-study"}
        else _place,
    )
    assert len(set(kinds)) > 1


def test_no_more_than_ten_each_once(client: httpx.Client) -> None:
    found = [(one["kind"], one["value"]) for one in suggested(client, "s")]
    assert len(found) == len(set(found)) == 10


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


def _place(kind: str) -> int:
    return {"district": 0, "case-study": 1}.get(kind, 2)
