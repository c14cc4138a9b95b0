"""Who is let in when many come at once: searches one after the other, exports a few at a time.

A search runs on the event loop, one in each of its turns, so others wait for one search at most. Its
budget (search/budget.py) bounds that to a tenth of a second, at the usual question to milliseconds. In a
thread others would wait less, but what searches remember is not made for two threads, and a plain
search would take a few percent longer (bench/NOTES.md has the figures).

Clients take turns, too: whoever sends hundreds of searches waits for their own, not others for them.
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Scope

from app.errors import Busy
from app.web.clients import ClientLeft, address_of, has_left
from app.web.rate_limits import client_name

MAX_WAITING = 100  # searches; at a few milliseconds each, the last one waits under a second
MAX_EXPORTS = 8  # each holds a connection to the database and a compressor

_Place = tuple[asyncio.Future[None], Scope]


class SearchLine:
    """Searches take turns: one in each turn of the event loop, so that other requests run between.

    One search of each client in turn. In a full line, a client with fewer searches takes the last
    place of the one with most.
    """

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._most = most
        self._waiting: dict[str, deque[_Place]] = {}  # by client, whose turn is next first
        self._count = 0
        self._taken = False

    async def turn(self, scope: Scope) -> None:
        """Wait until this request may search.

        Raises Busy if too many wait, ClientLeft if its client has hung up meanwhile.
        """
        if self._taken:
            client = client_name(address_of(scope))
            if self._count >= self._most:
                self._make_room(client)
            future = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(client, deque()).append((future, scope))
            self._count += 1
            await future
        else:
            self._taken = True
            asyncio.get_running_loop().call_soon(self._next)
        if has_left(scope):
            raise ClientLeft

    def _make_room(self, client: str) -> None:
        most = max(self._waiting.values(), key=len)
        if len(most) <= len(self._waiting.get(client, ())) + 1:
            raise _full()
        future, _ = most.pop()
        self._count -= 1
        if not future.done():
            future.set_exception(_full())

    def _next(self) -> None:
        while self._waiting:
            client = next(iter(self._waiting))
            places = self._waiting.pop(client)
            future, scope = places.popleft()
            self._count -= 1
            if places:
                self._waiting[client] = places
            if future.done():  # its task was cancelled
                continue
            future.set_result(None)
            if not has_left(scope):
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False


class Waiting:
    """The requests that wait for one thing: so many at most, and fewer of each client."""

    def __init__(self, most: int, most_of_one: int, *, detail: str, retry_after: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._detail, self._retry_after = detail, retry_after
        self._counts: Counter[str] = Counter()  # by client

    @contextmanager
    def one_more(self, address: str) -> Iterator[None]:
        """Count a request of this address for as long as the block lasts. Raises Busy."""
        client = client_name(address)
        if self._counts.total() >= self._most or self._counts[client] >= self._most_of_one:
            raise Busy(self._detail, retry_after=self._retry_after)
        self._counts[client] += 1
        try:
            yield
        finally:
            self._counts[client] -= 1
            self._counts += Counter()  # without those that are 0


def _full() -> Busy:
    return Busy("Too many searches are waiting. Try again in 2 seconds.", retry_after=2)


class ExportPlaces:
    """A bounded number of exports at once."""

    def __init__(self, most: int = MAX_EXPORTS) -> None:
        self._places = threading.BoundedSemaphore(most)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place. Raises Busy if all are taken."""
        if not self._places.acquire(blocking=False):
            raise Busy("Too many exports are being sent. Try again in 20 seconds.", retry_after=20)
        try:
            yield
        finally:
            self._places.release()
