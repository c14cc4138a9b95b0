"""Answers that are sent while they are made."""

from collections.abc import Generator, Iterator, Mapping

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class Stream(StreamingResponse):
    """Chunks made from a source that holds something open. The source is closed when the answer ends, and when the client hangs up."""

    def __init__(self, chunks: Iterator[bytes], *, source: Generator[str, None, None], media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._source.close()
