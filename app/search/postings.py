"""Postings: which entries hold a stem, and how much it matters in each."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

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
    """The entries that hold one stem, each with its impact (1 to 255), by rising number."""

    __slots__ = ("impacts", "members")

    def __init__(self) -> None:
        self.members = BitMap()
        self.impacts = array("B")

    def __len__(self) -> int:
        return len(self.impacts)

    def extend(self, numbers: "array[int]", impacts: "array[int]") -> None:
        """Add entries, by rising number. Their numbers are greater than those of all before them."""
        self.members.update(numbers)
        self.impacts.extend(impacts)

    def discard(self, number: int) -> None:
        """Drop an entry, if it is there."""
        if number in self.members:
            del self.impacts[self.members.rank(number) - 1]
            self.members.remove(number)

    def impact(self, number: int) -> int:
        """How much the stem matters in an entry; 0 if the entry does not hold it."""
        held = number in self.members
        return self.impacts[self.members.rank(number) - 1] if held else 0

    def impacts_of(self, numbers: Numbers) -> Impacts:
        """How much it matters in these entries, by rising number, all of which hold it."""
        impacts = np.frombuffer(self.impacts, dtype=np.uint8)
        if len(impacts) == len(numbers):
            return impacts
        return impacts[np.searchsorted(numbers_of(self.members), numbers)]

    def arrays(self) -> tuple[Numbers, Impacts]:
        """The entries and their impacts, for arithmetic; not to be kept beyond the search."""
        return numbers_of(self.members), np.frombuffer(self.impacts, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds each of some words, or stems: numbers of entries, one term after the other."""

    terms: Sequence[str]
    numbers: "array[int]"  # rising for each term
    ends: Sequence[int]  # of each term's part

    def parts(self) -> Iterator[tuple[str, slice]]:
        """Each term, and which part of `numbers` is its own."""
        return zip(self.terms, (slice(*ends) for ends in pairwise([0, *self.ends])), strict=True)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the texts of some entries come to."""

    rows: Sequence[bytes]  # of each, its words in order, a line for each field, spaces around
    words: Holders  # as they stand
    stems: Holders
    impacts: "array[int]"  # how much a stem matters in each of its holders


def analyze(texts: Sequence[Mapping[str, str]], *, first: int = 0) -> Analysis:
    """Analyze the texts of entries, folded already, field by field. `first`: the number of the first.

    An entry comes to the same whichever others are analyzed with it. Hundreds at a time take half of
    what they take one by one: a loop over the words of each is slow in Python.
    """
    rows, said, entries, norms, lengths = [], array("I"), array("I"), array("d"), array("I")
    word_numbers: dict[str, int] = defaultdict(count().__next__)
    for position, folded in enumerate(texts):
        lines = []
        for name, (weight, pivot) in FIELDS.items():
            words = folded_words(folded.get(name, ""))
            if words:
                lines.append(f" {' '.join(words)} ")
                said.extend(array("I", map(word_numbers.__getitem__, words)))
                entries.append(position)
                norms.append(_norm(weight, pivot, len(words)))
                lengths.append(len(words))
        rows.append("\n".join(lines).encode())
    said_in, counts = np.repeat(entries, lengths), np.repeat(norms, lengths)
    word_of = np.array(said, dtype=np.uint32)
    held_words, _ = _holders([*word_numbers], word_of, said_in, len(texts), first)
    stem_numbers: dict[str, int] = defaultdict(count().__next__)
    stem_of = np.array([stem_numbers[stem(word)] for word in word_numbers], dtype=np.uint32)
    held_stems, places = _holders([*stem_numbers], stem_of[word_of], said_in, len(texts), first)
    weights = np.bincount(places, counts)
    impacts = np.rint(MAX_IMPACT * weights / (weights + K1)).clip(1).astype(np.uint8)
    return Analysis(rows, held_words, held_stems, array("B", impacts.tobytes()))


def _holders(
    terms: Sequence[str], said: Numbers, said_in: Numbers, size: int, first: int
) -> tuple[Holders, NDArray[np.intp]]:
    """Who holds each term, of `size` entries from `first` on; and for everything that was said, by
    number of its term, the place of the holder."""
    dtype = np.min_scalar_type((len(terms) + 1) * size)  # four bytes sort faster than eight
    said_pairs = said.astype(dtype) * size + said_in.astype(dtype)
    pairs, places = np.unique(said_pairs, return_inverse=True)
    numbers = array("I", ((pairs % size).astype(np.uint32) + np.uint32(first)).tobytes())
    return Holders(terms, numbers, np.cumsum(np.bincount(pairs // size)).tolist()), places


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
