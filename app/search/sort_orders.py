"""Order: every entry's place in one sort order, kept as entries come and go."""

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
        self._gone: set[int] = set()  # taken out while stale

    def add(self, number: int, value: Any, *, many: bool) -> None:
        """Put an entry, whose slug is known already, in its place.

        With `many`, places are settled once, when next asked for.
        """
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

    def restore(self, numbers: "array[int]", values: list[Any]) -> None:
        """Take over an order that was kept."""
        self.sorted, self.values = numbers, values
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
        if self._stale:
            standing = (number for number in self.sorted if number not in self._gone)
            self.restore(array("I", sorted(standing, key=self._key)), self.values)
            self._gone.clear()


def _key(value: Any, slug: str) -> Key:
    return (value is None, 0 if value is None else value, slug)
