"""What a reader meets in a case study: the whole document, in which every claim names the source it rests on."""

from typing import Any

import httpx
import pytest
from publishing import case_study, outcome, publish, wait_for, withdraw
from serving import Service

pytestmark = pytest.mark.few_records

Json = dict[str, Any]
PROSE = ("challenge", "approach", "results", "lessons")
CLAIMS = ("outcomes", "scale", "context", "funding", "partners")


def read(client: httpx.Client, slug: str) -> Json:
    """A case study as the public gets it."""
    document: Json = client.get(f"/v1/case-studies/{slug}").raise_for_status().json()["data"]
    return document


@pytest.fixture(scope="module")
def documents(client: httpx.Client) -> list[Json]:
    """Every case study, each read at its own address."""
    hits = client.get("/v1/case-studies?limit=100&fields=slug,url").json()["data"]
    return [client.get(hit["url"]).raise_for_status().json()["data"] for hit in hits]


def test_every_paragraph_names_sources_of_the_record(documents: list[Json]) -> None:
    for document in documents:
        known = {source["id"] for source in document["sources"]}
        paragraphs = [paragraph for name in PROSE for paragraph in document[name]]
        assert paragraphs, document["slug"]
        for paragraph in paragraphs:
            assert paragraph["sources"], (document["slug"], paragraph)
            assert set(paragraph["sources"]) <= known, (document["slug"], paragraph)


def test_source_marks_do_not_stand_in_the_text(documents: list[Json]) -> None:
    texts = [
        paragraph["text"]
        for document in documents
        for name in PROSE
        for paragraph in document[name]
    ]
    assert [text for text in texts if "[^" in text or not text.strip()] == []


def test_every_finding_figure_fund_and_partner_names_a_source_of_the_record(
    documents: list[Json],
) -> None:
    for document in documents:
        known = {source["id"] for source in document["sources"]}
        claims = [claim for name in CLAIMS for claim in document[name]] + list(
            document["facts"].values()
        )
        assert {claim["source"] for claim in claims} <= known, document["slug"]


def test_single_facts_carry_the_value_shown_and_their_source(documents: list[Json]) -> None:
    shown = {
        "started_year": "started_year",
        "ended_year": "ended_year",
        "status": "status",
        "setting": "setting",
    }
    for document in documents:
        facts = {name: fact["value"] for name, fact in document["facts"].items()}
        assert facts == {
            name: document[field] for name, field in shown.items() if document[field] is not None
        }, document["slug"]


def test_every_source_can_be_looked_up_and_is_used(documents: list[Json]) -> None:
    for document in documents:
        used = {
            source
            for name in PROSE
            for paragraph in document[name]
            for source in paragraph["sources"]
        }
        used |= {claim["source"] for name in CLAIMS for claim in document[name]}
        used |= {fact["source"] for fact in document["facts"].values()}
        for source in document["sources"]:
            assert source["url"].startswith(("http://", "https://"))
            assert source["title"]
            assert source["publisher"]
        assert {source["id"] for source in document["sources"]} == used, document["slug"]


def test_the_evidence_shown_is_the_strongest_among_the_outcomes(
    client: httpx.Client, documents: list[Json]
) -> None:
    facet = client.get(
        "/v1/case-studies?facets=evidence&evidence=experimental,quasi-experimental,correlational,descriptive"
    ).json()["facets"]
    strongest_first = [value["value"] for value in facet["evidence"]]
    assert strongest_first[:4] == [
        "experimental",
        "quasi-experimental",
        "correlational",
        "descriptive",
    ]
    for document in documents:
        designs = {outcome["design"] for outcome in document["outcomes"]}
        assert document["evidence"] == min(designs, key=strongest_first.index, default=None), (
            document["slug"]
        )


def test_rurality_says_what_it_rests_on(documents: list[Json]) -> None:
    for document in documents:
        locales = {
            district["locale"]["rurality"]
            for district in document["districts"]
            if district["locale"]
        }
        if locales:
            assert (set(document["rurality"]), document["rurality_basis"]) == (locales, "nces"), (
                document["slug"]
            )
        elif document["setting"] in ("urban", "suburban", "town", "rural"):
            assert (len(document["rurality"]), document["rurality_basis"]) == (1, "source"), (
                document["slug"]
            )
        else:
            assert (document["rurality"], document["rurality_basis"]) == ([], None), document[
                "slug"
            ]


def test_the_document_begins_with_what_the_list_shows(
    client: httpx.Client, documents: list[Json]
) -> None:
    cards = client.get("/v1/case-studies?limit=100").json()["data"]
    for card, document in zip(cards, documents, strict=True):
        own = {
            name: value
            for name, value in card.items()
            if name not in ("snippet", "distance_km", "explanation", "document", "outcomes")
        }
        assert own == {name: document[name] for name in own}


def test_the_answer_says_where_it_comes_from(client: httpx.Client) -> None:
    answer = client.get("/v1/case-studies/boise-id").json()
    meta, title = answer["meta"], answer["data"]["title"]
    assert meta["license"]["name"] == "CC BY 4.0"
    assert meta["updated_at"] == answer["data"]["updated_at"]
    assert meta["updated_at"].endswith("Z")
    edition = f"Version {answer['data']['version']}, revision {meta['revision']}"
    assert meta["cite"].startswith(
        f"Model Districts. ({meta['updated_at'][:4]}). {title} ({edition}) [Data set]. "
    )
    assert meta["cite"].endswith(
        f"{client.base_url}{answer['links']['page']}?as_of={meta['revision']}"
    )
    assert answer["links"] == {
        "self": "/v1/case-studies/boise-id",
        "collection": "/v1/case-studies",
        "page": "/case-studies/boise-id",
        "citation": "/v1/case-studies/boise-id/citation",
    }


@pytest.mark.one_database
@pytest.mark.parametrize(
    "name",
    [
        "there-is-none",
        "Boise-ID",
        "boise_id",
        "%00",
        "%FF",
        "boise-id%20",
        "a" * 3000,
        "1600360",
        "'--",
    ],
)
def test_a_name_that_nothing_has_is_not_found(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/v1/case-studies/{name}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["type"] == "/problems/not-found"
    assert len(answer.content) < 1000


def test_a_document_takes_no_parameters(client: httpx.Client) -> None:
    answer = client.get("/v1/case-studies/boise-id?fields=slug")
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == ["fields"]


def test_a_draft_is_not_public(own_service: Service, own_client: httpx.Client) -> None:
    wait_for(
        own_service, publish(own_service.database, case_study("an-effort", title="As published"))
    )
    revision = publish(own_service.database, case_study("another-effort"))
    wait_for(own_service, revision)
    assert read(own_client, "an-effort")["title"] == "As published"
    assert own_client.get("/v1/case-studies/a-third-effort").status_code == 404


def test_what_is_published_anew_is_shown_with_its_next_version(
    own_service: Service, own_client: httpx.Client
) -> None:
    wait_for(own_service, publish(own_service.database, case_study("an-effort", title="Before")))
    before = read(own_client, "an-effort")
    wait_for(
        own_service,
        publish(
            own_service.database,
            case_study("an-effort", title="After", outcomes=[outcome("experimental")]),
        ),
    )
    after = read(own_client, "an-effort")
    assert (before["title"], before["version"], before["evidence"]) == ("Before", 1, None)
    assert (after["title"], after["version"], after["evidence"]) == ("After", 2, "experimental")
    assert after["updated_at"] > before["updated_at"]


def test_what_was_withdrawn_is_gone_and_says_why(
    own_service: Service, own_client: httpx.Client
) -> None:
    wait_for(own_service, withdraw(own_service.database, "case-study", "boise-id"))
    answer = own_client.get("/v1/case-studies/boise-id")
    assert (answer.status_code, answer.headers["Content-Type"]) == (410, "application/problem+json")
    assert answer.json()["type"] == "/problems/gone"
    assert answer.json()["reason"] == "its source was retracted"
    assert own_client.get("/v1/case-studies?slug=boise-id").json()["meta"]["total"] == 0
    assert "boise-id" not in own_client.get("/v1/exports/case-studies.ndjson").text


@pytest.mark.slow
def test_what_comes_back_after_a_withdrawal_is_read_again(
    own_service: Service, own_client: httpx.Client
) -> None:
    wait_for(own_service, publish(own_service.database, case_study("an-effort")))
    wait_for(own_service, withdraw(own_service.database, "case-study", "an-effort"))
    wait_for(own_service, publish(own_service.database, case_study("an-effort", title="Back")))
    assert read(own_client, "an-effort")["title"] == "Back"
    assert own_client.get("/v1/case-studies?slug=an-effort").json()["meta"]["total"] == 1
