"""Hundreds of connections at once, each asking the dearest it can: the others are answered, and nothing is left of it."""

import asyncio
import random
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from server_process import server_process
from serving import Service

pytestmark = pytest.mark.slow
CROWD = 200  # connections
SECONDS = 5.0
PATIENCE = 120  # seconds; a busy machine is no fault
SPARE_DESCRIPTORS = 30  # of pools, which may have grown; a leak would take one of each export
ROOM_MB = 40  # that a crowd may leave behind: its answers, and what searches remember
Record = Callable[[str, object], None]
Address = tuple[str, int]
KEPT = ("/healthz", "/readyz", "/v1/case-studies", "/v1/case-studies/boise-id")
COMMON = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "school",
    "schools",
    "community",
    "students",
    "families",
    "support",
    "program",
]
BEGINNINGS = [
    "ab",
    "ac",
    "ad",
    "al",
    "an",
    "ap",
    "ar",
    "as",
    "at",
    "ba",
    "be",
    "bo",
    "ca",
    "ce",
    "ch",
    "co",
    "cr",
    "de",
    "di",
    "do",
    "ed",
    "en",
    "ex",
    "fa",
    "fo",
]


@dataclass
class Crowded:
    """The service as a process, under a crowd."""

    service: Service
    process: int
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def address(self) -> Address:
        """Where it listens."""
        host, port = self.service.url.removeprefix("http://").split(":")
        return host, int(port)

    def megabytes(self) -> float:
        """Memory that it holds now."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def descriptors(self) -> int:
        """Files and connections that it holds open."""
        return len(list(Path(f"/proc/{self.process}/fd").iterdir()))


@pytest.fixture
def crowded(seeded_url: str) -> Iterator[Crowded]:
    """A service that has answered each kind of question once, and counts no client."""
    settings = {"RATE_LIMIT_READS": "0", "RATE_LIMIT_EXPORTS": "0", "TRUSTED_PROXIES": "127.0.0.1"}
    with server_process(seeded_url, **settings) as (service, server):
        for path in (*KEPT, worst_question(random.Random(0)), "/v1/exports/case-studies.csv"):
            httpx.get(service.url + path, timeout=PATIENCE).raise_for_status()
        yield Crowded(service, server.pid)


def worst_question(draw: random.Random) -> str:
    """A search that looks at much of the directory, and that nobody has asked before."""
    words = draw.choice(
        (
            " ".join(f'"{" ".join(draw.sample(COMMON, 2))}"' for _ in range(5)),
            " ".join(f"{letters}*" for letters in draw.sample(BEGINNINGS, 10)),
            " ".join(draw.sample(COMMON, 10)),
            " ".join(f"{word[:3]}q{word[3:]}" for word in draw.sample(COMMON, 10)),
        )
    )
    return f"/v1/case-studies?limit=100&q={quote(words)}%20-new{draw.randrange(10**9)}"


@dataclass
class Client:
    """An open connection of somebody at this address."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    name: str

    async def status_of(self, path: str) -> int:
        """Ask once, and read the whole answer."""
        head = f"GET {path} HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: {self.name}\r\n\r\n"
        self.writer.write(head.encode())
        answer = await self.reader.readuntil(b"\r\n\r\n")
        _, _, length = answer.lower().partition(b"content-length: ")
        await self.reader.readexactly(int(length.split()[0]))
        return int(answer.split()[1])


@asynccontextmanager
async def connected(address: Address, name: str) -> AsyncIterator[Client]:
    """A client, as a proxy names it, for the block."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        yield Client(reader, writer, name)
    finally:
        writer.close()


@asynccontextmanager
async def crowd(crowded: Crowded) -> AsyncIterator[None]:
    """The block in which everybody in the crowd asks the worst questions."""

    async def ask(number: int) -> None:
        draw = random.Random(number)
        async with connected(crowded.address, "198.51.100.1") as client:
            while True:
                crowded.statuses[await client.status_of(worst_question(draw))] += 1

    asking = [asyncio.create_task(ask(number)) for number in range(CROWD)]
    try:
        await asyncio.sleep(0.5)
        yield
    finally:
        for one in asking:
            one.cancel()
        ended = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(one) for one in ended} == {asyncio.CancelledError}


def test_two_hundred_connections_with_the_worst_questions_keep_nobody_out(
    crowded: Crowded, record_property: Record
) -> None:
    waits, searches = list[float](), list[float]()

    async def ask_plainly() -> None:
        async with crowd(crowded), connected(crowded.address, "192.0.2.1") as client:
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                for path in KEPT:
                    began = time.monotonic()
                    assert await client.status_of(path) == 200, path
                    waits.append(time.monotonic() - began)
                new = f"/v1/case-studies?q=attendance%20x{time.monotonic_ns()}&state=OR"
                began = time.monotonic()
                assert await client.status_of(new) == 200
                searches.append(time.monotonic() - began)

    asyncio.run(ask_plainly())
    assert searches
    assert set(crowded.statuses) <= {200, 503}
    httpx.get(f"{crowded.service.url}/v1/case-studies?q=after", timeout=PATIENCE).raise_for_status()
    record_property(
        "figure",
        f"{crowded.statuses[200]:,} worst searches answered, {crowded.statuses[503]:,} put off; "
        f"the others' pages and health checks ({len(waits)}) took {max(waits):.2f} s at most, "
        f"new searches ({len(searches)}) {max(searches):.2f} s",
    )


def test_exports_cut_off_in_the_middle_leave_nothing_open(
    crowded: Crowded, record_property: Record
) -> None:
    exports = [
        f"/v1/exports/{name}"
        for name in ("case-studies.ndjson", "case-studies.csv", "outcomes.csv")
    ]
    cut_off(crowded, exports, 60)  # until pools and threads are there
    descriptors, megabytes = crowded.descriptors(), crowded.megabytes()
    cut_off(crowded, exports, 300)
    wait_until(lambda: crowded.descriptors() <= descriptors + SPARE_DESCRIPTORS)
    whole = httpx.get(f"{crowded.service.url}/v1/exports/case-studies.json", timeout=PATIENCE)
    assert whole.status_code == 200
    assert whole.json()
    more = crowded.megabytes() - megabytes
    assert more < ROOM_MB
    record_property("figure", f"300 cut off, {max(more, 0):.0f} MB more")


def cut_off(crowded: Crowded, exports: list[str], count: int) -> None:
    """Begin exports and hang up while they are sent."""
    for number in range(count):
        with closing(socket.create_connection(crowded.address, timeout=PATIENCE)) as client:
            path = exports[number % len(exports)]
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    wait_until(
        lambda: httpx.get(f"{crowded.service.url}{exports[1]}", timeout=PATIENCE).status_code == 200
    )


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for what must come."""
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.one_database
def test_floods_of_headers_take_no_memory(crowded: Crowded, record_property: Record) -> None:
    megabytes = crowded.megabytes()
    floods = (b"X: " + b"a" * 65536, b"X: a\r\n" * 10_000)
    sent = 0
    for number in range(CROWD):
        with closing(socket.create_connection(crowded.address, timeout=PATIENCE)) as client:
            client.sendall(b"GET /v1/states HTTP/1.1\r\n")
            try:
                for _ in range(1000):
                    sent += client.send(floods[number % 2])
            except ConnectionError:
                pass  # it has heard enough
    more = crowded.megabytes() - megabytes
    assert more < ROOM_MB
    assert httpx.get(f"{crowded.service.url}/readyz", timeout=PATIENCE).status_code == 200
    record_property(
        "figure",
        f"{CROWD} floods, {sent / 1e6:.0f} MB sent before they were cut off, {max(more, 0):.0f} MB more",
    )


@pytest.mark.one_database
def test_hundreds_of_idle_and_halting_connections_keep_nobody_out(
    crowded: Crowded, record_property: Record
) -> None:
    megabytes = crowded.megabytes()
    with ExitStack() as stack:
        for number in range(4 * CROWD):
            client = socket.create_connection(crowded.address, timeout=PATIENCE)
            stack.enter_context(closing(client))
            client.sendall((b"", b"GET /v1/st", b"GET / HTTP/1.1\r\nX: ", b"POST /")[number % 4])
        for path in KEPT:
            assert httpx.get(crowded.service.url + path, timeout=PATIENCE).status_code == 200
        more = crowded.megabytes() - megabytes
        assert more < ROOM_MB
    record_property("figure", f"{4 * CROWD} connections, {max(more, 0):.0f} MB more")
