"""The line in which requests that write wait, and the threads in which they do.

One writer at a time is let in by the database. The others wait here and not in the threads that
answer everybody else.
"""

import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.errors import Busy
from app.web.rate_limits import OVER_LIMIT
from app.web.state import resource

AT_ONCE = 8  # in threads: one writes, the others check and prepare what they will write
MAX_WAITING = 64
WAIT_SECONDS = 30.0
AGAIN_SECONDS = 5
READS = {"GET", "HEAD", "OPTIONS"}
_Result = TypeVar("_Result")


class WriteQueue:
    """First come, first served; above MAX_WAITING, or after WAIT_SECONDS, one is told to come again."""

    def __init__(
        self, *, max_waiting: int = MAX_WAITING, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="writers")
        self._free = asyncio.Semaphore(AT_ONCE)
        self._max_waiting, self._wait_seconds = max_waiting, wait_seconds
        self.waiting = 0

    async def run(self, write: Callable[[], _Result]) -> _Result:
        """Run a blocking function when its turn comes. Raises Busy."""
        if self.waiting >= self._max_waiting:
            raise _busy()
        self.waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self.waiting -= 1
        try:
            in_context = partial(copy_context().run, write)
            return await asyncio.get_running_loop().run_in_executor(self._threads, in_context)
        finally:
            self._free.release()

    def close(self) -> None:
        """End the threads, after what they are writing."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class WritingRoute(APIRoute):
    """A route whose endpoint waits in the queue, unless it only reads."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        writes = not READS & {method.upper() for method in more.get("methods") or ("GET",)}
        if writes and not inspect.iscoroutinefunction(endpoint):
            endpoint = _queued(endpoint)
        super().__init__(path, endpoint, **more)


def _queued(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint, to be run in the queue. It takes the request, under that name."""

    async def in_turn(*, request: Request, **arguments: Any) -> Any:
        write = partial(endpoint, request=request, **arguments)
        if OVER_LIMIT in request.scope:  # it is told so, and writes nothing
            return await run_in_threadpool(write)
        return await resource(request, WriteQueue).run(write)

    # Not functools.wraps: the framework would look through it and call `in_turn` in a thread.
    in_turn.__name__, in_turn.__doc__ = endpoint.__name__, endpoint.__doc__
    in_turn.__module__ = endpoint.__module__
    in_turn.__signature__ = inspect.signature(endpoint)  # type: ignore[attr-defined]
    return in_turn


def _busy() -> Busy:
    return Busy(
        f"Too many writes are waiting. Try again in {AGAIN_SECONDS} seconds.",
        retry_after=AGAIN_SECONDS,
    )
