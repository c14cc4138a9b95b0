"""What is asked of an outcome is asked of one and the same: indicator, evidence and direction."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from publishing import case_study, district, publish, wait_for
from serving import Service

DISTRICT = "outcome-example-id"
BETTER_ATTENDANCE = {
    "indicator": "attendance",
    "finding": "It rose",
    "design": "descriptive",
    "direction": "better",
    "source": "s1",
}
WORSE_READING = {
    "indicator": "reading-proficiency",
    "finding": "It fell",
    "design": "quasi-experimental",
    "direction": "worse",
    "source": "s1",
}

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]  # search works in memory


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[httpx.Client]:
    """Asks a service whose only records under the title "zebra" are a case with two outcomes, one with none."""
    first = publish(service.database, district(DISTRICT, name="Zebra District"))
    assert first
    fields: dict[str, Any] = {"title": "Zebra", "districts": [DISTRICT]}
    case = case_study("zebra", **fields, outcomes=[BETTER_ATTENDANCE, WORSE_READING])
    silent = case_study("zebra-without-outcomes", title="Zebra")
    wait_for(service, publish(service.database, case, silent))
    with httpx.Client(base_url=service.url) as client:
        yield client


@pytest.mark.parametrize("path", ["/v1/case-studies", "/v1/districts"])
@pytest.mark.parametrize(
    ("question", "total"),
    [
        ("outcome=attendance", 1),
        ("outcome=attendance&evidence=descriptive", 1),
        ("outcome=attendance&evidence=quasi-experimental", 0),
        ("outcome=attendance&direction=worse", 0),
        ("evidence=quasi-experimental&direction=worse", 1),
        ("outcome=reading-proficiency&evidence=quasi-experimental&direction=worse", 1),
        ("outcome=reading-proficiency&evidence=quasi-experimental&direction=better", 0),
        ("outcome=attendance,reading-proficiency&evidence=quasi-experimental", 1),
        ("outcome_all=attendance&evidence=quasi-experimental", 1),
        ("outcome=attendance&evidence_not=quasi-experimental", 0),
    ],
)
def test_two_filters_on_outcomes_hold_for_one_outcome(
    client: httpx.Client, path: str, question: str, total: int
) -> None:
    answer = client.get(f"{path}?q=zebra&slug=zebra,{DISTRICT}&{question}").json()
    assert answer["meta"]["total"] == total


def test_a_facet_counts_what_choosing_the_value_would_give(client: httpx.Client) -> None:
    question = "/v1/case-studies?q=zebra&outcome=attendance"
    facets = client.get(question).json()["facets"]
    counts = {value["value"]: value["count"] for value in facets["evidence"]}
    assert counts == {"descriptive": 1}
    for facet in ("outcome", "evidence", "direction"):
        for value in facets[facet]:
            if facet != "outcome":
                there = client.get(f"{value['link']}&limit=0").json()
                assert there["meta"]["total"] == value["count"]
    assert {value["value"]: value["count"] for value in facets["outcome"]} == {
        "attendance": 1,
        "reading-proficiency": 1,
        None: 1,
    }


@pytest.mark.parametrize("name", ["outcome", "evidence", "direction"])
def test_not_stated_means_a_case_without_outcomes(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/v1/case-studies?q=zebra&{name}=not-stated").json()
    assert [hit["slug"] for hit in answer["data"]] == ["zebra-without-outcomes"]


def test_a_relaxation_says_what_is_left_of_one_outcome(client: httpx.Client) -> None:
    question = "q=zebra&outcome=attendance&evidence=quasi-experimental"
    answer = client.get(f"/v1/case-studies?{question}").json()
    totals = {one["without"]: one["total"] for one in answer["meta"]["relaxations"]}
    assert (totals["outcome"], totals["evidence"]) == (1, 1)
