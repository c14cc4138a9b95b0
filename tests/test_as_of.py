"""The directory as it was: `as_of` answers what was public at a revision, byte for byte, on every address that takes it."""

import asyncio
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from alembic import command
from command_line import typing_on
from migrating import migrations
from people import People, amend, at_the_desk, case_study, district, publish, published, step
from serving import Service, serving
from sqlalchemy import text

from app.database import Database
from app.desk.sources import health
from app.desk.sources.health import CheckResult
from app.errors import Busy, Invalid
from app.search.index import Index
from app.search.past_indexes import MOST_OF_ONE_CLIENT, PastIndexes

pytestmark = pytest.mark.few_records
Json = dict[str, Any]
COMMAND = str(Path(sys.executable).parent / "model-districts")
CASE, DISTRICT = "/v1/case-studies/old-id", "/v1/districts/old-schools-id"
ADDRESSES = (
    CASE,
    "/v1/case-studies/newer-id",
    DISTRICT,
    "/v1/case-studies?q=effort+attendance&limit=3",
    "/v1/case-studies?state=ID&sort=title&facets=state,strategy,rurality",
    "/v1/case-studies?state=ID,OR&group_by=state,strategy&statistics=started,outcomes&limit=2",
    "/v1/case-studies?sample=4&seed=7&include=outcomes,scale&fields=slug",
    "/v1/districts?state=ID",
    "/v1/strategies",
    "/v1/indicators",
    "/v1/exports/case-studies.ndjson",
    "/v1/exports/case-studies.csv?state=ID",
    "/v1/exports/districts.csv",
    "/v1/exports/outcomes.ndjson",
    "/v1/exports/strategies.csv",
    "/v1/exports/model-districts.zip",
)
AS_OF = re.compile(r"[?&](as_of=\d+|cursor=[\w-]+)")  # links stay at their revision


def then(address: str, moment: object) -> str:
    """The same address as of a revision or time."""
    return f"{address}{'&' if '?' in address else '?'}as_of={moment}"


def content(answer: httpx.Response) -> tuple[object, ...]:
    """What may not differ between an answer and the same asked for later."""
    if answer.is_redirect:
        return answer.status_code, urlsplit(answer.headers["Location"]).path
    if answer.is_error:
        assert answer.status_code in (404, 410), answer.text
        return answer.status_code, answer.json().get("reason")
    if answer.headers["Content-Type"] != "application/json":
        return answer.headers["Directory-Revision"], answer.content
    data, _, rest = answer.text.partition(',"meta":{')
    cite = answer.json()["meta"]["cite"]
    assert AS_OF.search(cite)
    around = rest.partition(',"links":{')[0] if "facets" not in answer.json() else rest
    return data, cite, AS_OF.sub("", around)


def revision(client: httpx.Client) -> int:
    """The newest revision of the directory."""
    newest: int = client.get("/v1/digest").json()["meta"]["revision"]
    return newest


def state_of(client: httpx.Client) -> dict[str, object]:
    """What every address answers now."""
    return {address: content(client.get(address, follow_redirects=False)) for address in ADDRESSES}


def state_then(client: httpx.Client, moment: object) -> dict[str, object]:
    """What every address answers as of a revision or time."""
    return {
        address: content(client.get(then(address, moment), follow_redirects=False))
        for address in ADDRESSES
    }


def a_day_at_the_desk(people: People) -> Iterator[None]:
    """What is done to records, step by step."""
    published(people, district("old-schools-id", aliases=["Old Schools"]), "districts")
    yield
    published(people, case_study("old-id", districts=["old-schools-id"], title="An old effort"))
    yield
    amend(people.ada, "old-id", title="Another effort", strategies=["case-management"])
    yield  # a draft
    publish(people, "old-id")
    yield
    amend(people.ada, "old-schools-id", "districts", name="A new name of schools")
    publish(people, "old-schools-id", "districts")
    yield
    step(people.rui, "rename", "old-id", slug="newer-id").raise_for_status()
    yield
    amend(people.kim, "food-security", "strategies", label="Food for all")
    step(people.kim, "submit", "food-security", "strategies").raise_for_status()
    step(people.rui, "publish", "food-security", "strategies").raise_for_status()
    yield
    step(people.rui, "withdraw", "newer-id", reason="It was wrong.").raise_for_status()
    yield
    step(people.ada, "restore", "newer-id").raise_for_status()
    publish(people, "newer-id")
    yield


@pytest.mark.slow
def test_every_state_is_found_again_byte_for_byte(
    own_service: Service, own_client: httpx.Client
) -> None:
    states: dict[int, dict[str, object]] = {}
    with at_the_desk(own_service) as people:
        for _ in a_day_at_the_desk(people):
            states[revision(own_client)] = state_of(own_client)
    assert len(states) == 9
    for number, state in states.items():
        asked = state_then(own_client, number)
        for address in ADDRESSES:
            assert asked[address] == state[address], (number, address)


@pytest.mark.slow
def test_a_time_means_the_newest_revision_at_or_before_it(
    people: People, client: httpx.Client
) -> None:
    published(people, case_study("timed-id", title="Before"))
    before = datetime.now(UTC)
    amend(people.ada, "timed-id", title="After")
    publish(people, "timed-id")
    address = "/v1/case-studies/timed-id"
    titles = {
        moment: client.get(address, params={"as_of": moment}).json()["data"]["title"]
        for moment in (
            before.isoformat(),
            before.astimezone(timezone(timedelta(hours=-7))).isoformat(),
            datetime.now(UTC).isoformat(),
            datetime.now(UTC).date().isoformat(),  # today, so far
        )
    }
    assert list(titles.values()) == ["Before", "Before", "After", "After"]
    listed = client.get(
        "/v1/case-studies", params={"slug": "timed-id", "as_of": before.isoformat()}
    ).json()
    assert listed["data"][0]["title"] == "Before"
    revision = listed["meta"]["revision"]
    assert listed["links"]["self"] == f"/v1/case-studies?slug=timed-id&as_of={revision}"


@pytest.mark.slow
def test_links_stay_at_their_revision_and_pages_can_be_followed(
    people: People, client: httpx.Client
) -> None:
    for number in range(5):
        published(people, case_study(f"paged-{number}-id", title="An okapi effort"))
    number = revision(client)
    address = then("/v1/case-studies?q=okapi&match=all&limit=2", number)
    first = client.get(address).json()
    step(people.rui, "withdraw", "paged-3-id", reason="It was wrong.").raise_for_status()
    links = first["links"]
    assert all(f"as_of={number}" in links[name] for name in ("self", "first", "next", "export"))
    assert "as_of" not in links["page"]
    value = first["facets"]["state"][0]
    assert f"as_of={number}" in value["link"]
    assert client.get(value["link"]).json()["meta"]["total"] == value["count"]
    slugs, page = [], first
    while page["links"]["next"]:
        page = client.get(page["links"]["next"]).raise_for_status().json()
        slugs += [hit["slug"] for hit in page["data"]]
    slugs += [hit["slug"] for hit in first["data"]]
    assert sorted(slugs) == [f"paged-{number}-id" for number in range(5)]
    rows = client.get(links["export"]).text.splitlines()
    assert len(rows) == 5


@pytest.mark.slow
def test_a_record_is_as_it_was_withdrawn_renamed_or_not_yet_public(
    people: People, client: httpx.Client
) -> None:
    before = revision(client)
    published(people, case_study("first-id"))
    public = revision(client)
    step(people.rui, "rename", "first-id", slug="second-id").raise_for_status()
    renamed = revision(client)
    step(people.rui, "withdraw", "second-id", reason="It was wrong.").raise_for_status()
    withdrawn = revision(client)

    first, second = "/v1/case-studies/first-id", "/v1/case-studies/second-id"
    assert client.get(then(first, before)).status_code == 404
    assert client.get(then(first, public)).json()["data"]["slug"] == "first-id"
    missing = client.get(then(second, public))
    assert missing.status_code == 404
    assert f"was public as 'second-id' at revision {public}" in missing.json()["detail"]
    assert missing.json()["nearest"] == ["first-id"]
    moved = client.get(then(first, renamed))
    assert (moved.status_code, moved.headers["Location"]) == (308, then(second, renamed))
    assert client.get(then(second, renamed)).status_code == 200
    gone = client.get(then(second, withdrawn))
    assert (gone.status_code, gone.json()["reason"]) == (410, "It was wrong.")


@pytest.mark.slow
def test_a_district_is_found_by_its_federal_id_under_the_name_it_had(
    people: People, client: httpx.Client
) -> None:
    document = district("former-schools-id", nces_leaid="1699999")
    published(people, document, "districts")
    number = revision(client)
    step(
        people.rui, "rename", "former-schools-id", "districts", slug="later-schools-id"
    ).raise_for_status()
    address = "/v1/districts/1699999"
    assert client.get(address).json()["data"]["slug"] == "later-schools-id"
    assert client.get(then(address, number)).json()["data"]["slug"] == "former-schools-id"


@pytest.mark.slow
def test_what_a_revision_answers_may_be_kept_for_ever(client: httpx.Client) -> None:
    number = revision(client)
    for address in ADDRESSES[3:]:
        answer = client.get(then(address, number))
        assert "immutable" in answer.raise_for_status().headers["Cache-Control"], address
        etag = {"If-None-Match": answer.headers["ETag"]}
        assert client.get(then(address, number), headers=etag).status_code == 304
        today = client.get(then(address, datetime.now(UTC).date()))
        assert "immutable" not in today.headers["Cache-Control"], address
        assert content(today) == content(answer), address


def test_an_export_names_the_address_that_answers_the_same_for_ever(client: httpx.Client) -> None:
    answer = client.get("/v1/exports/case-studies.csv?state=OR")
    permanent = answer.links["cite-as"]["url"]
    number = answer.headers["Directory-Revision"]
    assert permanent == then(f"{client.base_url}/v1/exports/case-studies.csv?state=OR", number)
    assert client.get(permanent).content == answer.content


@pytest.mark.one_database
@pytest.mark.parametrize("address", ["/v1/case-studies/boise-id", *ADDRESSES[3:]])
@pytest.mark.parametrize(
    ("moment", "detail"),
    [
        ("999999999", "as_of must be a revision from 0 to "),
        ("2999-01-01", "or a time from 20"),
        ("1999-01-01", "or a time from 20"),
        ("last week", "must be the number of a revision, a date"),
        ("2026-11-25T10:00", "a time with its zone"),
        ("2026-02-30", "must be the number of a revision, a date"),
    ],
)
def test_a_revision_that_cannot_be_known_is_refused_with_what_can(
    client: httpx.Client, address: str, moment: str, detail: str
) -> None:
    answer = client.get(then(address, moment))
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["parameter"] == "as_of"
    assert detail in error["detail"]


@pytest.mark.one_database
def test_as_of_is_given_once_and_refused_where_it_means_nothing(client: httpx.Client) -> None:
    twice = client.get("/v1/case-studies?as_of=1&as_of=1")
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (400, "given_twice")
    assert client.get("/v1/changes?as_of=1").status_code == 400
    assert client.get("/case-studies?as_of=1", headers={"Accept": "text/html"}).status_code == 200


@pytest.mark.slow
def test_a_link_check_changes_nothing_that_was_cited(
    service: Service, people: People, client: httpx.Client
) -> None:
    published(people, case_study("checked-id"))
    number = revision(client)
    address = "/v1/case-studies/checked-id"
    before = content(client.get(then(address, number)))
    for day in (1, 2):
        with service.database.writing() as session:
            result = CheckResult("https://example.org/report", "alive", is_there=True)
            health.note(session, result, at=datetime.now(UTC) + timedelta(days=day))
        [source] = client.get(address).json()["data"]["sources"]
        assert source["last_alive_at"] is not None
        assert content(client.get(then(address, number))) == before
    amend(people.ada, "checked-id", title="Another title")
    publish(people, "checked-id")
    assert content(client.get(then(address, number))) == before
    rows = client.get(then("/v1/exports/case-studies.ndjson?slug=checked-id", number)).json()
    assert rows["sources"][0]["last_alive_at"] is None


@pytest.mark.slow
@pytest.mark.one_database
def test_the_command_exports_what_was_public_too(
    service: Service, people: People, client: httpx.Client
) -> None:
    published(people, case_study("exported-id", title="Before"))
    number = revision(client)
    amend(people.ada, "exported-id", title="After")
    publish(people, "exported-id")
    command_line = [COMMAND, "export", "case-studies", "-f", "csv", "-F", "state=ID"]
    exported = subprocess.run(
        [*command_line, "--as-of", str(number)],
        env=os.environ | {"DATABASE_URL": service.database_url},
        capture_output=True,
        check=True,
    )
    over_http = client.get(then("/v1/exports/case-studies.csv?state=ID", number))
    assert exported.stdout == over_http.content
    assert b"Before" in exported.stdout
    whole = subprocess.run(
        [COMMAND, "export", "everything", "-f", "zip", "--as-of", str(number)],
        env=os.environ
        | {"DATABASE_URL": service.database_url, "PORT": service.url.rpartition(":")[2]},
        capture_output=True,
        check=True,
    )
    over_http = client.get(then("/v1/exports/model-districts.zip", number))
    assert whole.stdout == over_http.content


@pytest.mark.slow
def test_a_catalog_that_is_made_anew_leaves_history_alone(
    own_service: Service,
    own_client: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    number = revision(own_client)
    before = state_of(own_client)
    typed = typing_on(own_service.database_url, monkeypatch, capsys)
    with own_service.database.writing() as session:
        session.connection().execute(text("DELETE FROM entry WHERE slug = 'food-security'"))
    assert typed("verify").code == 1
    assert typed("verify", "--rebuild").code == 0
    assert typed("verify").code == 0
    with at_the_desk(own_service) as people:
        published(people, case_study("after-the-rebuild"))
    again = state_then(own_client, number)
    for address in ADDRESSES:
        if "strategies" not in address:  # which was lost
            assert again[address] == before[address], address


@pytest.mark.slow
def test_what_was_public_in_an_older_form_can_still_be_listed_and_exported(
    service: Service, people: People, client: httpx.Client
) -> None:
    published(people, case_study("old-form-id", title="Before"))
    number = revision(client)
    amend(people.ada, "old-form-id", title="After")
    publish(people, "old-form-id")
    with service.database.writing() as session:
        for field in ("kinship", "scale", "status"):  # as if an older version had not known them
            for column in ("card", "document"):
                statement = f"UPDATE former_entry SET {column} = replace({column}, :now, :then)"
                names = {"now": f'"{field}":', "then": f'"not_{field}":'}
                session.connection().execute(text(statement), names)
    listed = client.get(then("/v1/case-studies?slug=old-form-id&fields=title,status", number))
    assert listed.json()["data"] == [{"title": "Before", "status": None}]
    for table in ("case-studies", "scale"):
        for form in ("csv", "ndjson", "json"):
            address = then(f"/v1/exports/{table}.{form}?slug=old-form-id", number)
            assert client.get(address).status_code == 200


@pytest.mark.slow
def test_history_begins_when_the_tables_were_made(seeded_url: str) -> None:
    database = Database(seeded_url)
    with database.writer_connection() as connection:
        command.downgrade(migrations(connection), "authors")
        command.upgrade(migrations(connection), "head")
    database.close()
    with (
        serving(seeded_url) as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
    ):
        number = revision(client)
        assert client.get(then("/v1/case-studies", number)).status_code == 200
        refused = client.get(then("/v1/case-studies", number - 1))
        assert refused.status_code == 422
        assert "What was public earlier was not kept" in refused.json()["detail"]
        boise = client.get("/v1/case-studies/boise-id").json()["meta"]
        assert boise["revision"] < number
        cited = urlsplit(boise["cite"].split()[-1])
        assert client.get(f"{cited.path}?{cited.query}").status_code == 200


@pytest.mark.slow
def test_few_older_revisions_are_made_searchable_at_once(own_service: Service) -> None:
    index = Index(own_service.database)
    index.open()
    past_indexes = PastIndexes(own_service.database, index)

    async def ask() -> list[Index | BaseException]:
        revisions = range(index.revision - 10, index.revision)
        asked = [past_indexes.at(str(revision), "192.0.2.1") for revision in revisions[:5]]
        asked += [past_indexes.at(str(revision), "192.0.2.2") for revision in revisions[5:]]
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = asyncio.run(ask())
    past_indexes.close()
    index.close()
    assert all(isinstance(answer, Busy | Index) for answer in answers)
    for of_one_client in (answers[:5], answers[5:]):
        served = [answer for answer in of_one_client if isinstance(answer, Index)]
        assert MOST_OF_ONE_CLIENT <= len(served) < 5


def test_a_directory_too_large_to_search_again_is_refused_but_exported(
    own_service: Service,
) -> None:
    index = Index(own_service.database)
    index.open()
    past_indexes = PastIndexes(own_service.database, index, most_entries=3)
    with pytest.raises(Invalid, match="Download a whole table with as_of from /v1/exports"):
        asyncio.run(past_indexes.at(str(index.revision - 1), "192.0.2.1"))
    past_indexes.close()
    index.close()


@pytest.mark.slow
def test_every_state_on_a_random_walk_is_found_again(
    own_service: Service, own_client: httpx.Client
) -> None:
    chance = random.Random(16)
    states: dict[int, dict[str, object]] = {}
    public: list[str] = []
    with at_the_desk(own_service) as people:
        for number in range(24):
            public = one_random_step(people, chance, public, number)
            states[revision(own_client)] = state_of(own_client)
    numbers = list(states)
    chance.shuffle(numbers)
    for number in numbers:
        assert state_then(own_client, number) == states[number], number


def one_random_step(
    people: People, chance: random.Random, public: list[str], number: int
) -> list[str]:
    """Do something to one record; the slugs that are public after it."""
    action = chance.choice(["publish", "change", "change", "rename", "withdraw", "district"])
    slug = chance.choice(public) if public else ""
    if action == "district":
        name = {"name": f"Boise, name {number}"}
        amend(people.ada, "boise-school-district-id", "districts", **name)
        publish(people, "boise-school-district-id", "districts")
    elif action == "publish" or not public:
        published(people, case_study(f"walk-{number}-id", title=f"Attendance effort {number}"))
        return [*public, f"walk-{number}-id"]
    elif action == "change":
        amend(people.ada, slug, title=f"Title {number}")
        publish(people, slug)
    elif action == "rename":
        step(people.rui, "rename", slug, slug=f"walk-{number}-id").raise_for_status()
        return [f"walk-{number}-id" if each == slug else each for each in public]
    else:
        step(people.rui, "withdraw", slug, reason="Retracted.").raise_for_status()
        return [each for each in public if each != slug]
    return public
