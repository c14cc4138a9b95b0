"""Request bodies: their size and content type checked, and read as JSON."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from email.message import Message
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
UTF_8 = ("utf-8", "utf8", "us-ascii")
JSON = ("application/json",)
MERGE_PATCH = ("application/merge-patch+json", "application/json")


async def read_body(
    request: Request, *, types: Sequence[str], most: int = MAX_RECORD_BYTES
) -> bytes:
    """The body. Raises 415 for another content type, 413 once it is longer than `most` bytes."""
    content_type(request, types)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise _too_large(most)
    return bytes(body)


async def spool_body(request: Request, *, most: int) -> tuple[BinaryIO, bytes]:
    """The body in a temporary file, and its SHA-256. Raises 413 once it is longer than `most` bytes.

    The file has no name and is gone when it is closed.
    """
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdecimal() and int(length) > most:
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
    """The content type of a request. Raises 415 if it is none of these, not UTF-8, or compressed."""
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type not in types:
        is_empty = "transfer-encoding" not in request.headers and (
            request.headers.get("content-length", "0") == "0"
        )
        sent = (
            media_type
            or f"a {'request without a body' if is_empty else 'body without Content-Type'}"
        )
        raise HTTPException(
            415,
            f"This address does not take {sent}. Send {' or '.join(types)}.",
            {"Accept": ", ".join(types)},
        )
    try:
        charset = str(header.get_param("charset") or "utf-8")
    except TypeError:  # the library cannot join numbered parts (RFC 2231) with others
        charset = "that comes in parts"
    if charset.lower() not in UTF_8:
        raise HTTPException(
            415,
            f"The charset {charset[:40]} is not supported. Send the body in UTF-8.",
            {"Accept": ", ".join(types)},
        )
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise HTTPException(
            415,
            f"Content-Encoding {encoding[:40]} is not supported. Send the body uncompressed.",
            {"Accept-Encoding": "identity"},
        )
    return media_type


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"The body is longer than {most:,} bytes. Send a shorter one.")


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; an empty body is an empty object. Raises Malformed or Invalid."""
    try:
        document = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError as error:
        detail = f"The body is not JSON: {error}."
        raise Malformed([Fault("not_json", detail, pointer="")]) from None
    if not isinstance(document, dict):
        detail = "The body is not a JSON object. Send {...}."
        raise Invalid([Fault("not_an_object", detail, pointer="")])
    if is_deeper_than(MAX_DEPTH, document):
        detail = f"The body nests deeper than {MAX_DEPTH} levels."
        raise Invalid([Fault("too_deep", detail, pointer="")])
    faults = repeated_keys(body)
    if faults:
        raise Malformed(faults)
    return document


def repeated_keys(body: bytes) -> list[Fault]:
    """A fault for each key that an object of this JSON text has more than once."""
    if not body:
        return []
    # Numbers stay text: what orjson took is not always what `int` takes.
    document = json.loads(body, object_pairs_hook=_Object, parse_int=str, parse_float=str)
    return [
        Fault(
            "repeated_key",
            f"The key {key[:60]!r} appears more than once in one object. Keep one of them.",
            pointer=f"{pointer}/{escaped(key)}",
        )
        for pointer, key in _repetitions(document, "")
    ]


class _Object(dict[str, Any]):
    """A JSON object that remembers which keys it was given twice."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs)
        self.repeated = [key for key, count in counts.items() if count > 1]


def _repetitions(part: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(part, _Object):
        yield from ((pointer, key) for key in part.repeated)
    if isinstance(part, dict):
        for key, inner in part.items():
            yield from _repetitions(inner, f"{pointer}/{escaped(key)}")
    elif isinstance(part, list):
        for position, inner in enumerate(part):
            yield from _repetitions(inner, f"{pointer}/{position}")


def escaped(key: str) -> str:
    """A key as a JSON Pointer writes it (RFC 6901)."""
    return key[:60].replace("~", "~0").replace("/", "~1")


def is_deeper_than(depth: int, value: Any) -> bool:
    """Whether a value has more than `depth` levels of objects and lists in each other."""
    level = [value]
    for _ in range(depth):
        level = [
            part
            for parts in level
            if isinstance(parts, dict | list)
            for part in (parts.values() if isinstance(parts, dict) else parts)
        ]
    return any(isinstance(part, dict | list) for part in level)
