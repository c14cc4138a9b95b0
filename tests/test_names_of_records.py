"""A record is named by slug, LEAID or a slug it had before; a name that is none of these is told."""

from collections.abc import Iterator

import httpx
import pytest
from publishing import case_study, district, publish, wait_for
from serving import Service

from app.catalog import publication
from app.clock import now
from app.records import store
from app.records.renaming import rename

OLD, NEW, LEAID = "zebra-district-id", "quokka-district-id", "1699999"

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]  # search works in memory


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[httpx.Client]:
    """Asks a service in which a district was renamed."""
    place = {
        "latitude": 43.6,
        "longitude": -116.2,
        "place_basis": "office",
        "place_source": "a map",
    }
    old = district(OLD, nces_leaid=LEAID, **place)
    publish(service.database, old)
    publish(service.database, case_study("zebra-case", districts=[OLD]))
    with service.database.writing() as session:
        kept = store.get(session, "district", OLD)
        record = kept.record.model_copy(update={"slug": NEW})
        revision = rename(session, kept, record, by="ada", at=now())
        publication.move(session, revision)
    wait_for(service, revision.seq)
    with httpx.Client(base_url=service.url) as client:
        yield client


def test_slug_takes_every_name_of_a_district(client: httpx.Client) -> None:
    for name in (NEW, OLD, LEAID, f"{OLD},{NEW},{LEAID}"):
        answer = client.get(f"/v1/districts?slug={name}").json()
        assert [hit["slug"] for hit in answer["data"]] == [NEW]
        assert answer["meta"]["not_found"] == []


def test_near_takes_every_name_of_a_district(client: httpx.Client) -> None:
    distances = [
        client.get(f"/v1/districts?slug={NEW}&near={name}").json()["data"][0]["distance_km"]
        for name in (NEW, OLD, LEAID, "43.6,-116.2", "43.6,%20-116.2", "43.600000000000001,-116.2")
    ]
    assert distances == [0] * 6


def test_a_slug_that_is_not_there_is_named(client: httpx.Client) -> None:
    answer = client.get(f"/v1/districts?slug={OLD},no-such-district,9999999").json()
    assert [hit["slug"] for hit in answer["data"]] == [NEW]
    assert answer["meta"]["not_found"] == ["9999999", "no-such-district"]
    answer = client.get(f"/v1/case-studies?slug=zebra-case,{LEAID}").json()
    assert answer["meta"]["not_found"] == [LEAID]


def test_a_place_that_is_not_known_is_refused_with_what_is_taken(client: httpx.Client) -> None:
    answer = client.get("/v1/districts?near=00000")
    assert answer.status_code == 422
    detail = answer.json()["errors"][0]["detail"]
    assert "latitude,longitude" in detail
    assert "LEAID" in detail
