"""Request bodies: bounded, of the kinds that an address takes, and read as JSON."""

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import Request
from starlette.exceptions import HTTPException

from app.errors import Fault, Invalid

MAX_RECORD_BYTES = 2 * 1024 * 1024
JSON = ("application/json",)
MERGE_PATCH = ("application/merge-patch+json", "application/json")


async def read_body(request: Request, *, types: Sequence[str], most: int = MAX_RECORD_BYTES) -> bytes:
    """The body. Raises 415 if it is of another kind, 413 once it is longer than `most` bytes."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in types:
        raise HTTPException(
            415, f"This address takes {' or '.join(types)}, not {kind or 'a body without Content-Type'}.", {"Accept": ", ".join(types)}
        )
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"The body may have {most:,} bytes.")
    return bytes(body)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body holds; an empty body is an empty object. Raises Invalid."""
    try:
        found = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError as error:
        raise Invalid([Fault("not_json", f"the body is not JSON: {error}", pointer="")]) from None
    if not isinstance(found, dict):
        raise Invalid([Fault("not_an_object", "the body is a JSON object", pointer="")])
    return found
