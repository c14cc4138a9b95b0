"""No web address of a record holds a name or a password, whichever way it comes."""

import httpx
import orjson
import pytest
from people import SOURCE, Json, People, amend, case_study, create, district
from sqlalchemy import update
from sqlmodel import col

from app.errors import Invalid
from app.records.district import DistrictRecord
from app.records.parsing import parse
from app.records.tables import RevisionRow

SECRETS = (
    "https://ada:secret@example.org/a",
    "HTTP://ada@example.org",
    "https://x@y@example.org?b",
)
pytestmark = [pytest.mark.one_database, pytest.mark.few_records]


def places(answer: httpx.Response) -> list[str | None]:
    """Where the faults of a refused document are; each says what to write instead."""
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert all("Leave them out: http" in fault["detail"] for fault in errors)
    assert all(fault["detail"].endswith("//example.org/a") for fault in errors[:1])
    return [fault["pointer"] for fault in errors]


def test_a_district_and_a_source_are_refused(people: People) -> None:
    by_district = district("secret-id", website=SECRETS[0])
    by_source = case_study("secret-effort", sources=[SOURCE | {"url": SECRETS[0]}])
    assert places(people.ada.post("/districts", json=by_district)) == ["/website"]
    assert places(people.ada.post("/case-studies", json=by_source)) == ["/sources/0/url"]


@pytest.mark.parametrize("address", SECRETS)
def test_a_suggestion_and_an_imported_row_are_refused(people: People, address: str) -> None:
    suggestion: Json = {"kind": "new-case", "text": "Look at this district.", "source_url": address}
    answer = httpx.post(f"{people.service.url}/v1/suggestions", json=suggestion, timeout=60)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/source_url"]
    row = orjson.dumps(district("secret-id", website=address))
    plan = people.ada.post("/imports", params={"kind": "district"}, content=row, headers=NDJSON)
    rows = people.ada.get(f"{plan.headers['Location'].removeprefix('/v1/admin')}/rows").json()
    assert [fault["pointer"] for fault in rows["data"][0]["faults"]] == ["/website"]


def test_a_record_from_before_is_read_and_must_be_mended_with_its_next_change(
    people: People,
) -> None:
    create(people.ada, case_study("old-secret"))
    old = orjson.dumps(case_study("old-secret", sources=[SOURCE | {"url": SECRETS[0]}])).decode()
    with people.service.database.writing() as session:
        change = update(RevisionRow).where(col(RevisionRow.slug) == "old-secret")
        session.connection().execute(change.values(document=old))
    before = people.ada.get("/case-studies/old-secret").raise_for_status()
    headers = {"If-Match": before.headers["ETag"]}
    refused = people.ada.patch("/case-studies/old-secret", json={"title": "B"}, headers=headers)
    assert places(refused) == ["/sources/0/url"]
    amend(people.ada, "old-secret", title="B", sources=[SOURCE])


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("https//example.org/a", "Write https://example.org/a"),
        ("//example.org", "Write https://example.org"),
        ("http:/example.org", "Write http://example.org"),
        ("https:\\\\example.org", "Write https://example.org"),
        ("https://https://example.org", "Write https://example.org"),
        ("htps://example.org", "Write https://example.org"),
        ("example.org:8080/a", "Put https:// in front: https://example.org:8080/a"),
        ("info@example.org", "This is an email address. Write the address of a web page instead."),
        ("mailto:a@example.org", "This is an email address."),
        ("https://a.org;https://b.org", "Write only one"),
        ("https://a.org, https://b.org", "Write only one"),
        ('https://example.org"onclick=', "The address holds '\"', which no web address has."),
        ("https://...", "Write one such as https://www.example.org/."),
        ("https://example.org:abc/", "Write one such as https://www.example.org/."),
        ("https://[abc", "Write one such as https://www.example.org/."),
        ("ftp://example.org", "Write one such as https://www.example.org/."),
        ("", "Write one such as https://www.example.org/."),
    ],
)
def test_a_mistyped_address_is_refused_with_what_to_write(typed: str, advice: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse("district", district("mistyped-id", website=typed))
    [fault] = refused.value.faults
    assert fault.pointer == "/website"
    assert advice in fault.detail


@pytest.mark.parametrize(
    "address",
    [
        "https://web.archive.org/web/2020/https://example.org/",
        "https://münchen.example/straße?a=[1]&b={2}|3",
        "http://localhost:8000/a",
        "https://a_b.example.org./",
    ],
)
def test_an_unusual_address_is_taken(address: str) -> None:
    record = parse("district", district("unusual-id", website=address))
    assert isinstance(record, DistrictRecord)
    assert record.website == address


def test_an_at_sign_behind_the_host_is_no_secret(people: People) -> None:
    document = district("at-sign-id", website="https://example.org/@ada?mail=a@b#c@d")
    created = create(people.ada, document, "districts").json()
    assert created["data"]["website"] == document["website"]


NDJSON = {"Content-Type": "application/x-ndjson"}
