"""The process is told to end, by whatever signal: what was asked is answered, and a connection just made is not reset."""

import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from shutil import copy

import httpx
import pytest
from people import at_the_desk, district
from server_process import server_process

pytestmark = [pytest.mark.slow, pytest.mark.one_database]
PATIENCE = 60  # seconds; a busy machine is no fault
QUESTION = b"GET /v1/case-studies?limit=1 HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.fixture(autouse=True)
def hangup_is_heard() -> Iterator[None]:
    """The service ignores SIGHUP if it was started so, and these tests may run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def path(sqlite_seeded: Path, tmp_path: Path) -> Path:
    """A seeded file of the test's own."""
    return Path(copy(sqlite_seeded, tmp_path / "own.sqlite"))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_what_is_being_written_when_the_signal_comes_is_answered(name: str, path: Path) -> None:
    with (
        server_process(f"sqlite:///{path}") as (service, server),
        at_the_desk(service) as people,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        ThreadPoolExecutor(1) as threads,
    ):
        other.execute("BEGIN IMMEDIATE")
        writing = threads.submit(people.ada.post, "/districts", json=district("in-flight-id"))
        time.sleep(1)  # until it waits for its turn
        server.send_signal(signal.Signals[name])
        time.sleep(1)  # until the signal is heard
        assert server.poll() is None
        other.execute("ROLLBACK")
        assert writing.result().status_code == 201
        server.wait(PATIENCE)


def test_a_connection_just_made_is_answered_and_then_closed(path: Path) -> None:
    with server_process(f"sqlite:///{path}") as (service, server):
        address = ("127.0.0.1", int(service.url.rpartition(":")[2]))
        connections = [socket.create_connection(address, timeout=PATIENCE) for _ in range(10)]
        httpx.get(f"{service.url}/healthz").raise_for_status()  # all of them are accepted by now
        # Stopped, it finds the signal and the questions at the same time.
        server.send_signal(signal.SIGSTOP)
        server.send_signal(signal.SIGTERM)
        for connection in connections:
            connection.sendall(QUESTION)
        server.send_signal(signal.SIGCONT)
        answers = [_received(connection) for connection in connections]
        server.wait(PATIENCE)
    assert [answer.split(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 10
    assert all(b"connection: close" in answer for answer in answers)


def test_workers_end_on_a_hangup_of_their_terminal(path: Path) -> None:
    with server_process(f"sqlite:///{path}", WORKERS="2") as (_service, server):
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        for process in (*map(int, children), server.pid):  # as a terminal that closes sends it
            subprocess.run(["kill", "-HUP", str(process)], check=True)
        server.wait(PATIENCE)
        assert not any(_is_running(int(child)) for child in children)


def _is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def _received(connection: socket.socket) -> bytes:
    """All that comes until the connection ends."""
    parts = []
    with connection:
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
