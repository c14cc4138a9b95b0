"""What a reader meets in a district: federal figures with year and source, and its case studies; found by slug or LEAID."""

import csv
from typing import Any

import httpx
import pytest
from paging import every_hit, every_slug
from publishing import case_study, district, outcome, publish, wait_for, withdraw
from seeding import SEED
from serving import Service

from app.catalog import entry

pytestmark = pytest.mark.few_records
Json = dict[str, Any]


def read(client: httpx.Client, name: str) -> Json:
    """A district as the public gets it."""
    document: Json = client.get(f"/v1/districts/{name}").raise_for_status().json()["data"]
    return document


@pytest.fixture(scope="module")
def rows(client: httpx.Client) -> list[dict[str, str]]:
    """The public districts as the seed says them."""
    public = set(every_slug(client, "/v1/districts"))
    with (SEED / "districts.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["slug"] in public]


def test_a_district_is_found_by_slug_and_by_leaid(
    client: httpx.Client, rows: list[dict[str, str]]
) -> None:
    for row in rows:
        document = read(client, row["slug"])
        assert (document["slug"], document["nces_leaid"]) == (
            row["slug"],
            row["nces_leaid"] or None,
        )
        if row["nces_leaid"]:
            assert read(client, row["nces_leaid"]) == document


def test_figures_carry_year_and_source(client: httpx.Client, rows: list[dict[str, str]]) -> None:
    for row in rows:
        document = read(client, row["slug"])
        for name in ("enrollment", "schools"):
            expected = (
                {
                    "value": int(row[name]),
                    "year": int(row[f"{name}_year"]),
                    "source": row[f"{name}_source"],
                }
                if row[name]
                else None
            )
            assert document[name] == expected, (row["slug"], name)
        if row["locale"]:
            locale = document["locale"]
            assert (locale["value"], locale["year"], locale["source"]) == (
                row["locale"],
                int(row["locale_year"]),
                row["locale_source"],
            )
            assert document["rurality"] == [locale["rurality"]]
        else:
            assert document["locale"] is None
            assert document["rurality_basis"] in ("source", None)


def test_a_position_says_what_it_is_of(client: httpx.Client, rows: list[dict[str, str]]) -> None:
    for row in rows:
        place = read(client, row["slug"])["place"]
        if row["latitude"]:
            assert place == {
                "latitude": float(row["latitude"]),
                "longitude": float(row["longitude"]),
                "basis": row["place_basis"],
                "source": row["place_source"],
            }
            assert place["basis"] in ("office", "city")
        else:
            assert place is None


def test_a_district_tells_of_its_case_studies_and_they_of_it(client: httpx.Client) -> None:
    cases = {case["slug"]: case for case in every_hit(client)}
    districts = {hit["slug"]: hit for hit in every_hit(client, "/v1/districts")}
    pairs = {(case["slug"], own["slug"]) for case in cases.values() for own in case["districts"]}
    assert pairs == {
        (case["slug"], slug) for slug, found in districts.items() for case in found["case_studies"]
    }
    for found in districts.values():
        own = [cases[case["slug"]] for case in found["case_studies"]]
        assert set(found["strategies"]) == {
            strategy["value"] for case in own for strategy in case["strategies"]
        }
        assert set(found["outcomes"]) == {
            row["indicator"] for case in own for row in case["outcomes"]
        }
        assert [case["evidence"] for case in found["case_studies"]] == [
            case["evidence"] for case in own
        ]


def test_the_answer_says_where_it_comes_from(client: httpx.Client) -> None:
    answer = client.get("/v1/districts/4703180").json()
    assert answer["links"] == {
        "self": "/v1/districts/metro-nashville-public-schools-tn",
        "collection": "/v1/districts",
        "page": "/districts/metro-nashville-public-schools-tn",
        "citation": "/v1/districts/metro-nashville-public-schools-tn/citation",
    }
    assert "). Metro Nashville Public Schools (Version " in answer["meta"]["cite"]
    assert answer["meta"]["cite"].endswith(
        f"{client.base_url}/districts/metro-nashville-public-schools-tn"
        f"?as_of={answer['meta']['revision']}"
    )


@pytest.mark.one_database
@pytest.mark.parametrize(
    "name",
    [
        "there-is-none",
        "0000000",
        "160036",
        "16003600",
        "\N{FULLWIDTH DIGIT ONE}600360",
        "%00",
        "1600360%00",
        "-1",
    ],
)
def test_a_name_that_nothing_has_is_not_found(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/v1/districts/{name}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["type"] == "/problems/not-found"


def test_a_change_to_a_district_shows_in_its_case_studies(
    own_service: Service, own_client: httpx.Client
) -> None:
    change = district(
        "boise-school-district-id",
        nces_leaid="1600360",
        name="Boise Schools",
        aliases=["The Braves"],
        locale="41",
        locale_year=2024,
        locale_source="a file",
    )
    wait_for(own_service, publish(own_service.database, change))

    case = own_client.get("/v1/case-studies/boise-id").json()["data"]
    assert [own["name"] for own in case["districts"]] == ["Boise Schools"]
    assert (case["rurality"], case["rurality_basis"]) == (["rural"], "nces")
    assert case["version"] == 1
    for question in ("rurality=rural&slug=boise-id", "q=braves&match=exact", 'q="boise schools"'):
        found = own_client.get(f"/v1/case-studies?{question}").json()["data"]
        assert [hit["slug"] for hit in found] == ["boise-id"], question


def test_a_new_leaid_takes_the_place_of_the_old_one(
    own_service: Service, own_client: httpx.Client
) -> None:
    wait_for(
        own_service,
        publish(own_service.database, district("boise-school-district-id", nces_leaid="1699999")),
    )
    assert read(own_client, "1699999")["slug"] == "boise-school-district-id"
    assert own_client.get("/v1/districts/1600360").status_code == 404


def test_a_new_case_study_shows_at_its_districts_and_leaves_them_when_withdrawn(
    own_service: Service, own_client: httpx.Client
) -> None:
    before = read(own_client, "boise-school-district-id")
    wait_for(
        own_service,
        publish(
            own_service.database,
            case_study(
                "an-effort", outcomes=[outcome("experimental")], strategies=["tutoring-mentoring"]
            ),
        ),
    )
    during = read(own_client, "boise-school-district-id")
    assert {
        "slug": "an-effort",
        "title": "An effort",
        "evidence": "experimental",
        "url": "/v1/case-studies/an-effort",
    } in during["case_studies"]
    assert "tutoring-mentoring" in during["strategies"]
    assert during["updated_at"] > before["updated_at"]

    wait_for(own_service, withdraw(own_service.database, "case-study", "an-effort"))
    after = read(own_client, "boise-school-district-id")
    assert (after["case_studies"], after["strategies"]) == (
        before["case_studies"],
        before["strategies"],
    )
    assert (
        own_client.get("/v1/districts?evidence=experimental&slug=boise-school-district-id").json()[
            "meta"
        ]["total"]
        == 0
    )


def test_a_case_study_that_moves_to_another_district_leaves_the_old_one(
    own_service: Service, own_client: httpx.Client
) -> None:
    wait_for(own_service, publish(own_service.database, case_study("an-effort")))
    wait_for(
        own_service,
        publish(
            own_service.database, case_study("an-effort", districts=["hartford-public-schools-ct"])
        ),
    )
    slugs = {
        name: [case["slug"] for case in read(own_client, name)["case_studies"]]
        for name in ("boise-school-district-id", "hartford-public-schools-ct")
    }
    assert "an-effort" not in slugs["boise-school-district-id"]
    assert "an-effort" in slugs["hartford-public-schools-ct"]


def test_a_district_without_evidence_ranks_behind_one_with_the_weakest(
    own_service: Service,
) -> None:
    database = own_service.database
    publish(database, district("without-evidence"), district("with-evidence"))
    weak = case_study("weak", districts=["with-evidence"], outcomes=[outcome("descriptive")])
    publish(database, weak)
    with database.reading() as session:
        ranks = {one.slug: one.rank for one in entry.since(session, 0) if one.kind == "district"}
    assert ranks["with-evidence"] < ranks["without-evidence"]
