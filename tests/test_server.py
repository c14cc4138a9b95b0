"""What one client may send, hold and delay on a port without a proxy: a bounded part, while all others go on."""

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from serving import Service, serving

from app.web.server import LINGER_SECONDS, MAX_PIPELINED, allow_descriptors
from app.web.server_answers import MAX_HEAD, MAX_TARGET

pytestmark = pytest.mark.one_database  # what HTTP does cannot differ by database
PATIENCE = 60  # seconds; a busy machine is no fault
STALL = 1.5  # seconds that the service under test waits for a client
MOST = 6
LONG = b"GET /v1/case-studies?limit=100 HTTP/1.1\r\nHost: here\r\n\r\n"
CHUNKED = (
    b"POST /v1/suggestions HTTP/1.1\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@pytest.fixture(scope="module")
def strict(sqlite_seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that waits for clients but a moment, and takes few connections."""
    file = shutil.copy(sqlite_seeded, tmp_path_factory.mktemp("strict") / "own.sqlite")
    with serving(
        f"sqlite:///{file}",
        client_timeout_seconds=STALL,
        keep_alive_seconds=STALL,
        max_connections=MOST,
    ) as service:
        yield service


def connected(service: Service) -> socket.socket:
    """A bare connection."""
    host, port = service.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def received(connection: socket.socket) -> bytes:
    """All that comes until the connection ends, in whatever way."""
    parts = []
    try:
        while part := connection.recv(1 << 20):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def answer_to(service: Service, *sent: bytes) -> bytes:
    """What comes back for these bytes."""
    with closing(connected(service)) as connection:
        for part in sent:
            try:
                connection.sendall(part)
            except ConnectionError:
                break
        return received(connection)


def is_well(service: Service) -> bool:
    """Whether another client is answered."""
    return httpx.get(f"{service.url}/v1/states", timeout=PATIENCE).status_code == 200


def stalled_reader(service: Service) -> socket.socket:
    """A client that asks for more than all buffers hold and takes none of it."""
    connection = connected(service)
    connection.settimeout(PATIENCE)
    connection.sendall(LONG * MAX_PIPELINED)
    return connection


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for something that another side does in its own time."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.02)


def test_an_address_of_eight_thousand_bytes_is_read_and_a_longer_one_refused(
    client: httpx.Client,
) -> None:
    path = "/v1/districts?q="
    assert client.get(path + "a" * (MAX_TARGET - len(path))).status_code == 422
    answer = client.get(path + "a" * MAX_TARGET)
    assert answer.status_code == 414
    problem = answer.json()
    assert problem["type"] == "/problems/address-too-long"
    assert "8,192 bytes" in problem["detail"]
    assert problem["instance"] == answer.headers["X-Request-Id"]
    assert client.get("/problems/address-too-long").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Long": "a" * MAX_HEAD},
        {f"X-{number}": "a" * 900 for number in range(40)},
    ],
    ids=["one long", "many"],
)
def test_headers_that_are_too_long_are_refused(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    answer = client.get("/v1/states", headers=headers)
    assert answer.status_code == 431
    assert answer.json()["type"] == "/problems/headers-too-large"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_usual_headers_of_browsers_and_proxies_pass(client: httpx.Client, method: str) -> None:
    headers = {f"X-Forwarded-{number}": "a" * 400 for number in range(40)}
    answer = client.request(method, "/v1/states", headers=headers)
    assert answer.status_code == (200 if method == "GET" else 405)


@pytest.mark.parametrize(
    ("beginning", "flood", "status"),
    [
        (b"GET /v1/states?", b"a" * 65536, b"414"),
        (b"GET /v1/states HTTP/1.1\r\nX: ", b"a" * 65536, b"431"),
        (b"GET /v1/states HTTP/1.1\r\n", b"X: a\r\n" * 10_000, b"431"),
        (b"", b"\r\n" * 32768, b"431"),
        (CHUNKED + b"1;", b"a" * 65536, b""),
        (CHUNKED + b"1\r\n{\r\n0\r\nX: ", b"a" * 65536, b""),
    ],
    ids=["address", "one header", "many headers", "blank lines", "chunk extension", "trailer"],
)
def test_a_flood_before_the_application_ends_after_a_few_kilobytes(
    service: Service, beginning: bytes, flood: bytes, status: bytes
) -> None:
    with closing(connected(service)) as connection:
        connection.sendall(beginning)
        sent = 0
        try:
            while sent < 200_000_000:
                sent += connection.send(flood)
        except ConnectionError:
            pass
        assert (
            sent < 30_000_000
        )  # what the buffers of both systems take, and what is read to let go
        answer = received(connection)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 " + status)
    assert is_well(service)


def test_requests_without_end_and_without_an_answer_read_end_the_connection(
    service: Service,
) -> None:
    many = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n" * 2000
    with closing(connected(service)) as connection:
        sent = 0
        try:
            while sent < 200_000_000:
                sent += connection.send(many)
        except ConnectionError:
            pass
    assert sent < 30_000_000  # what the buffers of both systems take
    assert is_well(service)


def test_a_client_that_sends_too_long_a_head_reads_why(service: Service) -> None:
    answer = answer_to(service, b"GET /v1/states HTTP/1.1\r\nX: " + b"a" * 300_000)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"Send fewer" in answer


def test_what_is_not_http_is_told_so(service: Service) -> None:
    answer = answer_to(service, b"hello\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"/problems/bad-request" in answer


@pytest.mark.slow
def test_who_connects_and_sends_nothing_is_let_go(strict: Service) -> None:
    began = time.monotonic()
    assert answer_to(strict) == b""
    assert time.monotonic() - began >= STALL * 0.9


@pytest.mark.slow
def test_half_a_request_is_waited_for_but_a_moment(strict: Service) -> None:
    answer = answer_to(strict, b"GET /v1/states HTTP/1.1\r\nHost: he")
    assert answer.startswith(b"HTTP/1.1 408 ")
    whole = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n"
    later = answer_to(strict, whole, b"GET /v1/states HTTP/1.1\r\nHost: he")
    assert later.startswith(b"HTTP/1.1 200 ")


@pytest.mark.slow
def test_a_head_that_comes_letter_by_letter_is_not_waited_for(strict: Service) -> None:
    with closing(connected(strict)) as connection:
        began = time.monotonic()
        try:
            while time.monotonic() - began < PATIENCE:
                connection.sendall(b"a")
                time.sleep(0.05)
        except ConnectionError:
            pass
    assert STALL * 0.9 <= time.monotonic() - began < PATIENCE


@pytest.mark.slow
def test_half_a_body_is_waited_for_but_a_moment(strict: Service) -> None:
    began = time.monotonic()
    answer = answer_to(
        strict,
        b"POST /v1/suggestions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\n{",
    )
    assert b" 200 " not in answer
    assert STALL * 0.9 <= time.monotonic() - began < PATIENCE


@pytest.mark.slow
def test_a_connection_on_which_nothing_is_asked_is_closed(strict: Service) -> None:
    answer = answer_to(strict, b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
    assert answer.endswith(b'{"status":"ok"}')


@pytest.mark.slow
def test_who_asks_for_much_and_takes_nothing_is_cut_off(strict: Service) -> None:
    with closing(stalled_reader(strict)) as connection:
        time.sleep(3 * STALL)  # longer than the service waits
        taken = received(connection)
    assert taken.count(b"HTTP/1.1 200 OK") < MAX_PIPELINED
    assert is_well(strict)


@pytest.mark.slow
def test_who_reads_slowly_is_served_to_the_end(strict: Service) -> None:
    with closing(connected(strict)) as connection:
        connection.sendall(LONG * 60 + LONG.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        size = len(connection.recv(1, socket.MSG_PEEK))
        while part := connection.recv(1 << 18):
            size += len(part)
            time.sleep(0.02)
    assert size > 61 * 20_000


@pytest.mark.slow
def test_idle_connections_keep_nobody_out(strict: Service) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(closing(connected(strict))) for _ in range(4 * MOST)]
        for number, connection in enumerate(idle):
            if number % 2:
                connection.sendall(b"GET /v1/st")
        assert is_well(strict)
        assert httpx.get(f"{strict.url}/readyz", timeout=PATIENCE).status_code == 200


@pytest.mark.slow
def test_health_is_told_when_all_connections_are_taken(strict: Service) -> None:
    with ExitStack() as stack:

        def is_full() -> bool:
            """One more stalls; those that stalled before may have been cut off on a busy machine."""
            stack.enter_context(closing(stalled_reader(strict)))
            return httpx.get(f"{strict.url}/v1/states", timeout=PATIENCE).status_code == 503

        wait_until(is_full)
        for path in ("/healthz", "/readyz"):
            assert httpx.get(strict.url + path, timeout=PATIENCE).status_code == 200
        stack.enter_context(closing(stalled_reader(strict)))
        refused = httpx.get(f"{strict.url}/v1/states", timeout=PATIENCE)
        assert (refused.status_code, refused.headers["Connection"]) == (503, "close")
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.json()["type"] == "/problems/unavailable"

    def is_answered() -> bool:
        return httpx.get(f"{strict.url}/v1/states", timeout=PATIENCE).status_code == 200

    wait_until(is_answered)


def test_a_body_that_is_too_long_is_not_read_on(service: Service) -> None:
    head = (
        b"POST /v1/suggestions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        b"Content-Length: 500000000\r\n\r\n"
    )
    with closing(connected(service)) as connection:
        connection.sendall(head)
        began, sent = time.monotonic(), 0
        try:
            while sent < 400_000_000:
                sent += connection.send(b"a" * 65536)
        except ConnectionError:
            pass
    assert sent < 30_000_000
    assert time.monotonic() - began < LINGER_SECONDS + PATIENCE


def test_who_sends_too_long_a_body_reads_why(service: Service) -> None:
    answer = answer_to(
        service,
        b"POST /v1/suggestions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        b"Content-Length: 500000\r\n\r\n",
        b"a" * 300_000,
    )
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    assert b"/problems/too-large" in answer


@pytest.mark.parametrize(
    "path", ["/v1/exports/districts.csv", "/v1/exports/case-studies.ndjson", "/v1/states", "/docs"]
)
def test_a_client_of_http_1_0_gets_the_plain_body(
    service: Service, client: httpx.Client, path: str
) -> None:
    answer = answer_to(service, f"GET {path} HTTP/1.0\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert b"connection: close" in head.lower()
    assert body == client.get(path, headers={"Accept-Encoding": "identity"}).content


def test_more_connections_than_the_system_allows_are_not_promised() -> None:
    assert allow_descriptors(1) == 1
    assert allow_descriptors(10**9) < 10**9
