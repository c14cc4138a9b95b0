"""Postings: which entries hold a stem, and how much it matters in each."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.search.analysis import folded_words, stem

# BM25F with fixed pivots: (weight, usual number of words) of each field. Because no average over
# the directory enters it, an entry's impacts depend on that entry alone, and an index that followed
# the log ranks exactly as one built anew.
FIELDS = {
    "title": (8.0, 8),
    "aliases": (8.0, 3),
    "names": (4.0, 30),
    "asked_as": (2.0, 25),
    "summary": (2.0, 75),
    "text": (1.0, 800),
}
K1 = 3.0  # entries are long and alike: 1.2 lets a word said twice count like one said ten times
B = 0.6
MAX_IMPACT = 255

Numbers = NDArray[np.uint32]
Impacts = NDArray[np.uint8]


class Posting:
    """The entries that hold one stem, by rising number, each with its impact (1 to 255)."""

    __slots__ = ("_set", "impacts", "numbers")

    def __init__(self) -> None:
        self.numbers = array("I")
        self.impacts = array("B")
        self._set: BitMap | None = None

    def add(self, number: int, impact: int) -> None:
        """Add an entry. Its number is greater than those of all before it."""
        self.numbers.append(number)
        self.impacts.append(impact)
        self._set = None

    def discard(self, number: int) -> None:
        """Drop an entry, if it is there."""
        at = bisect_left(self.numbers, number)
        if at < len(self.numbers) and self.numbers[at] == number:
            del self.numbers[at], self.impacts[at]
            self._set = None

    def set(self) -> BitMap:
        """The entries as a set."""
        if self._set is None:
            self._set = BitMap(self.numbers)
        return self._set

    def arrays(self) -> tuple[Numbers, Impacts]:
        """The entries and their impacts, for arithmetic; not to be kept beyond the search."""
        numbers = np.frombuffer(self.numbers, dtype=np.uint32)
        return numbers, np.frombuffer(self.impacts, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an entry's text comes to."""

    impacts: Mapping[str, int]  # by stem
    stems: Mapping[str, str]  # by word as it stands
    words: bytes  # in order, a line for each field, spaces around


def analyse(folded: Mapping[str, str]) -> Analysis:
    """Analyze an entry's text, field by field; it is folded already."""
    weights: dict[str, float] = {}
    stem_of: dict[str, str] = {}
    lines = []
    for name, (weight, pivot) in FIELDS.items():
        words = folded_words(folded.get(name, ""))
        if not words:
            continue
        lines.append(f" {' '.join(words)} ")
        norm = _norm(weight, pivot, len(words))
        for word, times in Counter(words).items():
            own_stem = stem_of[word] = stem(word)
            weights[own_stem] = weights.get(own_stem, 0) + times * norm
    impacts = {
        stem: max(1, round(MAX_IMPACT * weight / (weight + K1))) for stem, weight in weights.items()
    }
    return Analysis(impacts, stem_of, "\n".join(lines).encode())


def words_by_field(folded: Mapping[str, str], rows: bytes) -> dict[str, list[str]]:
    """The words of each field of an entry's text that has any. `rows`: its words in order.

    To find them in the text anew takes most of a search that explains a hundred hits.
    """
    named = [name for name in FIELDS if folded.get(name, "").strip()]
    lines = rows.decode().split("\n")
    if len(lines) == len(named):
        return dict(zip(named, map(str.split, lines), strict=True))
    return {name: folded_words(folded[name]) for name in named}  # one of them is no word at all


def weights_by_field(words_of: Mapping[str, Sequence[str]], word_stem: str) -> dict[str, float]:
    """How much each field of an entry's text, by its words, adds to the weight of a stem."""
    weights = {}
    first = word_stem[0]  # stemming changes the ends of words alone
    for name, words in words_of.items():
        times = sum(stem(word) == word_stem for word in words if word[0] == first)
        if times:
            weight, pivot = FIELDS[name]
            weights[name] = times * _norm(weight, pivot, len(words))
    return weights


def _norm(weight: float, pivot: int, length: int) -> float:
    """What a word counts in a field of so many words."""
    return weight / (1 - B + B * length / pivot)


def union(sets: Iterable[BitMap]) -> BitMap:
    """Entries that are in any of the sets."""
    members = list(sets)
    if len(members) == 1:
        return members[0]
    return BitMap.union(*members) if members else BitMap()


def numbers_of(members: BitMap) -> Numbers:
    """The members of a set, for arithmetic."""
    return np.frombuffer(members.to_array(), dtype=np.uint32)
