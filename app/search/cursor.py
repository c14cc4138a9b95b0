"""Cursor: where a page ended, as an address carries it."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from pydantic import Field, TypeAdapter

from app.errors import Fault, Malformed
from app.search.query import SearchQuery

Value = int | str | tuple[int, int] | None
# What each sort orders by; those not named here, by a whole number.
VALUE_TYPES: dict[str, type] = {"relevance": tuple, "title": str, "state": str, "distance": str}
CHECKSUM_BYTES = 6
# What may change under a cursor: it neither selects nor orders.
MAY_CHANGE = ("limit", "fields", "include", "facets", "group_by", "statistics", "explain")
Key = tuple[int, Value]  # score or meters, then the value of the sort
_Revision = Annotated[int, Field(ge=0)]
_Offset = Annotated[int, Field(ge=1)]
# With several sort keys, those before the last one stand at the end; cursors of one key have none.
_PAYLOAD: TypeAdapter[Any] = TypeAdapter(
    tuple[str, _Revision, _Offset, Key, str]
    | tuple[str, _Revision, _Offset, Key, str, tuple[Key, ...]]
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
    key: Key  # of the last sort key
    slug: str
    earlier: tuple[Key, ...] = ()  # of the sort keys before it

    def encode(self) -> str:
        """The cursor as an address carries it: bound to its query, with a checksum."""
        parts = [self.fingerprint, self.revision, self.offset, self.key, self.slug]
        payload = orjson.dumps([*parts, self.earlier] if self.earlier else parts)
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
    keys = (*cursor.earlier, cursor.key)
    types = [VALUE_TYPES.get(sort.name, int) | None for sort in query.order]
    if len(keys) != len(types) or not all(
        isinstance(value, type_) for (_, value), type_ in zip(keys, types, strict=True)
    ):
        raise _refused(_DAMAGED)
    return cursor


def fingerprint(query: SearchQuery) -> str:
    """What tells a query from others, whatever its paging and its fields."""
    address = query.url_without(*MAY_CHANGE)
    return hashlib.blake2b(address.encode(), digest_size=6).hexdigest()


_DAMAGED = (
    "cursor_damaged",
    "This cursor is damaged. Use links.next as it was given, or leave cursor out.",
)
_MISMATCH = (
    "cursor_query_mismatch",
    (
        "This cursor belongs to another search. Leave cursor out, or change only "
        f"{', '.join(MAY_CHANGE[:-1])} or {MAY_CHANGE[-1]}."
    ),
)


def _refused(reason: tuple[str, str]) -> Malformed:
    code, detail = reason
    return Malformed([Fault(code, detail, parameter="cursor")])


def _decoded(text: str) -> Any:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    payload = raw[CHECKSUM_BYTES:]
    if raw[:CHECKSUM_BYTES] != _checksum(payload) or _as_text(raw) != text:
        raise ValueError
    return _PAYLOAD.validate_json(payload, strict=True)


def _as_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _checksum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=CHECKSUM_BYTES, person=b"cursor").digest()
