"""Cursor: where a page ended, as an address carries it."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Annotated

import orjson
from pydantic import Field, TypeAdapter

from app.errors import Fault, Malformed
from app.search.query import SearchQuery

Value = int | str | tuple[int, int] | None
# What each sort orders by; those not named here, by a whole number.
VALUE_TYPES: dict[str, type] = {"relevance": tuple, "title": str, "state": str, "distance": str}
CHECKSUM_BYTES = 6
_PAYLOAD = TypeAdapter(
    tuple[
        str,
        Annotated[int, Field(ge=0)],
        Annotated[int, Field(ge=1)],
        tuple[int, Value],
        str,
    ]
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: its place in a walk, and what its last row was sorted by.

    The walk holds the order of the first page. A worker that does not hold it (another process, or
    after a restart) goes on behind the last row instead.
    """

    fingerprint: str  # of the query
    revision: int  # at which the walk began
    offset: int  # rows shown so far
    key: tuple[int, Value]  # score or meters, then the value of the sort
    slug: str

    def encode(self) -> str:
        """The cursor as an address carries it: bound to its query, with a checksum."""
        payload = orjson.dumps([self.fingerprint, self.revision, self.offset, self.key, self.slug])
        return _as_text(_checksum(payload) + payload)


def read_cursor(query: SearchQuery) -> Cursor | None:
    """The cursor that came with a query.

    Raises Malformed if it was changed or belongs to another query.
    """
    if query.cursor is None:
        return None
    try:
        cursor = Cursor(*_decoded(query.cursor))
    except ValueError:
        raise _refused(_DAMAGED) from None
    if cursor.fingerprint != fingerprint(query):
        raise _refused(_MISMATCH)
    if not isinstance(cursor.key[1], VALUE_TYPES.get(query.sort, int) | None):
        raise _refused(_DAMAGED)
    return cursor


def fingerprint(query: SearchQuery) -> str:
    """What tells a query from others, whatever its paging and its fields."""
    address = query.url_without("limit", "fields", "facets", "explain")
    return hashlib.blake2b(address.encode(), digest_size=6).hexdigest()


_DAMAGED = (
    "cursor_damaged",
    "This cursor is damaged. Use links.next as it was given, or leave cursor out.",
)
_MISMATCH = (
    "cursor_query_mismatch",
    "This cursor belongs to another search. Leave cursor out, or change only limit, fields, facets or explain.",
)


def _refused(reason: tuple[str, str]) -> Malformed:
    code, detail = reason
    return Malformed([Fault(code, detail, parameter="cursor")])


def _decoded(text: str) -> tuple[str, int, int, tuple[int, Value], str]:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    payload = raw[CHECKSUM_BYTES:]
    if raw[:CHECKSUM_BYTES] != _checksum(payload) or _as_text(raw) != text:
        raise ValueError
    return _PAYLOAD.validate_json(payload, strict=True)


def _as_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _checksum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=CHECKSUM_BYTES, person=b"cursor").digest()
