"""PostgreSQL is frozen, or crashes and comes back: readers go on from memory, the rest is told to wait, and all heals by itself."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from own_postgresql import OwnPostgreSQL, own_postgresql
from people import People, at_the_desk, case_study, create
from serving import Service, serving

pytestmark = pytest.mark.slow
PATIENCE = 60  # seconds; a busy machine is no fault
KEPT = ("/v1/case-studies", "/v1/districts/boise-school-district-id")
SOON = 6  # seconds: two are promised, and a busy machine takes longer


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[OwnPostgreSQL]:
    """A server of this file's own."""
    if request.config.getoption("engine") == "sqlite":
        pytest.skip("needs PostgreSQL")
    with own_postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def people(server: OwnPostgreSQL) -> Iterator[People]:
    """A service on it, with its editors."""
    with serving(server.url("few")) as service, at_the_desk(service) as people:
        yield people


def ask_all(people: People) -> None:
    """Ask once what is to be kept in memory."""
    for path in KEPT:
        httpx.get(f"{people.service.url}{path}", timeout=PATIENCE).raise_for_status()
    people.ada.get("/case-studies/boise-id").raise_for_status()


def asked(service: Service, path: str) -> httpx.Response:
    """The answer of a public address, which comes soon."""
    began = time.monotonic()
    answer = httpx.get(f"{service.url}{path}", timeout=PATIENCE)
    assert time.monotonic() - began < SOON, path
    return answer


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for what must come."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def reads_go_on_and_writes_are_told_to_wait(people: People, *, new: str) -> None:
    """What everybody meets while the database is away. `new`: a word not searched for before."""
    service = people.service
    ready = asked(service, "/readyz")
    assert (ready.status_code, ready.headers["Retry-After"]) == (503, "5")
    assert asked(service, "/healthz").status_code == 200
    for path in (
        *KEPT,
        f"/v1/case-studies?q={new}",
        f"/v1/suggest?q={new}",
        "/v1/states",
    ):
        assert asked(service, path).status_code == 200, path
    for answer in (
        asked(service, f"/v1/case-studies/{new}"),
        people.ada.get("/case-studies/boise-id"),
        people.ada.post("/case-studies", json=case_study(new)),
        httpx.get(f"{service.url}/v1/exports/case-studies.json", timeout=PATIENCE),
    ):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5"), answer.text
        assert answer.json()["detail"] == "The database cannot be reached. Try again in 5 seconds."


def all_is_well(people: People, slug: str) -> None:
    """Nothing is left of it."""
    wait_until(lambda: httpx.get(f"{people.service.url}/readyz").status_code == 200)
    create(people.ada, case_study(slug))
    asked(people.service, "/v1/case-studies/boise-id").raise_for_status()


def test_a_frozen_database_stops_no_reader_and_all_heals_when_it_thaws(
    server: OwnPostgreSQL, people: People
) -> None:
    ask_all(people)
    with server.frozen():
        reads_go_on_and_writes_are_told_to_wait(people, new="frozen")
        reads_go_on_and_writes_are_told_to_wait(people, new="still-frozen")
    all_is_well(people, "thawed")


def test_a_database_that_crashed_and_comes_back_is_found_again(
    server: OwnPostgreSQL, people: People
) -> None:
    ask_all(people)
    server.crash()
    reads_go_on_and_writes_are_told_to_wait(people, new="crashed")
    server.start()
    all_is_well(people, "restarted")


def test_a_restart_that_nobody_noticed_fails_no_request(
    server: OwnPostgreSQL, people: People
) -> None:
    server.crash()
    server.start()
    wait_until(lambda: httpx.get(f"{people.service.url}/readyz").status_code == 200)
    assert asked(people.service, "/v1/case-studies/chicago-il").status_code in (200, 404)
    create(people.ada, case_study("unnoticed"))
