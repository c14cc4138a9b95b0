"""Ranking: whole matches first, scores and sort orders, and which entries stand on a page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.search.collection import Collection
from app.search.cursor import Cursor, fingerprint, read_cursor
from app.search.cursor import Key as CursorKey
from app.search.matching import Kilometers, Matches
from app.search.phrases import add_phrase_scores
from app.search.postings import Numbers, numbers_of
from app.search.query import SearchQuery, SortKey
from app.search.sort_orders import Order
from app.search.walks import Walks
from app.search.weighing import Scores, part_scores, scores

PLACES = 1 << 31  # more than there are places in an order
WHOLE = 1 << 28  # more than any score: whole matches come first
MOST_BY_WORDS = WHOLE // 4
LED = ("relevance", "distance")  # sort keys that begin with a score or meters
UNPLACED_M = 30_000_000  # entries without a position stand behind the farthest point on Earth
Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Page:
    """The entries on a page, in order; and for the next one, where it begins."""

    numbers: Sequence[int]
    next_cursor: Cursor | None


def page(
    query: SearchQuery, matches: Matches, hits: BitMap, walks: Walks, *, revision: int
) -> Page:
    """The page that a query asks for: its first, or by its cursor a later one.

    `hits`: what is paged, all that matches or a sample of it.
    """
    cursor = read_cursor(query)
    if cursor:
        walk = walks.get((cursor.fingerprint, cursor.revision))
        if walk is not None:
            return _page_of_walk(query, matches, walk, cursor)
    if not hits or not query.limit:
        return Page([], None)
    numbers = numbers_of(hits)
    keys = _keys(query, matches, numbers)
    order = np.argsort(keys[0]) if len(keys) == 1 else np.lexsort(keys[::-1])
    walk = numbers[order]
    start = 0
    if cursor:  # the walk is not held: go on behind the last row, in the order of now
        start = _count_before(keys, _keys_behind(query, matches, cursor))
    shown = walk[start : start + query.limit].tolist()
    behind = start + len(shown)
    if behind >= len(walk):
        return Page(shown, None)
    walks.begin((fingerprint(query), revision), walk)
    last = [int(each[order[behind - 1]]) for each in keys]
    return Page(shown, _cursor(query, matches.collection, last, shown[-1], revision, behind))


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
    keys = [int(each[0]) for each in _keys(query, matches, np.array(shown[-1:], dtype=np.uint32))]
    return Page(shown, _cursor(query, collection, keys, shown[-1], cursor.revision, offset))


def _cursor(
    query: SearchQuery,
    collection: Collection,
    keys: Sequence[int],
    last: int,
    revision: int,
    offset: int,
) -> Cursor:
    """Where a page ends whose last entry is `last` and has these keys."""
    places: list[CursorKey] = [
        (key // PLACES if sort.name in LED else 0, _order(sort, collection).values[last])
        for sort, key in zip(query.order, keys, strict=True)
    ]
    slug = collection.slugs[last]
    *earlier, key = places
    return Cursor(fingerprint(query), revision, offset, key, slug, tuple(earlier))


def relevance(matches: Matches) -> Scores:
    """By number of entry, its score: by words, by the parts that were understood; whole first."""
    parts, collection = matches.understood.parts, matches.collection
    by_words = np.minimum(scores(matches.units, collection), MOST_BY_WORDS)
    best = int(by_words.max(initial=0))
    total = by_words + part_scores(parts, collection, best, matches.distances_meant_km)
    if matches.phrase and best:
        add_phrase_scores(total, best, matches)
    if matches.mode:
        total[numbers_of(matches.whole)] += WHOLE
    return total


def _keys(query: SearchQuery, matches: Matches, numbers: Numbers) -> list[Keys]:
    """For each sort key a whole number for each entry, the least first.

    Of the last sort key no two are alike: it ends in the slug.
    """
    *earlier, last = query.order
    keys = []
    for sort in earlier:
        order = _order(sort, matches.collection)
        places = np.zeros(len(numbers), dtype=np.int64)
        if sort.name != "distance":  # meters are all there is to it
            places = order.groups(numbers, descending=sort.descending)
        keys.append(places + _lead(sort, matches, numbers))
    order = _order(last, matches.collection)
    ranks = order.ranks(numbers, descending=_turns(last))
    return [*keys, ranks + _lead(last, matches, numbers)]


def _lead(sort: SortKey, matches: Matches, numbers: Numbers) -> Keys | int:
    """What a sort key begins with: score or meters; nothing for most."""
    if sort.name == "relevance":
        return -PLACES * relevance(matches)[numbers]
    if sort.name == "distance" and matches.distances_km is not None:
        meters = _meters(matches.distances_km[numbers])
        if sort.descending:
            meters = np.where(meters == UNPLACED_M, meters, -meters)
        return PLACES * meters
    return 0


def _keys_behind(query: SearchQuery, matches: Matches, cursor: Cursor) -> list[int]:
    """The least keys behind the last row of a page."""
    keys = []
    for sort, (lead, value) in zip(query.order, cursor.earlier, strict=False):
        place = 0
        if sort.name != "distance":
            order = _order(sort, matches.collection)
            place = order.group_of(value, descending=sort.descending)
        keys.append(lead * PLACES + place)
    last = query.order[-1]
    lead, value = cursor.key
    order = _order(last, matches.collection)
    behind = order.after(value, cursor.slug, descending=_turns(last))
    return [*keys, lead * PLACES + behind]


def _count_before(keys: Sequence[Keys], ends: Sequence[int]) -> int:
    """How many entries have lesser keys than these, the first key first."""
    before = np.zeros(len(keys[0]), dtype=bool)
    alike = ~before
    for each, end in zip(keys, ends, strict=True):
        before |= alike & (each < end)
        alike &= each == end
    return int(np.count_nonzero(before))


def _order(sort: SortKey, collection: Collection) -> Order:
    """The order of the values of a sort key, behind its score or meters."""
    return collection.orders["slug" if sort.name == "distance" else sort.name]


def _turns(sort: SortKey) -> bool:
    """Whether the order of values is turned round."""
    return sort.descending and sort.name != "distance"


def _meters(distances_km: Kilometers) -> Keys:
    rounded = np.where(np.isinf(distances_km), UNPLACED_M, np.round(distances_km * 1000, 0))
    return rounded.astype(np.int64)
