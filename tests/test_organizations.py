"""What a reader learns of an organization: who it is, which case studies name it, and how to search by it."""

from collections import Counter
from typing import Any

import httpx
import pytest
from people import Json, People, published, step
from publishing import case_study, publish, wait_for, withdraw
from serving import Service

from app.search.filters import MOST_LISTED

pytestmark = pytest.mark.few_records
KNOWN = "communities-in-schools"


@pytest.fixture(scope="module")
def cases(client: httpx.Client) -> list[Json]:
    """The full document of every case study."""
    exported: list[Json] = client.get("/v1/exports/case-studies.json").raise_for_status().json()
    return exported


def named(cases: list[Json]) -> Counter[str]:
    """How many case studies name each organization."""
    return Counter(
        slug
        for case in cases
        for slug in {partner["organization"] for partner in case["partners"]} - {None}
    )


def read(client: httpx.Client, slug: str) -> Json:
    """The answer about an organization."""
    answer: Json = client.get(f"/v1/organizations/{slug}").raise_for_status().json()
    return answer


def roles(case: Json, slug: str) -> list[Json]:
    """What an organization does in a case study, as its document says."""
    return [
        {"name": partner["name"], "role": partner["role"]}
        for partner in case["partners"]
        if partner["organization"] == slug
    ]


@pytest.mark.slow
def test_every_organization_has_the_case_studies_that_name_it_with_its_roles(
    client: httpx.Client, cases: list[Json]
) -> None:
    for slug, count in named(cases).items():
        data = read(client, slug)["data"]
        assert data["case_studies_total"] == len(data["case_studies"]) == count
        own = {case["slug"]: case for case in cases if roles(case, slug)}
        for line in data["case_studies"]:
            case = own.pop(line["slug"])
            assert line == {
                "slug": case["slug"],
                "title": case["title"],
                "states": [state["value"] for state in case["states"]],
                "evidence": case["evidence"],
                "roles": roles(case, slug),
                "url": case["url"],
            }
        assert own == {}


def test_its_links_lead_to_the_searches_for_its_case_studies_and_districts(
    client: httpx.Client,
) -> None:
    answer = read(client, KNOWN)
    data, links = answer["data"], answer["links"]
    found = client.get(links["case_studies"]).raise_for_status().json()
    assert [hit["slug"] for hit in found["data"]] == [line["slug"] for line in data["case_studies"]]
    districts = client.get(links["districts"]).json()["meta"]["total"]
    assert districts == data["districts_total"] > 0
    assert client.get(links["self"]).json() == answer
    listed = {term["value"]: term for term in client.get(links["collection"]).json()["data"]}
    assert listed[KNOWN]["link"] == links["case_studies"]
    assert listed[KNOWN]["label"] == data["name"]
    assert listed[KNOWN]["synonyms"] == data["aliases"]


def test_an_unknown_name_is_told_the_nearest_by_name_and_alias(client: httpx.Client) -> None:
    for typed in ("communities-in-school", "CIS"):
        answer = client.get(f"/v1/organizations/{typed}")
        assert answer.status_code == 404
        assert KNOWN in answer.json()["nearest"], typed


def test_a_value_that_the_filter_does_not_know_is_refused_with_the_nearest(
    client: httpx.Client,
) -> None:
    answer = client.get("/v1/case-studies?partner=communities+in+school")
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["parameter"], fault["code"]) == (
        422,
        "partner",
        "unknown_value",
    )
    assert KNOWN in fault["nearest"]
    assert fault["detail"].endswith("/v1/organizations lists its values.")
    assert "allowed" not in fault or fault["allowed"] is None


def test_it_takes_no_parameters(client: httpx.Client) -> None:
    assert client.get(f"/v1/organizations/{KNOWN}?limit=5").status_code == 400


def test_an_answer_can_be_validated(client: httpx.Client) -> None:
    first = client.get(f"/v1/organizations/{KNOWN}")
    headers = {"If-None-Match": first.headers["ETag"]}
    assert client.get(f"/v1/organizations/{KNOWN}", headers=headers).status_code == 304


def test_the_facet_comes_when_asked_for_and_says_how_many_values_it_leaves_out(
    client: httpx.Client, cases: list[Json]
) -> None:
    assert "partner" not in client.get("/v1/case-studies").json()["facets"]
    counts = named(cases)
    rare = max(slug for slug, count in counts.items() if count == 1)
    answer = client.get(f"/v1/case-studies?facets=partner&limit=0&partner={rare}").json()
    values: list[dict[str, Any]] = answer["facets"]["partner"]
    by_value = {value["value"]: value["count"] for value in values}
    assert by_value.pop(None) == sum(not named([case]) for case in cases)
    assert by_value.pop(rare) == 1
    listed = sorted(by_value.values(), reverse=True)
    assert listed == sorted(counts.values(), reverse=True)[: len(listed)]
    assert len(listed) in (MOST_LISTED, MOST_LISTED - 1)  # the chosen one may be among them
    assert answer["meta"]["values_left_out"] == {"partner": len(counts) - len(listed) - 1}


def test_nothing_is_left_out_of_other_facets(client: httpx.Client) -> None:
    assert client.get("/v1/case-studies").json()["meta"]["values_left_out"] == {}
    few = client.get("/v1/case-studies?facets=partner&slug=boise-id").json()
    assert few["meta"]["values_left_out"] == {}
    assert all(value["count"] == 1 for value in few["facets"]["partner"])


def test_it_follows_what_is_published_and_withdrawn(
    own_service: Service, own_client: httpx.Client
) -> None:
    before = read(own_client, KNOWN)["data"]["case_studies_total"]
    partner = {"name": "CIS", "organization": KNOWN, "type": "nonprofit", "source": "s1"}
    case = case_study("an-effort", partners=[partner])
    wait_for(own_service, publish(own_service.database, case))
    data = read(own_client, KNOWN)["data"]
    assert data["case_studies_total"] == before + 1
    (line,) = [line for line in data["case_studies"] if line["slug"] == "an-effort"]
    assert line["roles"] == [{"name": "CIS", "role": None}]
    wait_for(own_service, withdraw(own_service.database, "case-study", "an-effort"))
    assert read(own_client, KNOWN)["data"]["case_studies_total"] == before


@pytest.mark.slow
def test_a_new_organization_has_a_page_a_renamed_one_leads_on_and_a_withdrawn_one_is_gone(
    people: People,
) -> None:
    document = {"slug": "circus", "name": "A circus", "type": "nonprofit"}
    public = f"{people.service.url}/v1/organizations"
    published(people, document, "organizations")
    assert httpx.get(f"{public}/circus").json()["data"]["case_studies"] == []
    step(people.rui, "rename", "circus", "organizations", slug="a-circus").raise_for_status()
    moved = httpx.get(f"{public}/circus")
    assert (moved.status_code, moved.headers["Location"]) == (308, "/v1/organizations/a-circus")
    withdrawal = {"reason": "It closed."}
    step(people.rui, "withdraw", "a-circus", "organizations", **withdrawal).raise_for_status()
    gone = httpx.get(f"{public}/a-circus")
    assert (gone.status_code, gone.json()["reason"]) == (410, "It closed.")
