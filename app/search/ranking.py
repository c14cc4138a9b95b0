"""Ranking: whole matches first, scores and sort orders, and which entries stand on a page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.search.collection import Collection
from app.search.cursor import Cursor, fingerprint, read_cursor
from app.search.matching import Kilometers, Matches
from app.search.phrases import add_phrase_scores
from app.search.postings import Numbers, numbers_of
from app.search.query import SearchQuery
from app.search.sort_orders import Order
from app.search.walks import Walks
from app.search.weighing import Scores, part_scores, scores

PLACES = 1 << 31  # more than there are places in an order
WHOLE = 1 << 28  # more than any score: whole matches come first
MOST_BY_WORDS = WHOLE // 4
UNPLACED_M = 30_000_000  # entries without a position stand behind the farthest point on Earth
Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Page:
    """The entries on a page, in order; and for the next one, where it begins."""

    numbers: Sequence[int]
    next_cursor: Cursor | None


def page(query: SearchQuery, matches: Matches, walks: Walks, *, revision: int) -> Page:
    """The page that a query asks for: its first, or by its cursor a later one."""
    cursor = read_cursor(query)
    if cursor:
        walk = walks.get((cursor.fingerprint, cursor.revision))
        if walk is not None:
            return _page_of_walk(query, matches, walk, cursor)
    hits = matches.hits()
    if not hits or not query.limit:
        return Page([], None)
    numbers = numbers_of(hits)
    keys = _keys(query, matches, numbers)
    order = np.argsort(keys)
    walk = numbers[order]
    start = 0
    if cursor:  # the walk is not held: go on behind the last row, in the order of now
        start = int(np.searchsorted(keys[order], _key_behind(query, matches, cursor)))
    shown = walk[start : start + query.limit].tolist()
    behind = start + len(shown)
    if behind >= len(walk):
        return Page(shown, None)
    walks.begin((fingerprint(query), revision), walk)
    key = int(keys[order[behind - 1]])
    return Page(shown, _cursor(query, matches.collection, key, shown[-1], revision, behind))


def _page_of_walk(query: SearchQuery, matches: Matches, walk: Numbers, cursor: Cursor) -> Page:
    """The next entries of a walk. One that was withdrawn meanwhile is passed over."""
    collection = matches.collection
    shown: list[int] = []
    offset = cursor.offset
    while offset < len(walk) and len(shown) < query.limit:
        number = collection.number(collection.every_slug[walk[offset]])
        if number is not None:
            shown.append(number)
        offset += 1
    if offset >= len(walk) or not shown:
        return Page(shown, None)
    key = int(_keys(query, matches, np.array(shown[-1:], dtype=np.uint32))[0])
    return Page(shown, _cursor(query, collection, key, shown[-1], cursor.revision, offset))


def _cursor(
    query: SearchQuery, collection: Collection, key: int, last: int, revision: int, offset: int
) -> Cursor:
    """Where a page ends whose last entry is `last` and has this key."""
    slug = collection.slugs[last]
    value = slug
    if query.sort != "distance":
        value = collection.orders[query.sort].values[last]
    return Cursor(fingerprint(query), revision, offset, (key // PLACES, value), slug)


def relevance(matches: Matches) -> Scores:
    """By number of entry, its score: by words, by the parts that were understood; whole first."""
    parts, collection = matches.understood.parts, matches.collection
    by_words = np.minimum(scores(matches.units, collection), MOST_BY_WORDS)
    best = int(by_words.max(initial=0))
    total = by_words + part_scores(parts, collection, best, matches.distances_meant_km)
    if matches.phrase and best:
        add_phrase_scores(total, best, matches.phrase, collection)
    if matches.mode:
        total[numbers_of(matches.whole)] += WHOLE
    return total


def _keys(query: SearchQuery, matches: Matches, numbers: Numbers) -> Keys:
    """A key for each entry, the least first and no two alike.

    A key is score or meters, then the place in the sort order, as one whole number.
    """
    order, descending = _order(query, matches.collection)
    keys = order.ranks(numbers, descending=descending)
    if query.sort == "relevance":
        keys -= PLACES * relevance(matches)[numbers]
    elif query.sort == "distance" and matches.distances_km is not None:
        meters = _meters(matches.distances_km[numbers])
        if query.descending:
            meters = np.where(meters == UNPLACED_M, meters, -meters)
        keys += PLACES * meters
    return keys


def _key_behind(query: SearchQuery, matches: Matches, cursor: Cursor) -> int:
    """The least key behind the last row of a page."""
    order, descending = _order(query, matches.collection)
    lead, value = cursor.key
    return lead * PLACES + order.after(value, cursor.slug, descending=descending)


def _order(query: SearchQuery, collection: Collection) -> tuple[Order, bool]:
    """The sort order, and whether it is turned round."""
    order = collection.orders["slug" if query.sort == "distance" else query.sort]
    return order, query.descending and query.sort not in ("distance", "relevance")


def _meters(distances_km: Kilometers) -> Keys:
    rounded = np.where(np.isinf(distances_km), UNPLACED_M, np.round(distances_km * 1000, 0))
    return rounded.astype(np.int64)
