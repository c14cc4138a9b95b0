"""Follower: how the index catches up while it answers, and how long a request waits for that.

A thread reads what was published, since the database may be slow or away. The event loop takes it
in, an entry at a time, with other requests in between.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Protocol

from app.catalog.entry import Entry

FOLLOW_SECONDS = 2.0  # that a request waits; after that it is answered from what is there
RETRY_SECONDS = 1.0  # after a failure
BATCH = 200  # entries in memory at once
GATE_SECONDS = 0.001  # until it is tried again whether threads still read
log = logging.getLogger("model_districts.index")


class Taking(Protocol):
    """The index, as it takes in what was published."""

    def try_to_take(self, changed: Entry, *, many: bool) -> bool:
        """Take an entry in; False while a thread reads."""

    def try_to_change(self, change: Callable[[], None]) -> bool:
        """Make a change; False while a thread reads."""

    def give_up(self) -> None:
        """Let threads read again."""


class Follower:
    """Catches up once for all requests that saw the same commit."""

    def __init__(self, catch_up: Callable[["Taker"], None], index: Taking) -> None:
        self._catch_up, self._index = catch_up, index
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._mark: int | None = None  # that the last run was begun for
        self._run: Future[None] | None = None
        self._began = 0.0  # when the run in progress began
        self._retry_at = 0.0
        self.failure: Exception | None = None  # of the last run

    async def follow(self, mark: int) -> None:
        """Wait until what was committed up to this mark is there, for FOLLOW_SECONDS at most."""
        now = time.monotonic()
        running = self._run is not None and not self._run.done()
        if not running and now < self._retry_at:
            return
        if mark != self._mark or not running:
            taker = Taker(self._index, asyncio.get_running_loop())
            self._mark, self._run = mark, self._thread.submit(self._caught_up, taker)
            self._began = self._began if running else now
        if now - self._began >= FOLLOW_SECONDS or self._run is None:
            return  # others have waited that long already: much has been published
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._run)), FOLLOW_SECONDS)

    def close(self) -> None:
        """End the thread, after what it is reading."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _caught_up(self, taker: "Taker") -> None:
        self._began = time.monotonic()
        try:
            self._catch_up(taker)
        except Exception as error:
            if self.failure is None:
                log.error("The index does not follow: %s. It is tried again.", error)
            self.failure, self._retry_at = error, time.monotonic() + RETRY_SECONDS
        else:
            if self.failure is not None:
                log.warning("The index follows again")
            self.failure = None


class Taker:
    """Hands entries that a thread reads to the event loop."""

    def __init__(self, index: Taking, loop: asyncio.AbstractEventLoop) -> None:
        self._index, self._loop = index, loop

    def take(self, changed: Iterator[Entry], *, many: bool) -> None:
        """Take in every entry, a batch in memory at a time."""
        while batch := list(islice(changed, BATCH)):
            asyncio.run_coroutine_threadsafe(self._take(batch, many=many), self._loop).result()

    def run(self, change: Callable[[], None]) -> None:
        """Make a change on the event loop."""

        async def run() -> None:
            await self._until(partial(self._index.try_to_change, change))

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    async def _take(self, batch: Sequence[Entry], *, many: bool) -> None:
        for changed in batch:
            await self._until(partial(self._index.try_to_take, changed, many=many))
            await asyncio.sleep(0)  # whoever asks meanwhile is answered

    async def _until(self, is_done: Callable[[], bool]) -> None:
        """Try again and again. Readers in threads know no event of this loop, and are gone in a moment."""
        try:
            while not is_done():  # noqa: ASYNC110
                await asyncio.sleep(GATE_SECONDS)
        finally:
            self._index.give_up()
