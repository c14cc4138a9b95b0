"""Whatever happens while a file is planned or written: a record is written whole or not at all, and one is told what to do."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from importing import commit, count, many_districts, plan, send, wait_until_planned
from people import People, client, district, key
from server_process import server_process
from serving import serving

import app.database
from app.clock import now
from app.database import Database
from app.desk.imports import plans
from app.desk.imports.plans import PlanRow
from app.desk.imports.rows import Reading, Row
from app.desk.imports.worker import PlanWorker

pytestmark = [pytest.mark.slow, pytest.mark.few_records]

ROWS = 5_000
PATIENCE_SECONDS = 120  # far more than any machine needs


def test_a_service_killed_while_it_writes_leaves_nothing_and_the_commit_can_be_sent_again(
    seeded_url: str,
) -> None:
    database = Database(seeded_url)
    secret = key(database, "ada", "editor")
    with server_process(seeded_url) as (first, server), _asking(first.url, secret) as ada:
        before = {table: count(database, table) for table in ("revision", "record", "district")}
        planned = wait_until_planned(ada, send(ada, many_districts(ROWS)))
        with _sent_in_the_background(first.url, secret, planned):
            _wait_until_records_are_written(ada, planned)
            server.kill()
    assert {table: count(database, table) for table in before} == before

    with server_process(seeded_url) as (second, _), _asking(second.url, secret) as ada:
        done = commit(ada, planned).raise_for_status().json()["data"]
        again = commit(ada, planned).json()["data"]
    assert (done["records_written"], again) == (ROWS, done)
    assert count(database, "district") == before["district"] + ROWS
    assert count(database, "revision") == before["revision"] + ROWS
    database.close()


def test_a_plan_that_its_service_did_not_finish_has_failed_and_is_never_written(
    people: People,
) -> None:
    abandoned = _abandoned(people.service.database, timedelta(minutes=6))
    found = people.ada.get(f"/imports/{abandoned}")
    assert (
        found.json()["data"]["state"],
        "Upload the file again" in found.json()["data"]["problem"],
    ) == ("failed", True)
    refused = commit(people.ada, found)
    assert (refused.status_code, "interrupted" in refused.json()["detail"]) == (409, True)


def test_a_plan_that_is_being_made_cannot_be_written_yet(people: People) -> None:
    growing = people.ada.get(
        f"/imports/{_abandoned(people.service.database, timedelta(minutes=1))}"
    )
    assert growing.json()["data"]["state"] == "planning"
    assert commit(people.ada, growing).status_code == 409


def test_plans_are_kept_for_thirty_days(people: People) -> None:
    young, old = (_abandoned(people.service.database, timedelta(days=days)) for days in (29, 31))
    plan(people.ada, [district("a-newer-id", name="A newer plan")])
    assert (
        people.ada.get(f"/imports/{young}").status_code,
        people.ada.get(f"/imports/{old}").status_code,
    ) == (200, 404)


def test_a_service_that_is_stopped_while_it_plans_says_so(
    database: Database, tmp_path: Path
) -> None:
    planning, stopping = PlanWorker(database), threading.Event()

    def rows() -> Iterator[Row]:
        for number in range(2_000):
            if number == 1_000:
                stopping.wait()
            yield Row("district", {"slug": f"row-{number}"}, f"line {number}")

    planned = _plan(database)
    done = planning.begin(planned, Reading(rows()), (tmp_path / "file").open("w+b"))
    closing = threading.Thread(target=planning.close)
    closing.start()
    time.sleep(0.1)
    stopping.set()
    closing.join()
    assert done.done()
    with database.reading() as session:
        found = plans.get(session, planned)
    assert (found.state, found.problem) == (
        "failed",
        "The service stopped while it read the file. Upload it again.",
    )
    assert found.rows_seen < 2_000


def test_one_who_would_wait_too_long_behind_a_long_write_is_told_to_come_back(
    sqlite_seeded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.database, "WRITE_SECONDS", 0.1)
    path = tmp_path / "busy.sqlite"
    path.write_bytes(sqlite_seeded.read_bytes())
    with (
        serving(f"sqlite:///{path}") as service,
        client(service, key(service.database, "ada", "editor")) as ada,
    ):
        ada.get("/imports").raise_for_status()  # the first use of a key in a minute is noted
        with service.database.writing() as session:
            session.connection()
            answer = ada.post("/districts", json=district("late-id"))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert ada.post("/districts", json=district("late-id")).status_code == 201


def _abandoned(database: Database, age: timedelta) -> str:
    """The id of a plan that was begun so long ago and has not grown since."""
    planned = _plan(database)
    with database.writing() as session:
        row = session.get_one(PlanRow, planned)
        row.created_at = row.updated_at = now() - age
        session.add(row)
    return planned


def _plan(database: Database) -> str:
    with database.writing() as session:
        return plans.create(
            session,
            kind="district",
            format_="csv",
            filename="rows.csv",
            reading=Reading(iter(())),
            by="ada",
            at=now(),
        ).id


def _state(ada: httpx.Client, planned: httpx.Response) -> dict[str, object]:
    found: dict[str, object] = (
        ada.get(f"/imports/{planned.json()['data']['id']}").raise_for_status().json()["data"]
    )
    return found


def _wait_until_records_are_written(ada: httpx.Client, planned: httpx.Response) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    state = _state(ada, planned)
    while state["state"] != "committing" or not state["records_written"]:
        assert state["state"] in ("planned", "committing"), state
        assert time.monotonic() < deadline, f"no record written in {PATIENCE_SECONDS} s: {state}"
        time.sleep(0.01)
        state = _state(ada, planned)


@contextmanager
def _asking(url: str, secret: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"{url}/v1/admin", headers={"Authorization": f"Bearer {secret}"}, timeout=60
    ) as client:
        yield client


@contextmanager
def _sent_in_the_background(url: str, secret: str, planned: httpx.Response) -> Iterator[None]:
    program = (
        "import httpx, sys\n"
        "url, secret, etag = sys.argv[1:]\n"
        "httpx.post(url, json={}, headers={'Authorization': f'Bearer {secret}', 'If-Match': etag}, timeout=60)\n"
    )
    address = f"{url}/v1/admin/imports/{planned.json()['data']['id']}/commit"
    sent = subprocess.Popen(
        [sys.executable, "-c", program, address, secret, planned.headers["ETag"]],
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        sent.wait(timeout=60)
