"""What an operator finds in the log: one line for each request that is worth one, and nothing that is nobody's business."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
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
    """A service in a process of its own, and where it writes its log."""

    url: str
    port: int
    path: Path
    database_url: str

    def text(self) -> str:
        """All that it wrote until now."""
        return self.path.read_text(encoding="utf-8")

    def lines(self) -> list[dict[str, Any]]:
        """The lines, if they are JSON; how its start was waited for is left out."""
        lines = [json.loads(line) for line in self.text().splitlines()]
        return [line for line in lines if line.get("route") != "/healthz"]

    def while_doing(self, what: Callable[[], object], *, wait_for: int) -> list[dict[str, Any]]:
        """The lines that something makes: so many are waited for."""
        before = len(self.lines())
        what()
        for _ in range(600):
            if len(self.lines()) >= before + wait_for:
                break
            time.sleep(0.1)
        return self.lines()[before:]


@contextmanager
def logging(folder: Path, **settings: str) -> Iterator[Logged]:
    """A service with these settings. To start a process takes seconds: few do."""
    database = folder / "logged.sqlite"
    database.write_bytes(sqlite_file("few").read_bytes())
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    url = f"sqlite:///{database}"
    environment = os.environ | {
        "DATABASE_URL": url,
        "INDEX_DIR": str(folder / "index"),
        "PORT": str(port),
        "LOG_FORMAT": "json",
        **settings,
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(port)], cwd=ROOT, env=environment, stderr=log
        )
        try:
            logged = Logged(f"http://127.0.0.1:{port}", port, folder / "log", url)
            _wait_for(logged.url)
            yield logged
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait_for(url: str) -> None:
    for _ in range(1200):
        try:
            httpx.get(f"{url}/healthz", timeout=60).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise TimeoutError(url)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    """A service that logs as it does unless something is set, but for JSON."""
    with logging(tmp_path_factory.mktemp("logged")) as logged:
        yield logged


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    """A service that logs all it can."""
    everything = {"LOG_REQUESTS": "all", "LOG_QUERIES": "true", "LOG_CLIENTS": "network"}
    with logging(tmp_path_factory.mktemp("told"), **everything) as told:
        yield told


def get(address: str, **headers: str) -> httpx.Response:
    """One request."""
    return httpx.get(address, headers=headers, timeout=60)


def test_each_request_that_reached_the_application_has_a_line(logged: Logged) -> None:
    def ask() -> None:
        for _ in range(2):  # the second is answered from memory
            get(f"{logged.url}/v1/case-studies?q=school").raise_for_status()
        missing.append(get(f"{logged.url}/v1/districts/nowhere"))
        httpx.head(f"{logged.url}/v1/states", timeout=60).raise_for_status()
        get(f"{logged.url}/no/such/place")

    missing: list[httpx.Response] = []
    lines = logged.while_doing(ask, wait_for=4)
    assert [(one["method"], one["route"], one["status"], one["cache"]) for one in lines] == [
        ("GET", "/v1/case-studies", 200, "miss"),
        ("GET", "/v1/districts/{slug}", 404, "miss"),
        ("HEAD", "/v1/states", 200, "miss"),
        ("GET", "unmatched", 404, "bypass"),
    ]
    assert lines[1]["request_id"] == missing[0].headers["X-Request-Id"]
    assert all(one["milliseconds"] > 0 and one["timestamp"] for one in lines)


def test_answers_from_memory_have_a_line_if_that_is_set(told: Logged) -> None:
    def ask() -> None:
        first = get(f"{told.url}/v1/states").raise_for_status()
        get(f"{told.url}/v1/states", **{"If-None-Match": first.headers["ETag"]})

    lines = told.while_doing(ask, wait_for=2)
    assert [(one["status"], one["cache"]) for one in lines] == [(200, "miss"), (304, "hit")]


def ask_in_private(logged: Logged, secret: str) -> Callable[[], None]:
    """Three requests that say something of who asks."""

    def ask() -> None:
        get(f"{logged.url}/v1/admin/audit", Authorization=f"Bearer {secret}").raise_for_status()
        get(f"{logged.url}/v1/case-studies?q=privateword").raise_for_status()
        get(f"{logged.url}/v1/districts/privateword")

    return ask


def new_key(logged: Logged) -> str:
    """The secret of a key of this service."""
    with closing(Database(logged.database_url)) as database:
        return key(database, "ada", "editor")


def test_no_line_has_a_key_a_search_or_an_address_unless_set(logged: Logged) -> None:
    secret = new_key(logged)
    assert len(logged.while_doing(ask_in_private(logged, secret), wait_for=3)) == 3
    for hidden in (secret, secret[3:20], "privateword", "127.0.0.1"):
        assert hidden not in logged.text()


def test_a_search_and_the_network_of_a_client_are_logged_if_that_is_set(told: Logged) -> None:
    secret = new_key(told)
    lines = told.while_doing(ask_in_private(told, secret), wait_for=3)
    assert (lines[1]["query"], lines[1]["client"]) == ("q=privateword", "127.0.0.0/24")
    assert secret[3:20] not in told.text()


def test_a_client_that_hangs_up_is_one_line(logged: Logged) -> None:
    head = (
        "POST /v1/suggestions HTTP/1.1\r\nHost: x\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    )

    def hang_up() -> None:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", logged.port)) as connection:
                connection.sendall(head.encode())

    lines = logged.while_doing(hang_up, wait_for=3)
    assert [one["status"] for one in lines] == [499] * 3
    assert "Traceback" not in logged.text()


def test_what_a_server_cannot_read_is_a_line_like_the_others(logged: Logged) -> None:
    def send_nonsense() -> None:
        with socket.create_connection(("127.0.0.1", logged.port)) as connection:
            connection.sendall(b"no request at all\r\n\r\n")
            connection.recv(100)

    (line,) = logged.while_doing(send_nonsense, wait_for=1)
    assert (line["event"], line["level"]) == ("Invalid HTTP request received.", "warning")


def test_a_failure_is_told_once_with_its_request_id(told: Logged) -> None:
    answers: list[httpx.Response] = []
    body = {"kind": "new-case", "text": "Look at this district."}
    with closing(Database(told.database_url)) as database:
        with database.writing() as session:
            session.connection().exec_driver_sql("ALTER TABLE suggestion RENAME TO elsewhere")

        def suggest() -> None:
            answers.append(httpx.post(f"{told.url}/v1/suggestions", json=body, timeout=60))

        lines = told.while_doing(suggest, wait_for=2)
        with database.writing() as session:
            session.connection().exec_driver_sql("ALTER TABLE elsewhere RENAME TO suggestion")
    assert answers[0].status_code >= 500
    errors = [one for one in lines if one["level"] == "error"]
    assert [answers[0].json()["instance"] in one["event"] for one in errors] == [True]
    requests = [one for one in lines if one["event"] == "request"]
    assert [one["status"] for one in requests] == [answers[0].status_code]


@pytest.mark.slow
def test_on_a_console_a_line_is_for_people(tmp_path: Path) -> None:
    with logging(tmp_path, LOG_FORMAT="console") as logged:
        get(f"{logged.url}/v1/states").raise_for_status()
    line = next(line for line in logged.text().splitlines() if "/v1/states" in line)
    assert "status=200" in line
    assert "\x1b" not in logged.text()


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
