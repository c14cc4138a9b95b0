"""NumberIndex: the entries by one of their figures, kept in order as entries come and go."""

import threading
from array import array

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

MAX_REMEMBERED = 100  # ranges
Ends = tuple[int | None, int | None]


class NumberIndex:
    """The (value, entry) pairs of one figure, by value: which entries have one in a range?"""

    def __init__(self) -> None:
        self.values: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.numbers: NDArray[np.uint32] = np.empty(0, dtype=np.uint32)
        self._new_values, self._new_numbers = array("q"), array("I")
        self._settling = threading.Lock()
        self._found: dict[Ends, BitMap] = {}  # by range, until an entry changes

    def add(self, number: int, value: int) -> None:
        """Take in a figure of an entry."""
        self._found.clear()
        self._new_values.append(value)
        self._new_numbers.append(number)

    def discard(self, number: int) -> None:
        """Drop every figure of an entry."""
        self._found.clear()
        self.settle()
        others = self.numbers != number
        self.values, self.numbers = self.values[others], self.numbers[others]

    def within(self, low: int | None, high: int | None) -> BitMap:
        """The entries with a figure in the range, both ends included.

        It is remembered: every search counts the same bands, which took 6 % of a new question.
        """
        members = self._found.get((low, high))
        if members is None:
            if len(self._found) >= MAX_REMEMBERED:
                self._found.clear()
            members = self._found[low, high] = self._find(low, high)
        return members

    def _find(self, low: int | None, high: int | None) -> BitMap:
        self.settle()
        first = 0 if low is None else int(np.searchsorted(self.values, low, side="left"))
        last = (
            len(self.values)
            if high is None
            else int(np.searchsorted(self.values, high, side="right"))
        )
        return BitMap(self.numbers[first:last])

    def settle(self) -> None:
        """Put what is new in its place."""
        if not self._new_values:
            return
        with self._settling:  # pages are made in threads, and read while the event loop reads
            if not self._new_values:
                return
            values = np.concatenate([self.values, np.array(self._new_values, dtype=np.int64)])
            numbers = np.concatenate([self.numbers, np.array(self._new_numbers, dtype=np.uint32)])
            order = np.argsort(values, kind="stable")
            self.values, self.numbers = values[order], numbers[order]
            self._new_values, self._new_numbers = array("q"), array("I")
