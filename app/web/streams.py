"""Large answers sent while they are made: compressed, in constant memory, with validators.

An answer that ends with its first chunk is sent whole, with its length and its digest.
"""

import zlib
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from hashlib import sha256
from itertools import chain, islice
from os import SEEK_END
from typing import IO, Protocol

import brotli
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app.web.conditional import IDENTITY, best_encoding
from app.web.edge import HEAD

ZIP = "application/zip"  # compressed in itself
CHUNK = 256 * 1024  # bytes of a file
AT_ONCE = 8  # chunks made in one go: each go costs two hops between threads


class Closable(Protocol):
    """What holds something open."""

    def close(self) -> object:
        """Let it go."""


async def stream(
    request: Request,
    chunks: Iterator[bytes],
    *,
    source: Closable,
    media_type: str,
    headers: Mapping[str, str],
) -> Response:
    """The response that these chunks make, in the best encoding that the client takes.

    `source` is what the chunks are made from: it holds something open, and is closed when the
    response ends or the client hangs up.
    """
    encoding = encoding_of(request, media_type)
    if encoding != IDENTITY:
        headers = {**headers, "Content-Encoding": encoding}
    try:
        first = await run_in_threadpool(lambda: list(islice(chunks, 2)))
    except BaseException:
        source.close()
        raise
    if len(first) < 2:
        source.close()
        body = b"".join(compressed(iter(first), encoding))
        digest = b64encode(sha256(body).digest()).decode()
        headers = {**headers, "Repr-Digest": f"sha-256=:{digest}:"}
        return Response(body, media_type=media_type, headers=headers)
    if request.scope.get(HEAD):
        source.close()
        return head_only(media_type, headers)
    rest = compressed(chain(first, chunks), encoding)
    return _ClosingResponse(rest, source, media_type=media_type, headers=headers)


async def stream_file(
    request: Request,
    file: IO[bytes],
    *,
    source: Closable,
    media_type: str,
    headers: Mapping[str, str],
) -> Response:
    """A file from its beginning, with its length where it is not compressed. `source` is closed as with
    `stream`."""
    encoding = encoding_of(request, media_type)
    if encoding == IDENTITY:
        headers = {**headers, "Content-Length": str(file.seek(0, SEEK_END))}
    else:
        headers = {**headers, "Content-Encoding": encoding}
    file.seek(0)
    chunks = compressed(iter(lambda: file.read(CHUNK), b""), encoding)
    return _ClosingResponse(chunks, source, media_type=media_type, headers=headers)


def encoding_of(request: Request, media_type: str) -> str:
    """The best encoding that the client takes; none for what is compressed in itself."""
    if media_type == ZIP:
        return IDENTITY
    return best_encoding(request.headers.get("accept-encoding", ""))


def head_only(media_type: str, headers: Mapping[str, str]) -> Response:
    """The answer to HEAD, for what would take long to make."""
    return StreamingResponse(_nothing(), media_type=media_type, headers=headers)


def compressed(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The chunks in an encoding; empty ones are left out."""
    if encoding == IDENTITY:
        yield from chunks
        return
    if encoding == "br":
        compressor = brotli.Compressor(quality=5)
        compress, finish = compressor.process, compressor.finish
    else:
        deflater = zlib.compressobj(6, wbits=31)  # 31: with the header and trailer of gzip
        compress, finish = deflater.compress, deflater.flush
    for chunk in chunks:
        if part := compress(chunk):
            yield part
    yield finish()


class _ClosingResponse(StreamingResponse):
    """Chunks made in a thread. Their source is closed at the end, and if the client hangs up."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        source: Closable,
        *,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(_in_a_thread(chunks), media_type=media_type, headers=headers)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._source.close()


async def _in_a_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while batch := await run_in_threadpool(lambda: list(islice(chunks, AT_ONCE))):
        for chunk in batch:
            yield chunk


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
