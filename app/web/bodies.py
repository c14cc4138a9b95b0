"""Request bodies: bounded, of the kinds that an address takes, and read as JSON."""

from collections.abc import Collection, Sequence
from hashlib import sha256
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import orjson
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from app.errors import Fault, Invalid, Malformed

MAX_RECORD_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 50  # levels of objects and lists in each other
JSON = ("application/json",)
MERGE_PATCH = ("application/merge-patch+json", "application/json")


async def read_body(
    request: Request, *, types: Sequence[str], most: int = MAX_RECORD_BYTES
) -> bytes:
    """The body. Raises 415 if it is of another kind, 413 once it is longer than `most` bytes."""
    content_type(request, types)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise _too_large(most)
    return bytes(body)


async def spool_body(request: Request, *, most: int) -> tuple[BinaryIO, bytes]:
    """The body in a file without a name, which is gone when it is closed, and its SHA-256. Raises 413 once it is longer than `most` bytes."""
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdecimal() and int(said) > most:
        raise _too_large(most)
    file = await run_in_threadpool(TemporaryFile)
    digest, size = sha256(), 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise _too_large(most)
            digest.update(chunk)
            await run_in_threadpool(file.write, chunk)
        await run_in_threadpool(file.seek, 0)
    except BaseException:
        file.close()
        raise
    return file, digest.digest()


def content_type(request: Request, types: Collection[str]) -> str:
    """The kind of body that comes with a request. Raises 415 if it is none of these."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in types:
        raise HTTPException(
            415,
            f"This address takes {' or '.join(types)}, not {kind or 'a body without Content-Type'}.",
            {"Accept": ", ".join(types)},
        )
    return kind


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"The body may have {most:,} bytes.")


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body holds; an empty body is an empty object. Raises Invalid."""
    try:
        found = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError as error:
        raise Malformed([Fault("not_json", f"the body is not JSON: {error}", pointer="")]) from None
    if not isinstance(found, dict):
        raise Invalid([Fault("not_an_object", "the body is a JSON object", pointer="")])
    if _is_deeper_than(MAX_DEPTH, found):
        raise Invalid(
            [Fault("too_deep", f"the body nests deeper than {MAX_DEPTH} levels", pointer="")]
        )
    return found


def _is_deeper_than(depth: int, value: Any) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            part
            for parts in level
            if isinstance(parts, dict | list)
            for part in (parts.values() if isinstance(parts, dict) else parts)
        ]
    return any(isinstance(part, dict | list) for part in level)
