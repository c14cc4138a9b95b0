"""What a reader of one case study is shown beside it: the most like it, and why."""

from collections import Counter
from typing import Any

import httpx
import pytest
from publishing import case_study, publish, wait_for, withdraw
from serving import Service

Json = dict[str, Any]


def related(client: httpx.Client, slug: str, **parameters: Any) -> list[Json]:
    """The case studies like one."""
    answer = client.get(f"/v1/case-studies/{slug}/related", params=parameters).raise_for_status()
    cases: list[Json] = answer.json()["data"]
    return cases


def reasons(case: Json) -> dict[str, str]:
    """The words of each reason, by its kind."""
    return {reason["kind"]: reason["words"] for reason in case["reasons"]}


def test_the_reasons_are_true_and_add_up_to_the_score(client: httpx.Client) -> None:
    own = client.get("/v1/case-studies/boise-id").json()["data"]
    strategies = {one["value"]: one["label"] for one in own["strategies"]}
    for case in related(client, "boise-id", limit=20):
        assert case["score"] == pytest.approx(sum(one["points"] for one in case["reasons"]))
        assert 0 < case["score"] <= 100
        shared = [one["label"] for one in case["strategies"] if one["value"] in strategies]
        said = reasons(case).get("strategies")
        assert (said is None) == (not shared)
        if said:
            count, _, labels = said.partition(": ")
            assert count == f"shares {len(shared)} of {len(strategies)} strategies"
            assert sorted(labels.split(", ")) == sorted(", ".join(shared).split(", "))
        if "rurality" in reasons(case):
            assert set(case["rurality"]) & set(own["rurality"])


def test_the_most_alike_stand_first_and_never_the_case_itself(client: httpx.Client) -> None:
    for slug in ("boise-id", "deer-river-mn", "baltimore-city-md"):
        cases = related(client, slug, limit=20)
        assert len(cases) == 20
        assert slug not in [case["slug"] for case in cases]
        order = [(-case["score"], case["slug"]) for case in cases]
        assert order == sorted(order)
        assert related(client, slug) == related(client, slug, limit=5)
        assert len(related(client, slug)) == 5


def test_one_state_does_not_fill_the_list(client: httpx.Client) -> None:
    for slug in ("new-york-city-community-schools-ny", "oakland-full-service-community-schools-ca"):
        states = Counter(
            state["value"]
            for case in related(client, slug, limit=5)
            for state in case["states"][:1]
        )
        assert max(states.values()) <= 2


def test_size_and_outcomes_are_said_in_numbers_and_words(
    own_service: Service, own_client: httpx.Client
) -> None:
    outcome = {"indicator": "attendance", "finding": "It rose", "design": "descriptive"}
    same = {
        "title": "Zither lessons",
        "summary": "Zither lessons for quokkas.",
        "strategies": ["food-security"],
        "outcomes": [{**outcome, "direction": "better", "source": "s1"}],
    }
    one, other = case_study("zither-one", **same), case_study("zither-two", **same)
    wait_for(own_service, publish(own_service.database, one, other))
    first, *_ = related(own_client, "zither-one")
    assert first["slug"] == "zither-two"
    said = reasons(first)
    assert said["strategies"] == "shares the only strategy: Food security"
    assert said["outcomes"] == "both report attendance"
    assert said["rurality"] == "both in a city"
    assert said["size"].count(",") == 2
    assert said["size"].endswith("students")
    assert "zither" in said["text"]


@pytest.mark.few_records
def test_it_answers_as_the_document_does(own_service: Service, own_client: httpx.Client) -> None:
    assert own_client.get("/v1/case-studies/quokka/related").status_code == 404
    wait_for(own_service, withdraw(own_service.database, "case-study", "boise-id"))
    gone = own_client.get("/v1/case-studies/boise-id/related")
    assert gone.status_code == 410
    assert gone.json()["detail"] == own_client.get("/v1/case-studies/boise-id").json()["detail"]


@pytest.mark.one_database
def test_its_parameter_is_checked(client: httpx.Client) -> None:
    address = "/v1/case-studies/boise-id/related"
    for limit in ("0", "21", "x"):
        assert client.get(address, params={"limit": limit}).status_code == 422
    assert client.get(address, params={"state": "OR"}).status_code == 400


@pytest.mark.one_database
def test_it_is_kept_in_memory_until_something_is_published(
    own_service: Service, own_client: httpx.Client
) -> None:
    address = "/v1/case-studies/deer-river-mn/related"
    first = own_client.get(address)
    assert own_client.get(address).headers["Cache-Status"].endswith("hit")
    headers = {"If-None-Match": first.headers["ETag"]}
    assert own_client.get(address, headers=headers).status_code == 304
    nearest = first.json()["data"][0]["slug"]
    wait_for(own_service, withdraw(own_service.database, "case-study", nearest))
    assert nearest not in [case["slug"] for case in own_client.get(address).json()["data"]]


@pytest.mark.few_records
@pytest.mark.one_database
@pytest.mark.parametrize("q", ["sizes*", '"weights topic"', '"every weight"', "terms*"])
def test_no_search_takes_what_is_remembered_of_it_for_its_own(
    q: str, own_client: httpx.Client
) -> None:
    related(own_client, "boise-id")
    assert own_client.get("/v1/case-studies", params={"q": q}).status_code == 200
