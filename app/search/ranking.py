"""Ranking and paging: BM25 scores, sort orders, and a cursor under which no row is lost or repeated while records change."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Annotated, Literal

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter
from pyroaring import BitMap

from app.errors import Fault, Malformed
from app.search.analysis import stem
from app.search.collection import Collection
from app.search.matching import Matches, entries_of
from app.search.postings import CHAMPIONS, Impacts
from app.search.query import Clause, SearchQuery

WEIGHT = 1024  # scores are whole numbers, the same on every machine
PLACES = 1 << 31  # more than there are places in an order
WORTH_PARTING = 400  # hits; fewer are sorted in the time that parting takes
LOOK_UP = 16  # entries are laid out in the time that one is looked up among many,
LOOK_UP_AT_LEAST = 2000  # and so many in the time that looking up takes to begin with
UNPLACED_M = 30_000_000  # entries without a position stand behind the farthest point on Earth
Value = int | str | tuple[int, int] | None
VALUES: dict[str, type] = {
    "relevance": tuple,
    "title": str,
    "state": str,
    "distance": str,
}  # what a sort goes by; the others by int
_PAYLOAD = TypeAdapter(
    tuple[
        str,
        tuple[int, Value],
        str,
        Literal["all", "any"] | None,
        list[Annotated[int, Field(ge=0, lt=1 << 20)]],
    ]
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: what the last row was sorted by, and how its words were weighed."""

    key: tuple[int, Value]
    slug: str
    mode: str | None
    weights: list[int]

    def encode(self, query: SearchQuery) -> str:
        """The cursor as a URL carries it: bound to its question, and proof against slips of the hand."""
        payload = orjson.dumps([_fingerprint(query), self.key, self.slug, self.mode, self.weights])
        return base64.urlsafe_b64encode(_checksum(payload) + payload).rstrip(b"=").decode()


def read_cursor(query: SearchQuery) -> Cursor | None:
    """The cursor that came with a question. Raises Malformed if it was changed, or made for another question."""
    if query.cursor is None:
        return None
    damaged = Malformed(
        [
            Fault(
                "cursor_damaged",
                "this cursor is not one that the directory gave",
                parameter="cursor",
            )
        ]
    )
    try:
        raw = base64.b64decode(
            query.cursor + "=" * (-len(query.cursor) % 4), altchars=b"-_", validate=True
        )
        payload = raw[6:]
        if (
            raw[:6] != _checksum(payload)
            or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != query.cursor
        ):
            raise ValueError
        fingerprint, key, slug, mode, weights = _PAYLOAD.validate_json(payload, strict=True)
    except ValueError:
        raise damaged from None
    if fingerprint != _fingerprint(query):
        raise Malformed(
            [
                Fault(
                    "cursor_query_mismatch",
                    "this cursor belongs to another question; only limit, fields and facets may differ",
                    parameter="cursor",
                )
            ]
        )
    if not isinstance(key[1], VALUES.get(query.sort, int) | None) or len(weights) != len(
        query.units
    ):
        raise damaged
    return Cursor(key, slug, mode, weights)


def page(
    query: SearchQuery, among: Collection, matches: Matches, hits: BitMap, cursor: Cursor | None
) -> tuple[list[int], Cursor | None]:
    """The numbers of the entries on this page, in order, and the cursor of the next page if there is one."""
    if not hits:
        return [], None
    weights = cursor.weights if cursor else _weights(query, among)
    champions = _champions(query, among, hits) if any(weights) else hits
    numbers, keys = _behind_cursor(query, among, matches, champions, weights, cursor)
    if champions is not hits and len(keys) <= query.limit:
        numbers, keys = _behind_cursor(query, among, matches, hits, weights, cursor)
    if len(keys) > WORTH_PARTING:
        chosen = np.argpartition(keys, query.limit)[: query.limit + 1]
        numbers, keys = numbers[chosen], keys[chosen]
    order = np.argsort(keys)
    shown = numbers[order[: query.limit]].tolist()
    if len(order) <= query.limit or not shown:
        return shown, None
    slug = among.slugs[shown[-1]]
    value = slug if query.sort == "distance" else among.orders[query.sort].values[shown[-1]]
    return shown, Cursor(
        (int(keys[order[query.limit - 1]] // PLACES), value), slug, matches.mode, weights
    )


def _champions(query: SearchQuery, among: Collection, hits: BitMap) -> BitMap:
    """For one common word: those of the hits that stand before all others. Else the hits."""
    units = query.units
    if (
        query.sort == "relevance"
        and len(units) == 1
        and not units[0].prefix
        and len(hits) > CHAMPIONS
    ):
        return among.postings[stem(units[0].words[0])].champions() & hits
    return hits


def _behind_cursor(
    query: SearchQuery,
    among: Collection,
    matches: Matches,
    hits: BitMap,
    weights: Sequence[int],
    cursor: Cursor | None,
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The hits behind the cursor, and the key that each is ordered by."""
    numbers = (
        np.frombuffer(hits.to_array(), dtype=np.uint32) if hits else np.empty(0, dtype=np.uint32)
    )
    keys, first = _keys(query, among, matches, numbers, weights, cursor)
    if cursor is None:
        return numbers, keys
    behind = keys >= first
    return numbers[behind], keys[behind]


def _keys(
    query: SearchQuery,
    among: Collection,
    matches: Matches,
    numbers: NDArray[np.uint32],
    weights: Sequence[int],
    cursor: Cursor | None,
) -> tuple[NDArray[np.int64], int]:
    """One number for each entry, the least first and no two alike, and the least that stands behind the cursor."""
    by_place = query.sort not in ("distance", "relevance")
    order = "slug" if query.sort == "distance" else query.sort
    descending = query.descending and by_place
    keys = among.orders[order].ranks(numbers, descending=descending)
    if query.sort == "relevance":
        for unit, weight in zip(query.units, weights, strict=True):
            keys -= np.multiply(_impacts(unit, among, numbers), weight * PLACES, dtype=np.int64)
    elif query.sort == "distance":
        assert matches.distances_km is not None
        metres = _metres(matches.distances_km[numbers])
        keys += PLACES * (
            np.where(metres == UNPLACED_M, metres, -metres) if query.descending else metres
        )
    if cursor is None:
        return keys, 0
    lead, value = cursor.key
    return keys, lead * PLACES + among.orders[order].after(
        value, cursor.slug, descending=descending
    )


def _impacts(unit: Clause, among: Collection, numbers: NDArray[np.uint32]) -> Impacts:
    """How much a word matters in each entry."""
    if unit.prefix:
        return _impacts_of_beginning(unit.words[0], among, numbers)
    if (posting := among.postings.get(stem(unit.words[0]))) is None or not posting.numbers:
        return np.zeros(len(numbers), dtype=np.uint8)
    holders, impacts = posting.arrays()
    if len(numbers) * LOOK_UP + LOOK_UP_AT_LEAST < len(holders):
        places = np.minimum(np.searchsorted(holders, numbers), len(holders) - 1)
        return np.where(holders[places] == numbers, impacts[places], np.uint8(0))
    of_each = np.zeros(len(among.slugs), dtype=np.uint8)
    of_each[holders] = impacts
    return of_each[numbers]


def _impacts_of_beginning(prefix: str, among: Collection, numbers: NDArray[np.uint32]) -> Impacts:
    """By word, not by stem: which other entries have a word that begins so must not matter to an entry's score."""
    of_each = np.zeros(len(among.slugs), dtype=np.uint8)
    hits = BitMap(numbers)
    for word in among.beginning_with(prefix):
        if own := among.words[word] & hits:
            holders, impacts = among.postings[among.word_stems[word]].arrays()
            held = np.frombuffer(own.to_array(), dtype=np.uint32)
            of_each[held] = np.maximum(of_each[held], impacts[np.searchsorted(holders, held)])
    return of_each[numbers]


def _weights(query: SearchQuery, among: Collection) -> list[int]:
    """Inverse document frequency of each unit (BM25's), as a whole number."""
    total = len(among)
    weights = []
    for unit in query.units:
        holding = len(entries_of(unit, among))
        weights.append(round(WEIGHT * log(1 + (total - holding + 0.5) / (holding + 0.5))))
    return weights


def _metres(distances: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.where(np.isinf(distances), UNPLACED_M, np.round(distances * 1000, 0)).astype(np.int64)


def _fingerprint(query: SearchQuery) -> str:
    return hashlib.blake2b(
        query.url_without("limit", "fields", "facets").encode(), digest_size=6
    ).hexdigest()


def _checksum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=6, person=b"cursor").digest()
