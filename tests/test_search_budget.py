"""What a search may look at, how many searches wait, and who is not searched for any more."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from serving import Service
from test_server import PATIENCE, connected, is_well

from app.database import Database
from app.errors import Busy, Invalid
from app.search.budget import check_budget
from app.search.clauses import read_clauses
from app.search.index import Index
from app.web.admission import ExportPlaces, SearchLine
from app.web.clients import CYCLE, ClientLeft

pytestmark = pytest.mark.one_database  # what HTTP does cannot differ by database


@pytest.fixture(scope="module")
def index(sqlite_seeded: Path) -> Iterator[Index]:
    """The index of the seed."""
    database = Database(f"sqlite:///{sqlite_seeded}")
    index = Index(database)
    index.catch_up()
    yield index
    database.close()


@pytest.mark.parametrize("q", ["a*", "-a*", "attendance 1*", '"of the" é*'])
def test_a_beginning_needs_two_letters(client: httpx.Client, q: str) -> None:
    answer = client.get("/v1/case-studies", params={"q": q})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["parameter"], error["code"]) == ("q", "too_short")
    assert "at least 2 letters" in error["detail"]


@pytest.mark.parametrize("q", ["at*", "-at* school", '"of the" "in the" "and the"', "ca* de* fa*"])
def test_a_directory_of_this_size_refuses_no_phrase_and_no_beginning_of_two_letters(
    client: httpx.Client, q: str
) -> None:
    for kind in ("case-studies", "districts"):
        assert client.get(f"/v1/{kind}", params={"q": q}).status_code == 200


@pytest.mark.parametrize(
    ("q", "named", "advice"),
    [
        ('"of the" "in the"', '"of the"', "leave out the quotation marks"),
        ('attendance -"of the"', '"of the"', "Add a rarer word"),
        ("co* attendance", "co*", "more letters"),
    ],
)
def test_what_would_look_at_too_much_is_refused_with_what_to_narrow(
    index: Index, q: str, named: str, advice: str
) -> None:
    collection = index.collections["case-study"]
    with pytest.raises(Invalid) as refusal:
        check_budget(read_clauses(q), collection, most=100)
    (fault,) = refusal.value.faults
    assert (fault.parameter, fault.code) == ("q", "too_broad")
    assert named in fault.detail
    assert advice in fault.detail
    check_budget(read_clauses("attendance rural of the"), collection, most=0)


def request(client: str = "192.0.2.1", *, left: bool = False) -> dict[str, object]:
    """A request, as far as a line sees it."""
    transport = SimpleNamespace(is_closing=lambda: left)
    cycle = SimpleNamespace(disconnected=left, transport=transport)
    return {CYCLE: lambda: cycle, "client": (client, 1)}


def test_other_requests_run_between_two_searches() -> None:
    async def happened() -> list[str]:
        line, events = SearchLine(), list[str]()

        async def search() -> None:
            await line.turn(request())
            events.append("search")

        async def other() -> None:
            while len(events) < 9:
                events.append("other")
                await asyncio.sleep(0)

        await asyncio.gather(*(search() for _ in range(4)), other())
        return events

    between = "".join(event[0] for event in asyncio.run(happened()))
    assert "ss" not in between
    assert between.count("s") == 4


def test_above_so_many_waiting_searches_one_is_told_to_come_back() -> None:
    async def statuses() -> list[BaseException | None]:
        line = SearchLine(most=3)
        turns = (line.turn(request()) for _ in range(6))
        told = await asyncio.gather(*turns, return_exceptions=True)
        await line.turn(request())  # there is room again
        return told

    told = asyncio.run(statuses())
    assert told[:4] == [None] * 4  # one at once, three after it
    assert all(isinstance(refusal, Busy) and refusal.retry_after for refusal in told[4:])


def test_a_client_with_many_searches_keeps_no_other_waiting() -> None:
    async def order() -> list[str]:
        line, searched = SearchLine(), list[str]()

        async def search(client: str) -> None:
            await line.turn(request(client))
            searched.append(client)

        clients = ["192.0.2.1"] * 50 + ["192.0.2.2", "192.0.2.3", "192.0.2.2"]
        await asyncio.gather(*map(search, clients))
        return searched

    searched = asyncio.run(order())
    assert searched[:6] == [f"192.0.2.{number}" for number in (1, 1, 2, 3, 1, 2)]
    assert len(searched) == 53


def test_a_client_that_fills_the_line_keeps_no_other_out() -> None:
    async def told() -> list[BaseException | None]:
        line = SearchLine(most=4)
        clients = ["192.0.2.1"] * 8 + ["192.0.2.2"] * 3
        turns = (line.turn(request(client)) for client in clients)
        return list(await asyncio.gather(*turns, return_exceptions=True))

    let_in = [answer is None for answer in asyncio.run(told())]
    assert let_in == [True] * 3 + [False] * 5 + [True, True, False]


def test_nothing_is_begun_for_a_client_that_has_left() -> None:
    async def begun() -> list[BaseException | None]:
        line = SearchLine()
        left = (False, True, True, False, True)
        turns = (line.turn(request(left=gone)) for gone in left)
        return list(await asyncio.gather(*turns, return_exceptions=True))

    first, *gone, fourth, fifth = asyncio.run(begun())
    assert (first, fourth) == (None, None)
    assert all(isinstance(one, ClientLeft) for one in [*gone, fifth])


@pytest.mark.slow
def test_many_searches_at_once_are_answered_or_told_to_come_back(service: Service) -> None:
    def ask(number: int) -> httpx.Response:
        return httpx.get(f"{service.url}/v1/case-studies?q=at*%20new{number}", timeout=PATIENCE)

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(ask, range(120)))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 503)
    assert sum(answer.status_code == 200 for answer in answers) > 40


@pytest.mark.slow
def test_clients_who_hang_up_leave_no_work_behind(service: Service) -> None:
    for number in range(150):
        with closing(connected(service)) as connection:
            question = f"/v1/case-studies?q=at*%20co*%20gone{number}"
            connection.sendall(f"GET {question} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    assert is_well(service)


def test_exports_have_a_bounded_number_of_places() -> None:
    places = ExportPlaces(most=2)
    with places.place(), places.place():
        with pytest.raises(Busy) as refusal, places.place():
            pass
        assert refusal.value.retry_after > 0
    taken = threading.Event()
    with places.place():
        taken.set()
    assert taken.is_set()
