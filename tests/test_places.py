"""What a searcher meets who asks what is near: distances, circles, and records without a position."""

from math import pi
from typing import Any

import httpx
import pytest
from paging import every_hit
from publishing import district, publish, wait_for
from serving import Service

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]  # search works on a copy in memory
Json = dict[str, Any]
Distances = dict[str, float | None]

EARTH_RADIUS_KM = 6371.0088
KM_PER_DEGREE = EARTH_RADIUS_KM * pi / 180
REDMOND = "redmond-school-district-or"
WITHOUT_PLACE = "bennington-school-district-vt"


def distances(client: httpx.Client, path: str = "/v1/districts", **parameters: Any) -> Distances:
    """The distance of every hit by slug, in the answer's order."""
    hits = every_hit(client, path, **parameters)
    return {hit["slug"]: hit["distance_km"] for hit in hits}


def position(client: httpx.Client, slug: str) -> tuple[float, float]:
    """Where a district is; west of Greenwich."""
    place = client.get(f"/v1/districts/{slug}").raise_for_status().json()["data"]["place"]
    return place["latitude"], place["longitude"]


def test_distances_are_those_of_a_sphere(client: httpx.Client) -> None:
    """From the North Pole, the way along the meridian; from a place's own antipode, half way round."""
    for hit in every_hit(client, "/v1/districts", near="90,0"):
        expected = (90 - hit["place"]["latitude"]) * KM_PER_DEGREE if hit["place"] else None
        assert hit["distance_km"] == (expected and pytest.approx(expected, abs=0.06))
    latitude, longitude = position(client, REDMOND)
    antipode = f"{-latitude},{longitude + 180}"
    half_way_round = pytest.approx(EARTH_RADIUS_KM * pi, abs=0.06)
    assert distances(client, near=antipode)[REDMOND] == half_way_round


def test_a_known_distance(own_service: Service, own_client: httpx.Client) -> None:
    """Nashville airport to Los Angeles airport, the textbook example of the haversine formula: 2886 km."""
    airport = district(
        "los-angeles", latitude=33.94, longitude=-118.40, place_basis="office", place_source="a map"
    )
    wait_for(own_service, publish(own_service.database, airport))
    assert distances(own_client, near="36.12,-86.67")["los-angeles"] == pytest.approx(
        2886.4, abs=0.1
    )


def test_a_place_may_be_a_district_by_slug_or_leaid(client: httpx.Client) -> None:
    by_slug = distances(client, near=REDMOND)
    assert by_slug == distances(client, near="4110350")
    latitude, longitude = position(client, REDMOND)
    assert by_slug == distances(client, near=f"{latitude},{longitude}")
    assert by_slug[REDMOND] == 0


def test_a_district_that_moves_is_where_it_is_now(
    own_service: Service, own_client: httpx.Client
) -> None:
    for latitude in (10.0, 20.0):
        place = district(
            "an-island",
            latitude=latitude,
            longitude=-150.0,
            place_basis="office",
            place_source="a map",
        )
        wait_for(own_service, publish(own_service.database, place))
        there = distances(own_client, "/v1/case-studies", near=f"{latitude},-150")
        assert distances(own_client, "/v1/case-studies", near="an-island") == there


@pytest.mark.parametrize("near", ["nowhere", WITHOUT_PLACE, "91,0", "45,181", "45", "45,-122,3"])
def test_a_place_that_is_not_known_is_refused(client: httpx.Client, near: str) -> None:
    answer = client.get("/v1/districts", params={"near": near})
    assert answer.status_code == 422
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == [
        ("near", "unknown_place")
    ]


def test_a_town_of_several_states_is_named_with_its_state_and_the_others_are_offered(
    client: httpx.Client,
) -> None:
    meta = client.get("/v1/districts?near=burlington&limit=1&facets=none").json()["meta"]
    assert meta["query"] == "near=Burlington,%20NC&limit=1&facets=none"
    assert [(part["words"], part["label"]) for part in meta["understood"]] == [
        ("Burlington", "near Burlington, NC")
    ]
    links = {place["label"]: place["link"] for place in meta["other_places"]}
    other = client.get(links["Burlington, VT"]).json()["meta"]
    assert other["query"] == "near=Burlington,%20VT&limit=1&facets=none"
    assert other["other_places"] == other["understood"] == []
    page = client.get("/districts?near=Burlington").text
    assert "Near Burlington, NC" in page
    assert ">Burlington, VT<" in page


def test_within_km_draws_a_circle(client: httpx.Client) -> None:
    everywhere = distances(client, near=REDMOND)
    for km in (1, 60, 250.5, 20000):
        inside = distances(client, near=REDMOND, within_km=km)
        assert inside == {
            slug: distance
            for slug, distance in everywhere.items()
            if distance is not None and distance <= km
        }
    assert WITHOUT_PLACE in everywhere
    assert set(distances(client, near=REDMOND, within_km=60)) > {REDMOND}


def test_distance_sorts_both_ways_with_unknown_places_last(client: httpx.Client) -> None:
    nearest, farthest = (
        list(distances(client, near=REDMOND, sort=sort).items())
        for sort in ("distance", "-distance")
    )
    known = [distance for _, distance in nearest if distance is not None]
    assert known == sorted(known)
    assert nearest[0] == (REDMOND, 0)
    placed, unplaced = nearest[: len(known)], nearest[len(known) :]
    assert WITHOUT_PLACE in dict(unplaced)
    assert {distance for _, distance in unplaced} == {None}
    assert [distance for _, distance in farthest] == [
        distance for _, distance in reversed(placed)
    ] + [None] * len(unplaced)
    assert farthest[len(known) :] == unplaced


@pytest.mark.parametrize(
    ("parameters", "order"),
    [
        ({}, "distance"),
        ({"q": "-zeppelin"}, "distance"),  # no word is looked for
        ({"q": "school"}, "relevance"),
        ({"sort": "relevance"}, "relevance"),
        ({"sort": "title"}, "title"),
    ],
)
def test_near_without_words_gives_the_nearest_first(
    client: httpx.Client, parameters: Json, order: str
) -> None:
    question = {"near": REDMOND, "facets": "none", **parameters}
    answer = client.get("/v1/districts", params=question).json()
    explicit = client.get("/v1/districts", params=question | {"sort": order}).json()
    assert [hit["slug"] for hit in answer["data"]] == [hit["slug"] for hit in explicit["data"]]
    assert answer["links"]["self"] == explicit["links"]["self"]  # the default is not written
    assert (answer["data"][0]["slug"] == REDMOND) == (order == "distance")


def test_a_case_study_is_as_far_as_the_nearest_of_its_districts(client: httpx.Client) -> None:
    districts = distances(client, near="45,-100")
    for hit in every_hit(client, "/v1/case-studies", near="45,-100"):
        own = [
            distance for one in hit["districts"] if (distance := districts[one["slug"]]) is not None
        ]
        assert hit["distance_km"] == (min(own) if own else None)


def test_without_near_there_is_no_distance(client: httpx.Client) -> None:
    assert set(distances(client).values()) == {None}


@pytest.mark.parametrize("parameters", [{"within_km": 10}, {"sort": "distance"}])
def test_distance_needs_a_place(client: httpx.Client, parameters: dict[str, str]) -> None:
    answer = client.get("/v1/districts", params=parameters)
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == [
        (*parameters, "required_with")
    ]
