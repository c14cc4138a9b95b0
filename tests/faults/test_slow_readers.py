"""Readers who ask for much and take nothing: they hold what is theirs, and nobody else waits."""

import socket
import time
from contextlib import ExitStack

import httpx
import pytest
from publishing import case_study, publish
from serving import Service

pytestmark = [pytest.mark.slow, pytest.mark.one_database]
SLOW = 30
SOON = 6  # seconds; a busy machine is no fault
LITTLE = 4096  # bytes that such a reader has room for


def slow_reader(service: Service) -> socket.socket:
    """One who asks for everything and reads nothing."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE)
    host, port = service.url.removeprefix("http://").split(":")
    reader.connect((host, int(port)))
    reader.sendall(b"GET /v1/exports/case-studies.ndjson HTTP/1.1\r\nHost: here\r\n\r\n")
    return reader


def test_slow_readers_of_an_export_hold_up_nobody_after_a_publication(own_service: Service) -> None:
    httpx.get(f"{own_service.url}/v1/case-studies").raise_for_status()
    with ExitStack() as stack:
        for _ in range(SLOW):
            stack.enter_context(slow_reader(own_service))
        time.sleep(3)  # until each has a connection, or was told that there is none
        for number in range(3):
            publish(own_service.database, case_study(f"meanwhile-{number}", title="Zzyzx"))
            for address, status in (
                ("/v1/case-studies", 200),
                (f"/v1/case-studies?q=zzyzx&limit={number + 1}", 200),
                ("/v1/case-studies/boise-id", 200),
                ("/readyz", 200),
                ("/v1/admin/audit", 401),
            ):
                began = time.monotonic()
                answer = httpx.get(f"{own_service.url}{address}", timeout=60)
                assert (answer.status_code, time.monotonic() - began < SOON) == (status, True)
            found = httpx.get(f"{own_service.url}/v1/case-studies?q=zzyzx").json()
            assert found["meta"]["total"] == number + 1
    answer = httpx.get(f"{own_service.url}/v1/exports/case-studies.json", timeout=60)
    assert answer.status_code in (200, 503)
