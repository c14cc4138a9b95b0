"""Snapshots: releases that never change, their files, and what differs between two of them."""

import csv
import hashlib
import io
import json
import zipfile
from typing import Any

import httpx
import pytest
from command_line import typing_on
from people import People, amend, at_the_desk, case_study, publish, published, step
from serving import Service, serving
from sqlalchemy import text

from app.catalog import as_of
from app.database import Database
from app.research import snapshots
from app.research.whole_directory import past_directory
from app.search.past_indexes import standing_at

pytestmark = pytest.mark.few_records
Json = dict[str, Any]
NOTE = "For the report to the board."


def freeze(person: httpx.Client, version: str, note: str = NOTE) -> httpx.Response:
    """A request for a snapshot."""
    return person.post("/snapshots", json={"version": version, "note": note})


def files(client: httpx.Client, version: str) -> list[Json]:
    """The files of a snapshot."""
    listed: list[Json] = client.get(f"/v1/snapshots/{version}").json()["data"]["files"]
    return listed


def contents(client: httpx.Client, version: str) -> dict[str, bytes]:
    """The bytes of every file of a snapshot."""
    return {
        file["name"]: client.get(file["link"]).raise_for_status().content
        for file in files(client, version)
    }


@pytest.mark.slow
def test_a_snapshot_stays_as_it_was_frozen(people: People, client: httpx.Client) -> None:
    published(people, case_study("frozen-id", title="Frozen"))
    answer = freeze(people.kim, "2026.1")
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/v1/snapshots/2026.1"
    assert client.get("/v1/snapshots/2026.1").json() == answer.json()
    before = contents(client, "2026.1")
    for file in files(client, "2026.1"):
        assert hashlib.sha256(before[file["name"]]).hexdigest() == file["sha256"]
        assert len(before[file["name"]]) == file["bytes"]
    assert len(before) == 2 * 13 + 1

    amend(people.ada, "frozen-id", title="Thawed")
    publish(people, "frozen-id")
    step(people.rui, "rename", "frozen-id", slug="thawed-id").raise_for_status()
    assert contents(client, "2026.1") == before
    titles = [row["title"] for row in map(json.loads, before["case-studies.ndjson"].splitlines())]
    assert "Frozen" in titles
    assert "Thawed" not in titles


@pytest.mark.slow
def test_its_files_are_what_its_revision_answers(people: People, client: httpx.Client) -> None:
    freeze(people.kim, "2026.11").raise_for_status()
    data = client.get("/v1/snapshots/2026.11").json()["data"]
    published(people, case_study("after-it-id"))
    for name, content in contents(client, "2026.11").items():
        then = client.get(f"/v1/exports/{name}?as_of={data['revision']}")
        assert then.content == content, name
    package = zipfile.ZipFile(io.BytesIO(contents(client, "2026.11")["model-districts.zip"]))
    descriptor = json.loads(package.read("datapackage.json"))
    assert descriptor["version"] == str(data["revision"])
    table = io.StringIO(package.read("case-studies.csv").decode("utf-8-sig"))
    assert "after-it-id" not in [row["slug"] for row in csv.DictReader(table)]


@pytest.mark.slow
def test_the_same_files_can_be_made_again_from_the_log(
    service: Service, people: People, client: httpx.Client
) -> None:
    freeze(people.kim, "2026.12").raise_for_status()
    published(people, case_study("after-12-id"))
    amend(people.ada, "boise-school-district-id", "districts", name="Boise, renamed")
    publish(people, "boise-school-district-id", "districts")
    revision = client.get("/v1/snapshots/2026.12").json()["data"]["revision"]
    with service.database.reading() as session:
        state = as_of.resolve(session, revision)
    index = standing_at(service.database, state)
    with past_directory(service.database, index) as whole:
        for file in files(client, "2026.12"):
            made = snapshots.make(whole, file["name"], base_url=service.url)
            assert hashlib.sha256(b"".join(made)).hexdigest() == file["sha256"], file["name"]


@pytest.mark.slow
def test_a_version_is_used_once(people: People, client: httpx.Client) -> None:
    first = freeze(people.kim, "2026.2").raise_for_status().json()["data"]
    again = freeze(people.kim, "2026.2", "Another note.")
    assert again.status_code == 409
    assert "a snapshot never changes. Choose another version." in again.json()["detail"]
    assert client.get("/v1/snapshots/2026.2").json()["data"] == first
    for method in ("PUT", "PATCH", "DELETE"):
        assert people.kim.request(method, "/snapshots/2026.2").status_code in (404, 405)


@pytest.mark.slow
def test_snapshots_are_listed_newest_first_and_latest_leads_to_the_newest(
    own_service: Service, own_client: httpx.Client
) -> None:
    assert own_client.get("/v1/snapshots").json()["data"] == []
    assert own_client.get("/v1/snapshots/latest").status_code == 404
    with at_the_desk(own_service) as people:
        for version in ("2025.9", "2025.10"):
            freeze(people.kim, version).raise_for_status()
    listed = own_client.get("/v1/snapshots").json()["data"]
    assert [snapshot["version"] for snapshot in listed] == ["2025.10", "2025.9"]
    latest = own_client.get("/v1/snapshots/latest")
    assert (latest.status_code, latest.headers["Location"]) == (307, "/v1/snapshots/2025.10")
    table = own_client.get("/v1/snapshots/latest/outcomes.csv")
    assert table.headers["Location"] == "/v1/snapshots/2025.10/outcomes.csv"
    missing = own_client.get("/v1/snapshots/2025.11")
    assert (missing.status_code, missing.json()["nearest"]) == (404, ["2025.10", "2025.9"])
    unknown = own_client.get("/v1/snapshots/2025.10/outcome.csv")
    assert unknown.json()["nearest"][0] == "outcomes.csv"


@pytest.mark.slow
def test_what_never_changes_may_be_kept(people: People, client: httpx.Client) -> None:
    freeze(people.kim, "2026.3").raise_for_status()
    for address in ("/v1/snapshots/2026.3", "/v1/snapshots/2026.3/districts.csv"):
        answer = client.get(address)
        assert "immutable" in answer.headers["Cache-Control"], address
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304, address
    assert "immutable" not in client.get("/v1/snapshots").headers["Cache-Control"]
    compressed = client.get("/v1/snapshots/2026.3/districts.csv", headers={"Accept-Encoding": "br"})
    plain = client.get(
        "/v1/snapshots/2026.3/districts.csv", headers={"Accept-Encoding": "identity"}
    )
    assert compressed.content == plain.content


@pytest.mark.slow
def test_two_snapshots_are_compared_record_by_record(
    own_service: Service, own_client: httpx.Client
) -> None:
    with at_the_desk(own_service) as people:
        for slug in ("changed-id", "renamed-id", "withdrawn-id", "moved-and-withdrawn-id"):
            published(people, case_study(slug, title=f"The effort {slug}"))
        freeze(people.kim, "2026.1").raise_for_status()
        amend(people.ada, "changed-id", title="Another title", approach="Others did it. [^s1]")
        publish(people, "changed-id")
        step(people.rui, "rename", "renamed-id", slug="new-name-id").raise_for_status()
        for slug in ("withdrawn-id", "moved-and-withdrawn-id"):
            if slug.startswith("moved"):
                step(people.rui, "rename", slug, slug="moved-id").raise_for_status()
                slug = "moved-id"
            step(people.rui, "withdraw", slug, reason="It was wrong.").raise_for_status()
        published(people, case_study("added-id", title="The added effort"))
        published(people, case_study("short-lived-id"))
        step(people.rui, "withdraw", "short-lived-id", reason="No.").raise_for_status()
        freeze(people.kim, "2026.2").raise_for_status()
    answer = own_client.get("/v1/snapshots/2026.2/changes?since=2026.1")
    assert "immutable" in answer.headers["Cache-Control"]
    body = answer.json()
    of_cases = {
        (change["slug_before"], change["slug"]): change
        for change in body["data"]
        if change["kind"] == "case-study"
    }
    assert {pair: change["change"] for pair, change in of_cases.items()} == {
        (None, "added-id"): "added",
        ("changed-id", "changed-id"): "changed",
        ("renamed-id", "new-name-id"): "renamed",
        ("withdrawn-id", "withdrawn-id"): "withdrawn",
        ("moved-and-withdrawn-id", "moved-id"): "withdrawn",
    }
    changed = of_cases["changed-id", "changed-id"]
    assert changed["fields"] == ["approach", "title"]
    assert changed["sentence"] == (
        "The case study Another title (changed-id) changed: approach, title."
    )
    withdrawn = of_cases["withdrawn-id", "withdrawn-id"]
    assert withdrawn["reason"] == "It was wrong."
    assert withdrawn["sentence"] == (
        "The case study The effort withdrawn-id (withdrawn-id) was withdrawn: It was wrong."
    )
    assert body["meta"]["total"]["added"] == 1
    [boise] = [change for change in body["data"] if change["slug"] == "boise-school-district-id"]
    assert "case_studies" in boise["fields"]
    assert own_client.get("/v1/snapshots/2026.2/changes?since=2026.2").json()["data"] == []
    link = own_client.get("/v1/snapshots/2026.2").json()["links"]["changes"]
    assert own_client.get(link).json() == body
    assert own_client.get("/v1/snapshots/2026.1").json()["links"]["changes"] is None
    backwards = own_client.get("/v1/snapshots/2026.1/changes?since=2026.2")
    assert backwards.status_code == 422
    assert own_client.get("/v1/snapshots/2026.2/changes").status_code == 422
    assert own_client.get("/v1/snapshots/2026.2/changes?since=2020.1").status_code == 404


def test_only_an_admin_freezes(people: People) -> None:
    for person in (people.ada, people.rui):
        refused = freeze(person, "2026.4")
        assert (refused.status_code, refused.json()["needs"]) == (403, "admin")


@pytest.mark.one_database
@pytest.mark.parametrize(
    "body",
    [
        {"version": "latest", "note": NOTE},
        {"version": "2026", "note": NOTE},
        {"version": "2026.1/..", "note": NOTE},
        {"version": "2026.5", "note": ""},
        {"version": "2026.5", "note": "\0"},
        {"version": "2026.5"},
        {"version": "2026.5", "note": NOTE, "revision": 1},
    ],
)
def test_a_wrong_request_freezes_nothing(people: People, client: httpx.Client, body: Json) -> None:
    assert people.kim.post("/snapshots", json=body).status_code == 422
    assert client.get("/v1/snapshots/2026.5").status_code == 404


@pytest.mark.slow
def test_the_command_freezes_and_verify_finds_a_damaged_file(
    seeded_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = typing_on(seeded_url, monkeypatch, capsys)
    frozen = typed("snapshot", "2026.1", "--note", NOTE)
    assert frozen.code == 0, frozen.err
    assert "Froze snapshot 2026.1 at revision" in frozen.err
    assert typed("snapshot", "2026.1", "--note", NOTE).code == 1
    assert typed("verify").code == 0
    with serving(seeded_url) as service, httpx.Client(base_url=service.url, timeout=60) as client:
        assert len(contents(client, "2026.1")) == 27
    database = Database(seeded_url)
    with database.writing() as session:
        session.connection().execute(
            text(
                "UPDATE snapshot_chunk SET content = (SELECT content FROM snapshot_chunk "
                "WHERE file = 'scale.csv') WHERE file = 'districts.csv' AND number = 0"
            )
        )
        session.connection().execute(text("DELETE FROM entry WHERE slug = 'boise-id'"))
    database.close()
    damaged = typed("verify")
    assert damaged.code == 1
    assert "Damaged: districts.csv of snapshot 2026.1. Restore a backup." in damaged.err
    assert "differs: case-study boise-id" in damaged.err
