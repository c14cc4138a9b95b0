"""What one who asks too often meets: a wait that ends, that is announced, and that others do not share."""

import logging
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import Service, serving

from app.desk.access.failed_attempts import FailedAttempts
from app.errors import TooMany
from app.web.rate_limits import CLIENTS, client_name

pytestmark = pytest.mark.one_database  # what HTTP does cannot differ by database
PATIENCE = 60  # seconds; a busy machine is no fault
SUGGESTION = {
    "kind": "correction",
    "about": "boise-id",
    "text": "The number of schools has grown since.",
}
Serving = Callable[..., AbstractContextManager[Service]]


@pytest.fixture
def limited(sqlite_seeded: Path, tmp_path: Path) -> Serving:
    """Starts a service that believes whom the test names as its client, with limits of its own."""
    file = shutil.copy(sqlite_seeded, tmp_path / "own.sqlite")

    def start(**settings: Any) -> AbstractContextManager[Service]:
        return serving(f"sqlite:///{file}", trusted_proxies="127.0.0.1", **settings)

    return start


def ask(service: Service, path: str, client: str = "203.0.113.1", **more: Any) -> httpx.Response:
    """Ask as a client of this address."""
    headers = {"X-Forwarded-For": client}
    method = "POST" if more else "GET"
    return httpx.request(method, f"{service.url}{path}", headers=headers, timeout=PATIENCE, **more)


def numbers(header: str) -> dict[str, int]:
    """The parameters of the first item of a RateLimit header."""
    first, *_ = header.split(",")
    _name, *parameters = first.split(";")
    return {name: int(value) for name, value in (part.split("=") for part in parameters)}


@pytest.mark.slow
def test_reads_are_counted_for_each_client_and_announced(limited: Serving) -> None:
    with limited(rate_limit_reads=3) as service:
        for left in (2, 1, 0):
            answer = ask(service, f"/v1/case-studies?q=new{left}")
            assert answer.status_code == 200
            assert answer.headers["RateLimit-Policy"] == '"reads";q=3;w=60'
            assert answer.headers["RateLimit"].startswith(f'"reads";r={left};t=')
        refused = ask(service, "/v1/case-studies?q=new")
        assert refused.status_code == 429
        assert refused.json()["type"] == "/problems/too-many-requests"
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert numbers(refused.headers["RateLimit"])["r"] == 0
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
        assert ask(service, "/v1/case-studies?q=new", "203.0.113.2").status_code == 200


@pytest.mark.slow
def test_feeds_and_citations_are_counted_as_reads(limited: Serving) -> None:
    with limited(rate_limit_reads=2) as service:
        paths = ("/feed.atom", "/v1/citations/districts?state=OR", "/feed.atom?state=OR")
        assert [ask(service, path).status_code for path in paths] == [200, 200, 429]


@pytest.mark.slow
def test_what_is_made_for_other_sites_is_counted_as_reads(limited: Serving) -> None:
    with limited(rate_limit_reads=4) as service:
        page = f"{service.url}/case-studies/boise-id"
        paths = [f"/oembed?url={page}", "/pictures/case-studies/boise-id.png", "/sitemap.xml"]
        paths += ["/sitemaps/case-studies.xml", "/oembed?url=x"]
        statuses = [ask(service, path).status_code for path in paths]
        assert (429 in statuses[:4], statuses[4]) == (False, 429)


@pytest.mark.slow
def test_wrong_questions_count_too(limited: Serving) -> None:
    with limited(rate_limit_reads=2) as service:
        statuses = [ask(service, f"/v1/districts/none{number}").status_code for number in range(3)]
        assert statuses == [404, 404, 429]


@pytest.mark.slow
def test_answers_from_memory_are_not_counted_and_tell_nobody_elses_count(limited: Serving) -> None:
    with limited(rate_limit_reads=1) as service:
        assert "RateLimit" in ask(service, "/v1/states").headers
        etag = ask(service, "/v1/states").headers["ETag"]
        for _ in range(20):
            answer = ask(service, "/v1/states")
            assert answer.status_code == 200
            assert "RateLimit" not in answer.headers
        not_modified = httpx.get(
            f"{service.url}/v1/states",
            headers={"If-None-Match": etag, "X-Forwarded-For": "203.0.113.1"},
            timeout=PATIENCE,
        )
        assert not_modified.status_code == 304


@pytest.mark.slow
def test_exports_and_suggestions_have_tighter_limits_of_their_own(limited: Serving) -> None:
    with limited(rate_limit_exports=2) as service:
        exports = [ask(service, "/v1/exports/districts.csv?state=OR") for _ in range(3)]
        assert [answer.status_code for answer in exports] == [200, 200, 429]
        assert exports[0].headers["RateLimit-Policy"] == '"exports";q=2;w=60'
        sent = [ask(service, "/v1/suggestions", json=SUGGESTION) for _ in range(6)]
        assert [answer.status_code for answer in sent] == [201] * 5 + [429]
        assert '"suggestions";q=5;w=60' in sent[0].headers["RateLimit-Policy"]
        assert '"all-suggestions";q=60;w=60' in sent[0].headers["RateLimit-Policy"]
        assert ask(service, "/v1/states").status_code == 200


@pytest.mark.slow
def test_health_the_desk_and_a_switched_off_limit_are_not_counted(limited: Serving) -> None:
    with limited(rate_limit_reads=1, rate_limit_exports=0) as service:
        ask(service, "/v1/states")
        for path, status in (
            ("/healthz", 200),
            ("/readyz", 200),
            ("/v1/admin/audit", 401),
            ("/v1/exports/districts.csv?state=OR", 200),
        ):
            answers = [ask(service, path) for _ in range(3)]
            assert {answer.status_code for answer in answers} == {status}
            assert "RateLimit" not in answers[0].headers


def test_an_ipv6_network_is_one_client() -> None:
    assert client_name("2001:db8:1:2::1") == client_name("2001:db8:1:2:ffff::9")
    assert client_name("2001:db8:1:2::1") != client_name("2001:db8:1:3::1")
    assert client_name("::ffff:203.0.113.1") == client_name("203.0.113.1")
    assert client_name("203.0.113.1") != client_name("203.0.113.2")


def test_a_client_is_counted_under_a_number_that_tells_no_address() -> None:
    names = {client_name(f"203.0.{number // 256}.{number % 256}") for number in range(60_000)}
    assert all(name.isdecimal() and int(name) < CLIENTS for name in names)
    assert len(names) <= CLIENTS
    assert client_name("made up by a proxy").isdecimal()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real Redis."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: limits shared by Redis are NOT tested")
    command = [program, "--port", str(port), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        began = time.monotonic()
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() - began < PATIENCE
                time.sleep(0.05)
        try:
            yield process
        finally:
            process.terminate()


@pytest.mark.slow
def test_processes_that_share_a_redis_count_together(limited: Serving, tmp_path: Path) -> None:
    port = free_port()
    with redis_server(port, tmp_path):
        url = f"redis://127.0.0.1:{port}/0"
        with (
            limited(rate_limit_reads=3, rate_limit_redis_url=url) as one,
            limited(rate_limit_reads=3, rate_limit_redis_url=url) as other,
        ):
            asked = [
                ask(service, f"/v1/case-studies?q=shared{number}").status_code
                for number, service in enumerate((one, other, one, other))
            ]
            assert asked == [200, 200, 200, 429]


@pytest.mark.slow
def test_requests_go_on_when_redis_goes_away(
    limited: Serving, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with (
        redis_server(port, tmp_path) as redis,
        limited(rate_limit_reads=2, rate_limit_redis_url=url) as service,
        caplog.at_level(logging.WARNING),
    ):
        assert ask(service, "/v1/case-studies?q=before").status_code == 200
        redis.terminate()
        redis.wait(PATIENCE)
        paths = (f"/v1/case-studies?q=after{number}" for number in range(3))
        # Counted by the process itself.
        assert [ask(service, path).status_code for path in paths] == [200, 200, 429]
    warnings = [record.message for record in caplog.records if "Redis" in record.message]
    assert len(warnings) == 1
    assert "each process counts requests by itself" in warnings[0]


def is_limited(attempts: FailedAttempts, address: str) -> bool:
    """Whether another attempt is refused."""
    try:
        attempts.check(address)
    except TooMany:
        return True
    return False


@pytest.mark.slow
def test_an_address_waits_until_its_oldest_attempt_is_old_enough() -> None:
    attempts = FailedAttempts(times=2, seconds=3)
    attempts.count("192.0.2.1")
    assert not is_limited(attempts, "192.0.2.1")
    attempts.count("192.0.2.1")
    with pytest.raises(TooMany, match=r"Try again in \d seconds") as refusal:
        attempts.check("192.0.2.1")
    assert 1 <= refusal.value.retry_after <= 4
    assert not is_limited(attempts, "192.0.2.2")
    began = time.monotonic()
    while is_limited(attempts, "192.0.2.1"):
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.05)


def test_attempts_from_many_addresses_let_none_of_them_try_again_earlier() -> None:
    attempts = FailedAttempts(times=1, seconds=3600)
    for number in range(10_001):
        attempts.count(f"address {number}")
    assert is_limited(attempts, "address 0")
