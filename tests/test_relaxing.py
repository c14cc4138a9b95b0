"""What a searcher who finds little is offered: wider searches that find more, and a way to tell of a case."""

from typing import Any

import httpx
import pytest
from publishing import case_study, district, publish, wait_for
from serving import Service

Json = dict[str, Any]
LITTLE: list[dict[str, str]] = [
    {"q": "dental telehealth north dakota"},
    {"q": "truancy zither"},
    {"q": "zebra giraffe"},
    {"q": "dental clinic", "state": "ND"},
    {"q": "afterschool", "match": "exact", "state": "WY", "started_min": "2020"},
    {"q": "atendance", "spelling": "exact", "state": "OR"},
    {"q": "-boise", "state": "ID"},
    {"state": "ND", "topic": "dental-care"},
    {"state": "WY"},
    {"near": "58713", "within_km": "20"},
    {"q": "small town under 500 students dental north dakota"},
    {"q": '"home visits" tele*', "strategy_all": "food-security,housing-stability"},
]


def meta(client: httpx.Client, path: str = "/v1/case-studies", **question: str) -> Json:
    """What is told of a search."""
    answer = client.get(path, params={**question, "facets": "none"}).raise_for_status().json()
    told: Json = answer["meta"]
    return told


def whole(told: Json) -> int:
    """The whole matches of a search; its results, if it has no words."""
    count: int = told["total"] if told["whole"] is None else told["whole"]
    return count


@pytest.mark.parametrize("path", ["/v1/case-studies", "/v1/districts"])
@pytest.mark.parametrize("question", LITTLE)
def test_each_wider_search_finds_more_and_as_much_as_it_says(
    client: httpx.Client, path: str, question: dict[str, str]
) -> None:
    before = meta(client, path, **question)
    for one in before["relaxations"]:
        wider = httpx.URL(one["link"])
        after = client.get(one["link"]).raise_for_status().json()["meta"]
        assert (after["total"], whole(after)) == (one["total"], one["whole"])
        assert one["whole"] > whole(before)
        assert set(wider.params) - {"facets"}, "the whole question was dropped"
        assert "q" in wider.params or set(question) - {"q"}
    assert (before["tell_us"] is None) == (whole(before) >= 3)
    assert len(before["relaxations"]) <= 8


def test_a_filter_a_word_and_a_place_in_the_words_can_be_left_out(client: httpx.Client) -> None:
    def offered(**question: str) -> set[tuple[str, str]]:
        return {(one["kind"], one["without"]) for one in meta(client, **question)["relaxations"]}

    assert ("word", "zither") in offered(q="truancy zither attendance")
    assert ("place", "north dakota") in offered(q="telehealth north dakota dental")
    assert ("filter", "topic") in offered(q="boise", topic="telehealth")
    assert ("place", "state") in offered(q="boise", state="OR")
    assert ("match", "spelling") in offered(q="nashvile", spelling="exact")


def test_the_last_word_is_never_dropped(client: httpx.Client) -> None:
    assert meta(client, q="xyzzyx")["relaxations"] == []
    kinds = {one["kind"] for one in meta(client, q="xyzzyx", state="OR")["relaxations"]}
    assert "word" not in kinds
    assert meta(client, q="school")["relaxations"] == []


def test_an_unknown_word_and_a_filter_that_finds_nothing_are_left_out_together(
    client: httpx.Client,
) -> None:
    (wider,) = meta(client, q="xyzzyx boise", state="OR")["relaxations"]
    assert wider["label"] == "without \u201cxyzzyx\u201d and without any filter"
    assert {"q", "facets"} >= set(httpx.URL(wider["link"]).params)
    assert client.get(wider["link"]).json()["meta"]["whole"] == wider["whole"] >= 1


@pytest.mark.slow
def test_the_nearest_place_that_has_a_case_is_named(
    own_service: Service, own_client: httpx.Client
) -> None:
    places = {"or": (44.0, -121.0, "OR"), "me": (45.0, -69.0, "ME")}
    records: list[Any] = []
    for name, (latitude, longitude, state) in places.items():
        records.append(
            district(
                f"zither-{name}",
                state=state,
                latitude=latitude,
                longitude=longitude,
                place_basis="office",
                place_source="NCES",
            )
        )
    wait_for(own_service, publish(own_service.database, *records))
    cases = [
        case_study(
            f"zither-case-{name}",
            title=f"Quokka zither {name}",
            state=state,
            districts=[f"zither-{name}"],
        )
        for name, (_, _, state) in places.items()
    ]
    wait_for(own_service, publish(own_service.database, *cases))

    def nearest(**question: str) -> Json:
        relaxations: list[Json] = meta(own_client, **question)["relaxations"]
        (nearest,) = [one for one in relaxations if one["kind"] == "nearest"]
        return nearest

    by_filter = nearest(q="quokka zither", state="ID")
    assert httpx.URL(by_filter["link"]).params["state"] == "ID,OR"
    assert "Oregon" in by_filter["label"]
    by_words = nearest(q="quokka zither vermont")
    assert httpx.URL(by_words["link"]).params["state"] == "ME,VT"
    assert httpx.URL(by_words["link"]).params["q"] == "quokka zither"
    by_distance = nearest(q="quokka zither", near="44.5,-121", within_km="10")
    assert httpx.URL(by_distance["link"]).params["within_km"] == "56"
    assert "56 kilometers" in by_distance["label"]
    assert "Quokka zither or" in by_distance["label"]


@pytest.mark.few_records
def test_a_reader_who_knows_of_a_case_can_send_what_is_given(
    own_client: httpx.Client,
) -> None:
    given = meta(own_client, q="xyzzyx", state="WY")["tell_us"]
    assert "xyzzyx" in given["body"]["text"]
    assert "State: Wyoming" in given["body"]["text"]
    sent = own_client.request(given["method"], given["link"], json=given["body"])
    assert sent.status_code == 201
