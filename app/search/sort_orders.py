"""Order: every entry's place in one sort order, kept as entries come and go."""

import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING = -1
Key = tuple[bool, Any, str]  # is null, value, slug: nulls last, ties by slug


class Order:
    """The entries by (value, slug), nulls last; `ranks` says each entry's place."""

    def __init__(self, slugs: Sequence[str]) -> None:
        self._slugs = slugs  # by number; shared with the collection
        self.values: list[Any] = []  # by number
        self.sorted = array("I")  # numbers, in order
        self._ranks = np.full(64, MISSING, dtype=np.int64)
        self._stale = False
        self._settling = threading.Lock()
        self._gone: set[int] = set()  # taken out while stale
        self._groups: NDArray[np.int64] | None = None  # until an entry comes or goes

    def add(self, number: int, value: Any, *, many: bool) -> None:
        """Put an entry, whose slug is known already, in its place.

        With `many`, places are settled once, when next asked for.
        """
        self._groups = None
        self.values += [None] * (number + 1 - len(self.values))
        self.values[number] = value
        if number >= len(self._ranks):
            self._ranks = np.concatenate(
                [self._ranks, np.full(max(number, 64), MISSING, dtype=np.int64)]
            )
        if many or self._stale:
            self.sorted.append(number)
            self._stale = True
            return
        at = bisect_left(self.sorted, self._key(number), key=self._key)
        self.sorted.insert(at, number)
        self._ranks[self._ranks >= at] += 1
        self._ranks[number] = at

    def discard(self, number: int) -> None:
        """Take an entry out."""
        self._groups = None
        self.values[number] = None
        if self._stale:
            self._gone.add(number)
            return
        at = int(self._ranks[number])
        del self.sorted[at]
        self._ranks[self._ranks > at] -= 1
        self._ranks[number] = MISSING

    def ranks(self, numbers: NDArray[np.uint32], *, descending: bool = False) -> NDArray[np.int64]:
        """The place of each of these entries; nulls stay last both ways."""
        self._settle()
        ranks = self._ranks[numbers]
        if not descending:
            return ranks
        valued = self._valued()
        return np.where(ranks < valued, valued - 1 - ranks, ranks)

    def after(self, value: Any, slug: str, *, descending: bool = False) -> int:
        """The least place behind (value, slug), whether or not that entry is still there."""
        self._settle()
        key = _key(value, slug)
        if descending and value is not None:
            return self._valued() - bisect_left(self.sorted, key, key=self._key)
        return bisect_right(self.sorted, key, key=self._key)

    def groups(self, numbers: NDArray[np.uint32], *, descending: bool = False) -> NDArray[np.int64]:
        """The place of each of these entries by value alone: entries of one value stand together.

        Places are even, so that there is one between any two. Nulls stay last both ways.
        """
        self._settle()
        if self._groups is None:
            self._groups = self._find_groups()
        groups = self._groups[numbers]
        return np.where(groups < 2 * self._valued(), -groups, groups) if descending else groups

    def group_of(self, value: Any, *, descending: bool = False) -> int:
        """The place of a value by `groups`, also if no entry has it any more."""
        self._settle()
        key = _key(value, "")
        at = bisect_left(self.sorted, key, key=self._key)
        if value is None:
            return 2 * at
        stands = at < len(self.sorted) and self.values[self.sorted[at]] == value
        place = 2 * at if stands else 2 * at - 1
        return -place if descending else place

    def _find_groups(self) -> NDArray[np.int64]:
        """By number, twice the place of the first entry that has the same value."""
        groups = np.full(len(self._ranks), MISSING, dtype=np.int64)
        first, value = 0, None
        for place, number in enumerate(self.sorted):
            if self.values[number] != value:
                first, value = place, self.values[number]
            groups[number] = 2 * first
        return groups

    def restore(self, numbers: "array[int]", values: list[Any]) -> None:
        """Take over an order that was kept."""
        self.sorted, self.values, self._groups = numbers, values, None
        self._ranks = np.full(max(len(values), 64), MISSING, dtype=np.int64)
        self._ranks[np.frombuffer(numbers, dtype=np.uint32)] = np.arange(len(numbers))
        self._stale = False

    def settled(self) -> "array[int]":
        """The numbers, in order."""
        self._settle()
        return self.sorted

    def _key(self, number: int) -> Key:
        return _key(self.values[number], self._slugs[number])

    def _valued(self) -> int:
        return bisect_left(self.sorted, (True, 0, ""), key=self._key)

    def _settle(self) -> None:
        if not self._stale:
            return
        with self._settling:  # pages are made in threads, and read while the event loop reads
            if self._stale:
                standing = (number for number in self.sorted if number not in self._gone)
                self.restore(array("I", sorted(standing, key=self._key)), self.values)
                self._gone.clear()


def _key(value: Any, slug: str) -> Key:
    return (value is None, 0 if value is None else value, slug)
