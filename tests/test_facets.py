"""What a searcher sees beside the hits: for each value, what choosing it would give."""

from typing import Any

import httpx
import pytest
from paging import every_hit

from app.search.filters import DEFAULT_FACETS

pytestmark = pytest.mark.one_database  # search works on a copy in memory

Json = dict[str, Any]

QUESTIONS = (
    "/v1/case-studies?",
    "/v1/case-studies?q=attendance&rurality=rural,town&started_min=2000&started_max=2009",
    "/v1/case-studies?q=school+-health&state=OR,not-stated&pillar_all=expanded-learning&evidence_not=cost-benefit",
    "/v1/districts?q=school*&region=west&enrollment_max=4999&near=45.52,-122.68&within_km=2000",
)


def ask(client: httpx.Client, question: str) -> Json:
    """The answer to a question."""
    answer: Json = client.get(question).raise_for_status().json()
    return answer


def only(client: httpx.Client, question: str, name: str, value: Json) -> int:
    """How many a question finds with one value in place of its own filter of that name."""
    url = httpx.URL(question).copy_merge_params({"limit": "0"})
    if name in ("started", "enrollment"):
        low, _, high = value["value"].partition("-")
        url = url.copy_merge_params({f"{name}_min": low, f"{name}_max": high})
    else:
        url = url.copy_set_param(name, value["value"] or "not-stated")
    total: int = ask(client, str(url))["meta"]["total"]
    return total


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_count_is_what_choosing_the_value_gives(client: httpx.Client, question: str) -> None:
    facets = ask(client, question)["facets"]
    assert tuple(facets) == DEFAULT_FACETS
    for name, values in facets.items():
        for value in values:
            if value["link"]:
                assert only(client, question, name, value) == value["count"], (name, value)


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_link_adds_its_value_or_takes_it_away(client: httpx.Client, question: str) -> None:
    answer = ask(client, question)
    for name, values in answer["facets"].items():
        own = {value["value"] for value in values if value["selected"]}
        for value in (value for value in values if value["link"]):
            there = ask(
                client,
                value["link"] + ("&" if "?" in value["link"] else "?") + f"limit=1&facets={name}",
            )
            selected = {other["value"] for other in there["facets"][name] if other["selected"]}
            assert selected == (
                own ^ {value["value"]}
                if name not in ("started", "enrollment")
                else {value["value"]} - own
            )
            if not own and not name_narrowed(question, name):
                assert there["meta"]["total"] == value["count"]


def name_narrowed(question: str, name: str) -> bool:
    """Whether a question has a range of its own that is none of the bands."""
    return f"{name}_m" in question


def test_counts_leave_out_the_facets_own_filter_and_no_other(client: httpx.Client) -> None:
    free, oregon = ask(client, "/v1/case-studies?"), ask(client, "/v1/case-studies?state=OR")
    assert counts(oregon, "state") == counts(free, "state")
    assert counts(oregon, "rurality") != counts(free, "rurality")
    assert max(counts(oregon, "rurality").values()) <= oregon["meta"]["total"]


def test_every_entry_is_counted_under_a_value_or_under_not_stated(client: httpx.Client) -> None:
    answer = ask(client, "/v1/case-studies?")
    hits = every_hit(client, "/v1/case-studies")
    for name, field in (("model", "models"), ("setting", "setting"), ("status", "status")):
        silent = [hit for hit in hits if not hit[field]]
        (unknown,) = [value for value in answer["facets"][name] if value["value"] is None]
        assert (unknown["count"], unknown["label"]) == (len(silent), "Not stated")
        assert answer["facets"][name][-1] == unknown
    for name in ("started", "enrollment"):
        assert answer["facets"][name][-1]["value"] is None
        assert answer["facets"][name][-1]["link"] is None


def test_chosen_values_are_listed_even_at_zero(client: httpx.Client) -> None:
    facets = ask(
        client,
        "/v1/case-studies?q=zebraquokka&state=GU,OR&rurality=suburb&started_min=1990&started_max=1999",
    )["facets"]
    for name, value, label in (
        ("state", "GU", "Guam"),
        ("rurality", "suburb", "Suburb"),
        ("started", "1990-1999", "1990s"),
    ):
        (chosen,) = [one for one in facets[name] if one["value"] == value]
        assert (chosen["count"], chosen["selected"], chosen["label"]) == (0, True, label)
    facets = ask(client, "/v1/case-studies?q=zebraquokka&rurality=not-stated")["facets"]
    assert [(value["value"], value["count"], value["selected"]) for value in facets["rurality"]][
        -1
    ] == (None, 0, True)


def test_places_on_a_scale_stand_in_their_natural_order(client: httpx.Client) -> None:
    facets = ask(client, "/v1/case-studies?")["facets"]
    ordered = {name: [value["value"] for value in facets[name]] for name in facets}
    assert ordered["rurality"] == ["city", "suburb", "town", "rural", None]
    assert ordered["evidence"] == [
        "experimental",
        "quasi-experimental",
        "correlational",
        "descriptive",
        "cost-benefit",
        None,
    ]
    assert ordered["locale"] == [*sorted(filter(None, ordered["locale"])), None]
    decades = [value["label"] for value in facets["started"]]
    assert decades == [*sorted(decades[:-1]), "Not stated"]
    assert ordered["enrollment"] == [
        "0-999",
        "1000-4999",
        "5000-19999",
        "20000-99999",
        "100000-10000000",
        None,
    ]


def test_other_facets_begin_with_the_most_frequent_value(client: httpx.Client) -> None:
    facets = ask(client, "/v1/case-studies?")["facets"]
    for name in ("strategy", "state", "outcome", "partner_type", "funding", "model"):
        stated = [value["count"] for value in facets[name] if value["value"]]
        assert stated == sorted(stated, reverse=True)


def test_bands_count_decades_and_sizes(client: httpx.Client) -> None:
    answer = ask(client, "/v1/case-studies?")
    hits = every_hit(client, "/v1/case-studies")
    years = [hit["started_year"] for hit in hits if hit["started_year"]]
    assert counts(answer, "started")["2010-2019"] == sum(2010 <= year <= 2019 for year in years) > 0
    small = [
        hit
        for hit in hits
        if any((one["enrollment"] or {"value": 1000})["value"] < 1000 for one in hit["districts"])
    ]
    assert counts(answer, "enrollment")["0-999"] == len(small) > 0


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("facets=state,rurality", ["state", "rurality"]),
        ("facets=rurality&facets=state", ["state", "rurality"]),
        ("facets=none", []),
        ("limit=0", []),
        ("limit=0&facets=state", ["state"]),
    ],
)
def test_facets_are_chosen(client: httpx.Client, query: str, names: list[str]) -> None:
    assert list(ask(client, f"/v1/case-studies?{query}")["facets"]) == names


def counts(answer: Json, name: str) -> dict[str | None, int]:
    """The counts of a facet by value."""
    return {value["value"]: value["count"] for value in answer["facets"][name]}
