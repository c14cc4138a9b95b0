"""What a reader meets in a vocabulary: every term in its natural order, with counts that equal what a search for it finds."""

import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
from publishing import case_study, publish, wait_for, withdraw
from serving import Service

from app.records import store
from app.records.taxonomy import StrategyRecord

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]  # search works on a copy in memory
Json = dict[str, Any]
TAXONOMIES = Path(__file__).parent.parent / "seed" / "taxonomies"
FILTER_OF = {
    "pillars": "pillar",
    "strategies": "strategy",
    "topics": "topic",
    "models": "model",
    "states": "state",
    "regions": "region",
    "localities": "locale",
    "ruralities": "rurality",
    "settings": "setting",
    "indicators": "outcome",
    "evidence": "evidence",
    "directions": "direction",
    "statuses": "status",
    "funding-kinds": "funding",
    "partner-types": "partner_type",
    "organizations": "partner",
}
SEEDED_IN = {  # the file of the seed, or the name of a short list of terms
    "strategies": "strategies",
    "states": "states",
    "localities": "locales",
    "indicators": "indicators",
    "pillars": "pillar",
    "topics": "topic",
    "models": "model",
    "regions": "region",
    "ruralities": "rurality",
    "settings": "setting",
    "evidence": "evidence",
    "directions": "direction",
    "statuses": "initiative-status",
    "funding-kinds": "funding-kind",
    "partner-types": "partner-type",
    "units": "unit",
    "qualifiers": "qualifier",
    "source-kinds": "source-kind",
    "kinships": "kinship",
}
LISTS = (*SEEDED_IN, "organizations")
WITHOUT_FILTER = sorted(set(LISTS) - set(FILTER_OF))


def terms(client: httpx.Client, name: str) -> list[Json]:
    """A vocabulary as the public gets it."""
    data: list[Json] = client.get(f"/v1/{name}").raise_for_status().json()["data"]
    return data


def seeded(name: str) -> list[Json]:
    """A vocabulary as the seed says it: a file of its own, or one of the short lists."""
    file = TAXONOMIES / f"{name}.toml"
    if file.exists():
        data: list[Json] = tomllib.loads(file.read_text(encoding="utf-8"))[name]
        return data
    short_lists = tomllib.loads((TAXONOMIES / "terms.toml").read_text(encoding="utf-8"))["terms"]
    return [term for term in short_lists if term["vocabulary"] == name]


def seeded_codes(name: str) -> set[str]:
    """The codes of a vocabulary in the seed, by the name of its address."""
    return {term.get("slug") or term["code"] for term in seeded(SEEDED_IN[name])}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILTER_OF)
def test_counts_are_what_the_linked_search_finds(client: httpx.Client, name: str) -> None:
    for term in terms(client, name):
        for kind, count in (
            ("case-studies", term["case_studies"]),
            ("districts", term["districts"]),
        ):
            link = term["link"].replace("/v1/case-studies?", f"/v1/{kind}?")
            assert (
                client.get(f"{link}&limit=0").raise_for_status().json()["meta"]["total"] == count
            ), (term["value"], kind)


def test_counts_of_organizations_are_the_case_studies_that_name_them(client: httpx.Client) -> None:
    partners = [
        {partner["organization"] for partner in document["partners"]}
        for document in client.get("/v1/exports/case-studies.json").json()
    ]
    for term in terms(client, "organizations"):
        assert term["case_studies"] == sum(term["value"] in named for named in partners), term[
            "value"
        ]


@pytest.mark.parametrize("name", SEEDED_IN)
def test_every_term_of_the_seed_is_listed(client: httpx.Client, name: str) -> None:
    assert {term["value"] for term in terms(client, name)} == seeded_codes(name)


@pytest.mark.parametrize("name", sorted(FILTER_OF.keys() - {"organizations"}))
def test_the_terms_with_case_studies_are_those_of_the_facet(
    client: httpx.Client, name: str
) -> None:
    parameter = FILTER_OF[name]
    found = terms(client, name)
    facets = client.get(f"/v1/case-studies?facets={parameter}").json()["facets"]
    # "not-stated" is null in a facet; one vocabulary, directions, has it as a term.
    counted = {value["value"] or "not-stated" for value in facets[parameter] if value["count"]}
    assert {term["value"] for term in found if term["case_studies"]} == counted & {
        term["value"] for term in found
    }


@pytest.mark.parametrize("name", FILTER_OF)
def test_a_term_names_the_filter_that_takes_it(client: httpx.Client, name: str) -> None:
    assert {term["filter"] for term in terms(client, name)} == {FILTER_OF[name]}


@pytest.mark.parametrize("name", WITHOUT_FILTER)
def test_a_term_that_no_filter_takes_has_no_link(client: httpx.Client, name: str) -> None:
    assert {(term["filter"], term["link"]) for term in terms(client, name)} == {(None, None)}


def test_the_service_document_links_every_vocabulary(client: httpx.Client) -> None:
    links = client.get("/v1").json()["links"].values()
    assert {f"/v1/{name}" for name in LISTS} <= set(links)


def test_evidence_stands_from_the_strongest_design_to_the_weakest(client: httpx.Client) -> None:
    found = [term["value"] for term in terms(client, "evidence")]
    designs = ["experimental", "quasi-experimental", "correlational", "descriptive"]
    assert [design for design in found if design in designs] == designs


def test_states_stand_by_name_and_know_their_region(client: httpx.Client) -> None:
    found = terms(client, "states")
    assert [term["label"] for term in found] == sorted(term["label"] for term in found)
    assert {term["value"]: term["group"] for term in found} == {
        state["slug"]: state["region"].lower() if "region" in state else None
        for state in seeded("states")
    }
    regions = {term["value"] for term in terms(client, "regions")}
    assert {term["group"] for term in found} == regions | {None}
    assert {"PR", "DC", "GU"} < {term["value"] for term in found}


def test_localities_stand_by_code_from_city_to_rural(client: httpx.Client) -> None:
    found = terms(client, "localities")
    assert [term["value"] for term in found] == [
        f"{type_}{size}" for type_ in (1, 2, 3, 4) for size in (1, 2, 3)
    ]
    assert [term["group"] for term in found] == [
        rurality for rurality in ("city", "suburb", "town", "rural") for _ in range(3)
    ]


def test_strategies_stand_by_pillar_and_then_by_name(client: httpx.Client) -> None:
    pillars = [
        "integrated-student-supports",
        "expanded-learning",
        "family-community-engagement",
        "collaborative-leadership",
        "positive-school-climate",
    ]
    found = [(pillars.index(term["group"]), term["label"]) for term in terms(client, "strategies")]
    assert found == sorted(found)
    assert {pillar for pillar, _ in found} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("name", LISTS)
def test_terms_are_explained(client: httpx.Client, name: str) -> None:
    found = terms(client, name)
    assert len({term["value"] for term in found}) == len(found)
    assert all(term["label"].strip() for term in found)
    if name not in ("states", "organizations"):  # their names say what they are
        assert all(len(term["definition"]) > 8 for term in found)


def test_other_words_for_a_strategy_are_told(client: httpx.Client) -> None:
    told = {term["value"]: set(term["synonyms"]) for term in terms(client, "strategies")}
    for strategy in seeded("strategies"):
        assert told[strategy["slug"]] == {
            *strategy.get("synonyms", ()),
            *strategy.get("aliases", ()),
        }


@pytest.mark.parametrize("name", LISTS)
def test_a_vocabulary_says_where_it_comes_from(client: httpx.Client, name: str) -> None:
    meta = client.get(f"/v1/{name}").json()["meta"]
    assert meta["license"]["name"] == "CC BY 4.0"
    assert meta["revision"] == client.get("/v1").json()["revision"]
    assert meta["cite"].endswith(f"/v1/{name}?as_of={meta['revision']}")


@pytest.mark.parametrize("name", LISTS)
def test_a_vocabulary_is_whole_and_takes_no_parameters(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/v1/{name}?limit=5")
    assert answer.status_code == 400
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == [
        ("limit", "unknown_parameter")
    ]


@pytest.mark.slow
def test_a_corrected_name_is_what_facets_show(
    own_service: Service, own_client: httpx.Client
) -> None:
    unused = StrategyRecord(
        slug="walking-school-bus",
        pillar="expanded-learning",
        label="Walking school bus",
        definition="Adults walk groups of children to school along a fixed route.",
    )
    wait_for(own_service, publish(own_service.database, unused))
    with own_service.database.reading() as session:
        records = [
            store.get(session, "strategy", slug).record for slug in ("food-security", unused.slug)
        ]

    def shown() -> set[str]:
        values = own_client.get(
            f"/v1/case-studies?strategy={unused.slug},food-security&facets=strategy"
        ).json()["facets"]["strategy"]
        return {value["label"] for value in values if value["selected"]}

    assert shown() == {record.label for record in records}
    for name, record in zip(("Food for all", "Never done"), records, strict=True):
        wait_for(
            own_service, publish(own_service.database, record.model_copy(update={"label": name}))
        )
        assert name in shown()


def test_counts_follow_what_is_published_and_withdrawn(
    own_service: Service, own_client: httpx.Client
) -> None:
    def using_mentoring() -> int:
        return {
            term["value"]: int(term["case_studies"]) for term in terms(own_client, "strategies")
        }["tutoring-mentoring"]

    before = using_mentoring()
    wait_for(
        own_service,
        publish(own_service.database, case_study("an-effort", strategies=["tutoring-mentoring"])),
    )
    assert using_mentoring() == before + 1
    wait_for(own_service, withdraw(own_service.database, "case-study", "an-effort"))
    assert using_mentoring() == before
