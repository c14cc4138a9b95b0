"""Answers that are sent while they are made."""

from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from itertools import islice

from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

AT_ONCE = 8  # chunks that are made in one go: each go costs two hops between threads


class Stream(StreamingResponse):
    """Chunks made from a source that holds something open. The source is closed when the answer ends, and when the client hangs up."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        *,
        source: Generator[str, None, None],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(_made_in_a_thread(chunks), media_type=media_type, headers=headers)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._source.close()


async def _made_in_a_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while made := await run_in_threadpool(lambda: list(islice(chunks, AT_ONCE))):
        for chunk in made:
            yield chunk
