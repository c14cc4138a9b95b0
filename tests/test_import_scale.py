"""Many rows: in bounded memory, with progress, and whole or not at all, whatever happens while they are written."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from importing import as_csv, commit, send
from people import key
from serving import Service
from sqlalchemy import text

from app.database import Database
from app.desk import commits, plans
from app.desk.access import Editor, now
from app.desk.commits import Commitment
from app.desk.readers import read_file

ROWS = 5_000
MIB = 1024  # of what getrusage counts in


def many_districts(rows: int) -> bytes:
    """So many new districts, none of which looks like another."""
    table = ([f"many-{n}-or", f"{9_000_000 + n}", f"Many {n}", "OR", "Salem", str(n)] for n in range(rows))
    return as_csv([["slug", "nces_leaid", "name", "state", "city", "problem"], *table])


def count(database: Database, table: str, where: str = "1 = 1") -> int:
    """How many rows a table has."""
    with database.reading() as session:
        return int(session.connection().execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())


def wait_until_planned(editor: httpx.Client, planned: httpx.Response) -> httpx.Response:
    """The plan when it is ready."""
    seen = []
    while planned.json()["data"]["state"] == "planning":
        time.sleep(0.05)
        planned = editor.get(f"/imports/{planned.json()['data']['id']}").raise_for_status()
        seen.append(planned.json()["data"]["rows_seen"])
    assert seen == sorted(seen)
    return planned


def test_many_rows_are_planned_and_written_in_bounded_memory(seeded_url: str, tmp_path: Path) -> None:
    path = tmp_path / "districts.csv"
    path.write_bytes(many_districts(ROWS))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    progress: list[int] = []
    database = Database(seeded_url)
    with path.open("rb") as file:
        reading = read_file(file, "district", "csv")
        with database.writing() as session:
            plan = plans.create(session, kind="district", format_="csv", filename="x.csv", reading=reading, by="ada", at=now())
        plans.fill(database, plan.id, reading, seen=progress.append)
    with database.writing() as session:
        done = commits.commit(
            session, plan.id, Commitment(), seen_version=2, by=Editor("", "ada", "editor"), at=now(), seen=progress.append
        )
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / MIB
    assert (done.written, count(database, "district", "slug LIKE 'many-%'")) == (ROWS, ROWS)
    assert progress == 2 * list(range(500, ROWS + 1, 500))
    assert grown < 60
    database.close()


def test_a_large_file_is_answered_while_it_is_still_read(own_service: Service) -> None:
    with _editor(own_service, "ada") as ada:
        planned = send(ada, many_districts(ROWS))
        assert (planned.status_code, planned.json()["links"]["commit"]) in ((202, None), (201, planned.json()["links"]["commit"]))
        planned = wait_until_planned(ada, planned)
        assert (planned.json()["data"]["state"], planned.json()["data"]["counts"]["created"]) == ("planned", ROWS)


def test_a_service_killed_while_it_writes_leaves_nothing_and_the_commit_can_be_sent_again(seeded_url: str) -> None:
    database = Database(seeded_url)
    before = {table: count(database, table) for table in ("revision", "record", "district")}
    secret = key(database, "ada", "editor")
    with _process(seeded_url) as first, _asking(first.url, secret) as ada:
        planned = wait_until_planned(ada, send(ada, many_districts(ROWS)))
        with _sent_in_the_background(first.url, secret, planned):
            while (state := _state(ada, planned))["state"] != "committing" or not state["records_written"]:
                assert state["state"] != "committed"
            os.kill(first.pid, signal.SIGKILL)
    assert {table: count(database, table) for table in before} == before

    with _process(seeded_url) as second, _asking(second.url, secret) as ada:
        done = commit(ada, planned).raise_for_status().json()["data"]
        again = commit(ada, planned).json()["data"]
    assert (done["records_written"], again) == (ROWS, done)
    assert count(database, "district") == before["district"] + ROWS
    assert count(database, "revision") == before["revision"] + ROWS
    database.close()


def _state(ada: httpx.Client, planned: httpx.Response) -> dict[str, object]:
    found: dict[str, object] = ada.get(f"/imports/{planned.json()['data']['id']}").raise_for_status().json()["data"]
    return found


@contextmanager
def _editor(service: Service, name: str) -> Iterator[httpx.Client]:
    with _asking(service.url, key(service.database, name, "editor")) as client:
        yield client


@contextmanager
def _asking(url: str, secret: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{url}/v1/admin", headers={"Authorization": f"Bearer {secret}"}, timeout=60) as client:
        yield client


class _Served:
    """A service in a process of its own."""

    def __init__(self, pid: int, url: str) -> None:
        self.pid, self.url = pid, url


@contextmanager
def _process(database_url: str) -> Iterator[_Served]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"DATABASE_URL": database_url, "PORT": str(port)}
    process = subprocess.Popen([Path(sys.prefix) / "bin" / "model-districts", "serve"], env=environment, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                if httpx.get(f"{url}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.05)
        yield _Served(process.pid, url)
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def _sent_in_the_background(url: str, secret: str, planned: httpx.Response) -> Iterator[None]:
    program = (
        "import httpx, sys\n"
        "url, secret, etag = sys.argv[1:]\n"
        "httpx.post(url, json={}, headers={'Authorization': f'Bearer {secret}', 'If-Match': etag}, timeout=60)\n"
    )
    address = f"{url}/v1/admin/imports/{planned.json()['data']['id']}/commit"
    sent = subprocess.Popen([sys.executable, "-c", program, address, secret, planned.headers["ETag"]], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        sent.wait(timeout=60)
