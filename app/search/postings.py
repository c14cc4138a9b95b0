"""Postings: which entries hold a term, and how much it matters in each."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.search.analysis import folded_words, stems

# BM25F with fixed pivots: (weight, usual number of words) of each field. Because no average over the
# directory enters it, an entry's impacts depend on that entry alone, and an index that followed the
# log ranks exactly as one built anew.
FIELDS = {
    "title": (8.0, 8),
    "aliases": (8.0, 3),
    "names": (4.0, 30),
    "summary": (2.0, 75),
    "text": (1.0, 800),
}
K1 = 1.2
B = 0.6
MAX_IMPACT = 255
CHAMPIONS = 2000

Numbers = NDArray[np.uint32]
Impacts = NDArray[np.uint8]


class Posting:
    """The entries that hold one stem, by rising number, each with its impact (1 to 255)."""

    __slots__ = ("_champions", "_set", "impacts", "numbers")

    def __init__(self) -> None:
        self.numbers = array("I")
        self.impacts = array("B")
        self._set: BitMap | None = None
        self._champions: BitMap | None = None

    def add(self, number: int, impact: int) -> None:
        """Numbers only rise, so an entry that changes gets a new one."""
        self.numbers.append(number)
        self.impacts.append(impact)
        self._set = self._champions = None

    def discard(self, number: int) -> None:
        """Forget an entry, if it is there."""
        at = bisect_left(self.numbers, number)
        if at < len(self.numbers) and self.numbers[at] == number:
            del self.numbers[at], self.impacts[at]
            self._set = self._champions = None

    def set(self) -> BitMap:
        """The entries as a set."""
        if self._set is None:
            self._set = BitMap(self.numbers)
        return self._set

    def champions(self) -> BitMap:
        """The entries of greatest impact, some thousands of a common stem: whoever is not among them has less than each of them."""
        if self._champions is None:
            numbers, impacts = self.arrays()
            of_each_impact = np.bincount(impacts, minlength=MAX_IMPACT + 1)
            at_least = np.cumsum(of_each_impact[::-1])[::-1]  # entries with this impact or more
            enough = (
                int(np.flatnonzero(at_least >= min(CHAMPIONS, len(numbers)))[-1])
                if len(numbers)
                else 0
            )
            self._champions = BitMap(numbers[impacts >= enough])
        return self._champions

    def arrays(self) -> tuple[Numbers, Impacts]:
        """The entries and their impacts, for arithmetic; not to be kept beyond the search."""
        return np.frombuffer(self.numbers, dtype=np.uint32), np.frombuffer(
            self.impacts, dtype=np.uint8
        )


def analyse(folded: Mapping[str, str]) -> tuple[dict[str, int], dict[str, str], bytes]:
    """Of an entry's folded text: the impact of each stem, the stem of each word, and its words in order (a line for each field, spaces around)."""
    weights: Counter[str] = Counter()
    stem_of: dict[str, str] = {}
    lines = []
    for name, (weight, pivot) in FIELDS.items():
        text = folded_words(folded.get(name, ""))
        if not text:
            continue
        lines.append(f" {' '.join(text)} ")
        new = [word for word in dict.fromkeys(text) if word not in stem_of]
        stem_of.update(zip(new, stems(new), strict=True))
        norm = weight / (1 - B + B * len(text) / pivot)
        for word, times in Counter(text).items():
            weights[stem_of[word]] += times * norm  # type: ignore[assignment]
    impacts = {
        stem: max(1, round(MAX_IMPACT * weight / (weight + K1))) for stem, weight in weights.items()
    }
    return impacts, stem_of, "\n".join(lines).encode()


def union(sets: Iterable[BitMap]) -> BitMap:
    """Entries that are in any of the sets."""
    return BitMap.union(*found) if (found := list(sets)) else BitMap()
