"""Places: the positions of entries, each beside its entry."""

import threading

import numpy as np
from numpy.typing import NDArray


class Places:
    """The positions of entries, each beside its entry."""

    def __init__(self) -> None:
        self.degrees: NDArray[np.float64] = np.empty((0, 2), dtype=np.float64)
        self.numbers: NDArray[np.uint32] = np.empty(0, dtype=np.uint32)
        self._new: list[tuple[int, tuple[float, float]]] = []
        self._settling = threading.Lock()

    def add(self, number: int, place: tuple[float, float]) -> None:
        """Take in a position (latitude, longitude in degrees) of an entry."""
        self._new.append((number, place))

    def discard(self, number: int) -> None:
        """Drop every position of an entry."""
        degrees, numbers = self.settled()
        others = numbers != number
        self.degrees, self.numbers = degrees[others], numbers[others]

    def of(self, number: int) -> list[tuple[float, float]]:
        """The positions of one entry."""
        degrees, numbers = self.settled()
        return [
            (float(latitude), float(longitude))
            for latitude, longitude in degrees[numbers == number]
        ]

    def settled(self) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
        """Every position, and the entry that it is of."""
        if self._new:
            with self._settling:  # pages are made in threads, and read while the event loop reads
                if self._new:
                    self._settle()
        return self.degrees, self.numbers

    def _settle(self) -> None:
        degrees = np.array([place for _, place in self._new], dtype=np.float64)
        numbers = np.array([number for number, _ in self._new], dtype=np.uint32)
        self.degrees = np.concatenate([self.degrees, degrees])
        self.numbers = np.concatenate([self.numbers, numbers])
        self._new = []
