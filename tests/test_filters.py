"""What a searcher can narrow by: every filter against the documents themselves, ranges, slugs; and which fields come back."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest
from paging import every_hit

from app.search.filters import FILTER

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]  # search works in memory

Json = dict[str, Any]
MOST_VALUES = 30  # that are tried of a thousand organizations

STATED: dict[str, Callable[[Json], list[str | None]]] = {
    "strategy": lambda case: [strategy["value"] for strategy in case["strategies"]],
    "pillar": lambda case: [strategy["pillar"] for strategy in case["strategies"]],
    "model": lambda case: [model["value"] for model in case["models"]],
    "topic": lambda case: [topic["value"] for topic in case["topics"]],
    "direction": lambda case: [
        None if outcome["direction"] == "not-stated" else outcome["direction"]
        for outcome in case["outcomes"]
    ],
    "state": lambda case: [state["value"] for state in case["states"]],
    "region": lambda case: [state["region"] for state in case["states"]],
    "rurality": lambda case: case["rurality"],
    "locale": lambda case: [
        district["locale"]["value"] for district in case["districts"] if district["locale"]
    ],
    "outcome": lambda case: [outcome["indicator"] for outcome in case["outcomes"]],
    "evidence": lambda case: [outcome["design"] for outcome in case["outcomes"]],
    "partner": lambda case: [
        partner["organization"] for partner in case["partners"] if partner["organization"]
    ],
    "partner_type": lambda case: [partner["type"] for partner in case["partners"]],
    "funding": lambda case: [funding["kind"] for funding in case["funding"]],
    "setting": lambda case: [case["setting"]],
    "status": lambda case: [case["status"]],
}


@pytest.fixture(scope="module")
def cases(client: httpx.Client) -> list[Json]:
    """The full document of every case study."""
    exported: list[Json] = client.get("/v1/exports/case-studies.json").raise_for_status().json()
    return exported


def found(client: httpx.Client, **parameters: str | int) -> list[str]:
    """The slugs that a question finds, sorted."""
    hits = every_hit(client, "/v1/case-studies", limit=100, **parameters)
    return sorted(hit["slug"] for hit in hits)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILTER)
def test_each_filter_finds_what_the_documents_state(
    client: httpx.Client, cases: list[Json], name: str
) -> None:
    stated = {case["slug"]: {value for value in STATED[name](case) if value} for case in cases}
    frequency = Counter(value for own in stated.values() for value in own)
    values = sorted(
        value for value, _ in frequency.most_common(MOST_VALUES if FILTER[name].many else None)
    )
    for value in values:
        having = sorted(slug for slug, own in stated.items() if value in own)
        assert found(client, **{name: value}) == having
        assert found(client, **{f"{name}_not": value}) == sorted(stated.keys() - having)
    for two in pairwise(values):
        both = ",".join(two)
        assert found(client, **{name: both}) == sorted(
            slug for slug, own in stated.items() if own & set(two)
        )
        assert found(client, **{f"{name}_all": both}) == sorted(
            slug for slug, own in stated.items() if own >= set(two)
        )
        assert found(client, **{f"{name}_not": both}) == sorted(
            slug for slug, own in stated.items() if not own & set(two)
        )
    silent = sorted(case["slug"] for case in cases if None in (STATED[name](case) or [None]))
    assert found(client, **{name: "not-stated"}) == silent
    for value in values:
        either = sorted({*silent, *found(client, **{name: value})})
        assert found(client, **{name: f"not-stated,{value}"}) == either


def test_a_list_may_be_commas_or_repeated_parameters(client: httpx.Client) -> None:
    commas = client.get("/v1/case-studies?state=OR,ME").json()
    repeated = client.get("/v1/case-studies?state=me&state=or").json()
    assert commas["meta"]["total"] == len({*found(client, state="OR"), *found(client, state="ME")})
    assert repeated == commas


def test_filters_of_different_names_narrow_each_other(client: httpx.Client) -> None:
    rural, western = found(client, rurality="rural"), found(client, region="west")
    assert found(client, rurality="rural", region="west") == sorted(set(rural) & set(western)) != []


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("started", lambda case: [case["started_year"]] if case["started_year"] else []),
        (
            "enrollment",
            lambda case: [
                district["enrollment"]["value"]
                for district in case["districts"]
                if district["enrollment"]
            ],
        ),
    ],
)
def test_ranges_hold_both_their_ends(
    client: httpx.Client, cases: list[Json], name: str, figures: Callable[[Json], list[int]]
) -> None:
    all_figures = sorted({figure for case in cases for figure in figures(case)})
    low, high = all_figures[len(all_figures) // 3], all_figures[2 * len(all_figures) // 3]
    for lowest, highest in (
        (low, high),
        (low, low),
        (low + 1, high),
        (low, high - 1),
        (low, None),
        (None, high),
    ):
        ends = {f"{name}_min": lowest, f"{name}_max": highest}
        within = sorted(
            case["slug"]
            for case in cases
            if any(
                (lowest is None or lowest <= figure) and (highest is None or figure <= highest)
                for figure in figures(case)
            )
        )
        assert (
            found(client, **{end: value for end, value in ends.items() if value is not None})
            == within
        )


def test_slug_picks_records(client: httpx.Client) -> None:
    assert found(client, slug="boise-id,red-wing-mn,there-is-no-such-case") == [
        "boise-id",
        "red-wing-mn",
    ]
    assert found(client, slug="boise-id,red-wing-mn", state="MN") == ["red-wing-mn"]


def test_districts_are_found_by_the_case_studies_that_they_have(
    client: httpx.Client, cases: list[Json]
) -> None:
    named = {
        district["slug"]
        for case in cases
        if "home-visits" in STATED["strategy"](case)
        for district in case["districts"]
    }
    hits = every_hit(client, "/v1/districts", strategy="home-visits")
    assert {hit["slug"] for hit in hits} == named


def test_fields_pick_what_comes_back_and_dots_reach_inside(
    client: httpx.Client, cases: list[Json]
) -> None:
    fields = "slug,evidence,districts.name,districts.locale.value,strategies.pillar,snippet.text"
    for hit in client.get(f"/v1/case-studies?q=rural&fields={fields}").json()["data"]:
        case = next(case for case in cases if case["slug"] == hit["slug"])
        assert hit == {
            "slug": case["slug"],
            "evidence": case["evidence"],
            "districts": [
                {"name": one["name"], "locale": one["locale"] and {"value": one["locale"]["value"]}}
                for one in case["districts"]
            ],
            "strategies": [{"pillar": strategy["pillar"]} for strategy in case["strategies"]],
            "snippet": {"text": hit["snippet"]["text"]},
        }


def test_a_whole_field_says_more_than_a_part_of_it(client: httpx.Client) -> None:
    (hit,) = client.get(
        "/v1/districts?slug=boise-school-district-id&fields=place,place.latitude,locale.label"
    ).json()["data"]
    assert hit["place"].keys() == {"latitude", "longitude", "basis", "source"}
    assert hit["locale"] is None or hit["locale"].keys() == {"label"}
