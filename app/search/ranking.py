"""Ranking: BM25 scores and sort orders, and which entries stand on a page."""

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.search.analysis import stem
from app.search.collection import Collection
from app.search.cursor import Cursor
from app.search.matching import Kilometers, Matches, entries_of
from app.search.postings import Impacts, Numbers
from app.search.query import Clause, SearchQuery

WEIGHT = 1024  # scores are whole numbers, the same on every machine
PLACES = 1 << 31  # more than there are places in an order
UNPLACED_M = 30_000_000  # entries without a position stand behind the farthest point on Earth
Keys = NDArray[np.int64]


def page(
    query: SearchQuery, matches: Matches, hits: BitMap, cursor: Cursor | None
) -> tuple[list[int], Cursor | None]:
    """The entries on this page, in order, and the cursor of the next page if there is one."""
    if not hits:
        return [], None
    collection = matches.collection
    weights = cursor.weights if cursor else _weights(query, collection)
    numbers = np.frombuffer(hits.to_array(), dtype=np.uint32)
    keys, first = _keys(query, matches, numbers, weights, cursor)
    if cursor:
        numbers, keys = numbers[keys >= first], keys[keys >= first]
    order = np.argsort(keys)
    shown = numbers[order[: query.limit]].tolist()
    if len(order) <= query.limit or not shown:
        return shown, None
    slug = collection.slugs[shown[-1]]
    value = slug
    if query.sort != "distance":
        value = collection.orders[query.sort].values[shown[-1]]
    last_key = (int(keys[order[query.limit - 1]] // PLACES), value)
    return shown, Cursor(last_key, slug, matches.mode, weights)


def _keys(
    query: SearchQuery,
    matches: Matches,
    numbers: Numbers,
    weights: Sequence[int],
    cursor: Cursor | None,
) -> tuple[Keys, int]:
    """A key for each entry, the least first and no two alike; and the least behind the cursor.

    A key is score or meters, then the place in the sort order, as one whole number.
    """
    collection = matches.collection
    order = collection.orders["slug" if query.sort == "distance" else query.sort]
    descending = query.descending and query.sort not in ("distance", "relevance")
    keys = order.ranks(numbers, descending=descending)
    if query.sort == "relevance":
        for unit, weight in zip(query.units, weights, strict=True):
            impacts = _impacts(unit, collection)[numbers]
            keys -= np.multiply(impacts, weight * PLACES, dtype=np.int64)
    elif query.sort == "distance" and matches.distances_km is not None:
        meters = _meters(matches.distances_km[numbers])
        if query.descending:
            meters = np.where(meters == UNPLACED_M, meters, -meters)
        keys += PLACES * meters
    if cursor is None:
        return keys, 0
    lead, value = cursor.key
    return keys, lead * PLACES + order.after(value, cursor.slug, descending=descending)


def _impacts(unit: Clause, collection: Collection) -> Impacts:
    """By number of entry, how much a word or a beginning matters in it; 0 without it."""
    impacts = np.zeros(len(collection.slugs), dtype=np.uint8)
    if unit.prefix:
        _add_impacts_of_beginning(unit.words[0], collection, impacts)
    elif posting := collection.postings.get(stem(unit.words[0])):
        holders, own = posting.arrays()
        impacts[holders] = own
    return impacts


def _add_impacts_of_beginning(prefix: str, collection: Collection, impacts: Impacts) -> None:
    """By word, not by stem: the words of other entries must not matter to an entry's score."""
    for word in collection.beginning_with(prefix):
        members = collection.words[word]
        if members:
            holders, own = collection.postings[collection.word_stems[word]].arrays()
            held = np.frombuffer(members.to_array(), dtype=np.uint32)
            own_of_held = own[np.searchsorted(holders, held)]
            impacts[held] = np.maximum(impacts[held], own_of_held)


def _weights(query: SearchQuery, collection: Collection) -> list[int]:
    """Inverse document frequency of each unit (BM25's), as a whole number."""
    total = len(collection)
    weights = []
    for unit in query.units:
        holding = len(entries_of(unit, collection))
        weights.append(round(WEIGHT * log(1 + (total - holding + 0.5) / (holding + 0.5))))
    return weights


def _meters(distances_km: Kilometers) -> Keys:
    rounded = np.where(np.isinf(distances_km), UNPLACED_M, np.round(distances_km * 1000, 0))
    return rounded.astype(np.int64)
