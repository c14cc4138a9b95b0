"""What an operator finds in the log: one line for each request that is worth one, and nothing that is nobody's business."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from migrating import ROOT
from people import key
from templates import sqlite_file

from app.database import Database
from app.web.request_log import shown_client

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]
SERVE = """
import sys, uvicorn
from app import logs
from app.settings import Settings
logs.configure(Settings().log_format)
uvicorn.run('app.main:create_app', factory=True, port=int(sys.argv[1]), log_level='warning',
            log_config=None, access_log=False)
"""


@dataclass
class Logged:
    """A service in a process of its own, and what it wrote once it has ended."""

    url: str
    port: int
    text: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)

    def requests(self) -> list[dict[str, Any]]:
        """The lines about requests; how its start was waited for is left out."""
        return [
            line
            for line in self.lines
            if line["event"] == "request" and line["route"] != "/healthz"
        ]


@contextmanager
def logging(folder: Path, **settings: str) -> Iterator[Logged]:
    """A service with these settings; what it wrote is read after the block."""
    database = folder / "logged.sqlite"
    if not database.exists():
        database.write_bytes(sqlite_file("few").read_bytes())
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{database}",
        "INDEX_DIR": str(folder / "index"),
        "PORT": str(port),
        "LOG_FORMAT": "json",
        **settings,
    }
    logged = Logged(f"http://127.0.0.1:{port}", port)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(port)], cwd=ROOT, env=environment, stderr=log
        )
        try:
            _wait_for(logged.url)
            yield logged
        finally:
            process.terminate()
            process.wait(timeout=60)
    logged.text = (folder / "log").read_text(encoding="utf-8")
    if environment["LOG_FORMAT"] == "json":
        logged.lines = [json.loads(line) for line in logged.text.splitlines()]


def _wait_for(url: str) -> None:
    for _ in range(1200):
        try:
            httpx.get(f"{url}/healthz", timeout=60).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise TimeoutError(url)


def test_each_request_that_reached_the_application_has_a_line(tmp_path: Path) -> None:
    with logging(tmp_path) as logged:
        for _ in range(2):  # the second is answered from memory
            httpx.get(f"{logged.url}/v1/case-studies?q=school", timeout=60).raise_for_status()
        missing = httpx.get(f"{logged.url}/v1/districts/nowhere", timeout=60)
        httpx.head(f"{logged.url}/v1/states", timeout=60).raise_for_status()
        httpx.get(f"{logged.url}/no/such/place", timeout=60)
    lines = [
        (one["method"], one["route"], one["status"], one["cache"]) for one in logged.requests()
    ]
    assert lines == [
        ("GET", "/v1/case-studies", 200, "miss"),
        ("GET", "/v1/districts/{slug}", 404, "miss"),
        ("HEAD", "/v1/states", 200, "miss"),
        ("GET", "unmatched", 404, "bypass"),
    ]
    assert logged.requests()[1]["request_id"] == missing.headers["X-Request-Id"]
    assert all(one["milliseconds"] > 0 and one["timestamp"] for one in logged.requests())


def test_answers_from_memory_have_a_line_only_if_that_is_set(tmp_path: Path) -> None:
    with logging(tmp_path, LOG_REQUESTS="all") as logged:
        first = httpx.get(f"{logged.url}/v1/states", timeout=60)
        httpx.get(
            f"{logged.url}/v1/states", headers={"If-None-Match": first.headers["ETag"]}, timeout=60
        )
    states = [(one["status"], one["cache"]) for one in logged.requests()]
    assert states == [(200, "miss"), (304, "hit")]
    with logging(tmp_path, LOG_REQUESTS="none") as silent:
        httpx.get(f"{silent.url}/v1/states", timeout=60).raise_for_status()
    assert silent.lines == []


def test_no_line_has_a_key_a_search_or_an_address_unless_set(tmp_path: Path) -> None:
    def ask(logged: Logged, secret: str) -> None:
        own = {"Authorization": f"Bearer {secret}"}
        httpx.get(f"{logged.url}/v1/admin/audit", headers=own, timeout=60).raise_for_status()
        httpx.get(f"{logged.url}/v1/case-studies?q=privateword", timeout=60).raise_for_status()
        httpx.get(f"{logged.url}/v1/districts/privateword", timeout=60)

    with logging(tmp_path) as logged:
        database = Database(f"sqlite:///{tmp_path / 'logged.sqlite'}")
        secret = key(database, "ada", "editor")
        database.close()
        ask(logged, secret)
    assert len(logged.requests()) == 3
    for hidden in (secret, secret[3:20], "privateword", "127.0.0.1"):
        assert hidden not in logged.text
    with logging(tmp_path, LOG_QUERIES="true", LOG_CLIENTS="network") as told:
        ask(told, secret)
    assert secret[3:20] not in told.text
    search = told.requests()[1]
    assert (search["query"], search["client"]) == ("q=privateword", "127.0.0.0/24")


def test_a_client_that_hangs_up_is_one_line(tmp_path: Path) -> None:
    head = (
        "POST /v1/suggestions HTTP/1.1\r\nHost: x\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    )
    with logging(tmp_path) as logged:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", logged.port)) as connection:
                connection.sendall(head.encode())
        time.sleep(1)
        httpx.get(f"{logged.url}/v1/states", timeout=60).raise_for_status()
    assert [one["status"] for one in logged.requests()].count(499) == 3
    assert len(logged.requests()) == 4
    assert "Traceback" not in logged.text


def test_what_a_server_cannot_read_is_a_line_like_the_others(tmp_path: Path) -> None:
    with logging(tmp_path) as logged:
        connection = socket.create_connection(("127.0.0.1", logged.port))
        connection.sendall(b"no request at all\r\n\r\n")
        connection.recv(100)
        connection.close()
    (line,) = (one for one in logged.lines if one["logger"] == "uvicorn.error")
    assert (line["event"], line["level"]) == ("Invalid HTTP request received.", "warning")


def test_a_failure_is_told_once_with_its_request_id(tmp_path: Path) -> None:
    with logging(tmp_path) as logged:
        database = Database(f"sqlite:///{tmp_path / 'logged.sqlite'}")
        with database.writing() as session:
            session.connection().exec_driver_sql("ALTER TABLE suggestion RENAME TO elsewhere")
        database.close()
        answer = httpx.post(
            f"{logged.url}/v1/suggestions",
            json={"kind": "new-case", "text": "Look at this district."},
            timeout=60,
        )
    assert answer.status_code >= 500
    errors = [one for one in logged.lines if one["level"] == "error"]
    assert len(errors) <= 1
    assert all(answer.json()["instance"] in one["event"] for one in errors)
    assert [one["status"] for one in logged.requests()] == [answer.status_code]


def test_on_a_console_a_line_is_for_people(tmp_path: Path) -> None:
    with logging(tmp_path, LOG_FORMAT="console") as logged:
        httpx.get(f"{logged.url}/v1/states", timeout=60).raise_for_status()
    line = next(line for line in logged.text.splitlines() if "/v1/states" in line)
    assert "status=200" in line
    assert "\x1b" not in logged.text


@pytest.mark.parametrize(
    ("address", "clients", "shown"),
    [
        ("203.0.113.77", "network", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "network", "2001:db8:1::/48"),
        ("203.0.113.77", "address", "203.0.113.77"),
        ("a socket", "network", "other"),
    ],
)
def test_an_address_is_shown_as_the_setting_says(address: str, clients: str, shown: str) -> None:
    assert shown_client(address, clients) == shown
