"""Order: every entry's place in one sort order, kept as entries come and go."""

import sys
from bisect import bisect_left, bisect_right
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING = -1
Key = tuple[bool, Any, str]  # is null, value, slug: nulls last, ties by slug


class Order:
    """The entries by (value, slug), nulls last; `ranks` says each entry's place."""

    def __init__(self) -> None:
        self._sorted: list[tuple[Key, int]] = []
        self._ranks = np.full(64, MISSING, dtype=np.int32)
        self._stale = False

    def add(self, number: int, value: Any, slug: str, *, many: bool) -> None:
        """Put an entry in its place; with `many` the places are settled once, when they are next asked for."""
        item = (_key(value, slug), number)
        if number >= len(self._ranks):
            self._ranks = np.concatenate([self._ranks, np.full(max(number, 64), MISSING, dtype=np.int32)])
        if many or self._stale:
            self._sorted.append(item)
            self._stale = True
            return
        at = bisect_left(self._sorted, item)
        self._sorted.insert(at, item)
        self._ranks[self._ranks >= at] += 1
        self._ranks[number] = at

    def discard(self, number: int, value: Any, slug: str) -> None:
        """Take an entry out."""
        self._settle()
        at = bisect_left(self._sorted, (_key(value, slug), number))
        del self._sorted[at]
        self._ranks[self._ranks > at] -= 1
        self._ranks[number] = MISSING

    def ranks(self, *, descending: bool = False) -> NDArray[np.int32]:
        """The place of each entry by its number; nulls stay last both ways."""
        self._settle()
        if not descending:
            return self._ranks
        valued = self._valued()
        return np.where((self._ranks >= 0) & (self._ranks < valued), valued - 1 - self._ranks, self._ranks).astype(np.int32)

    def after(self, value: Any, slug: str, *, descending: bool = False) -> int:
        """The least place of an entry that stands behind (value, slug), whether or not that entry is still there."""
        self._settle()
        key = _key(value, slug)
        if descending and value is not None:
            return self._valued() - bisect_left(self._sorted, (key, MISSING))
        return bisect_right(self._sorted, (key, sys.maxsize))

    def _valued(self) -> int:
        return bisect_left(self._sorted, ((True, 0, ""), MISSING))

    def _settle(self) -> None:
        if self._stale:
            self._sorted.sort()
            self._ranks[:] = MISSING
            self._ranks[[number for _, number in self._sorted]] = np.arange(len(self._sorted), dtype=np.int32)
            self._stale = False


def _key(value: Any, slug: str) -> Key:
    return (value is None, 0 if value is None else value, slug)
