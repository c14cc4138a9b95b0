"""Collection: the public entries of one kind as search holds them."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.entry import Entry
from app.search.analysis import SAME, fold
from app.search.filters import FILTER, NOT_STATED, RANGE
from app.search.orders import Order
from app.search.postings import Posting, analyse

ORDERS = ("relevance", "updated", "title", "state", "started", "enrollment", "slug")
COUNTED = ("organization",)  # counted for the vocabulary lists, though not a filter
MAX_PHRASES = 256  # phrases whose entries are remembered until the collection changes


@dataclass(frozen=True, slots=True)
class Indexed:
    """What is kept of one entry beside its postings."""

    entry: Entry
    card: bytes
    folded: dict[str, str]
    words: str


class Collection:
    """The public entries of one kind: postings for their text, a set for each facet value, their sort orders, their ready cards."""

    def __init__(self) -> None:
        self.entries: list[Indexed | None] = []
        self.numbers: dict[str, int] = {}
        self.other_ids: dict[str, str] = {}  # federal id -> slug
        self.all = BitMap()
        self.postings: dict[str, Posting] = defaultdict(Posting)  # by stem
        self.words: dict[str, BitMap] = defaultdict(BitMap)  # by word as it stands
        self.word_stems: dict[str, str] = {}
        self.stem_words: dict[str, list[str]] = defaultdict(list)
        self.facets: dict[str, dict[str, BitMap]] = {name: defaultdict(BitMap) for name in (*FILTER, *COUNTED)}
        self.orders = {name: Order() for name in ORDERS}
        self._figures: dict[str, tuple[NDArray[np.int64], NDArray[np.uint32]] | None] = dict.fromkeys(RANGE)
        self._places: tuple[NDArray[np.float64], NDArray[np.uint32]] | None = None
        self._sorted_words: list[str] | None = None
        self._phrases: dict[tuple[str, ...], BitMap] = {}

    def __len__(self) -> int:
        return len(self.numbers)

    def put(self, found: Entry, *, many: bool) -> None:
        """Take in an entry in place of the one that stood under its name."""
        self.discard(found.slug)
        if found.card is None:
            return
        number = len(self.entries)
        folded = {name: fold(text) for name, text in found.text.items()}
        impacts, stem_of, words = analyse(folded)
        for stem, impact in impacts.items():
            self.postings[stem].add(number, impact)
        for word, stem in stem_of.items():
            if word not in self.word_stems:
                self.word_stems[word] = stem
                self.stem_words[stem].append(word)
                self._sorted_words = None
            self.words[word].add(number)
        for name, values in self.facets.items():
            for value in found.facets.get(name) or [NOT_STATED]:
                values[value].add(number)
        for name, order in self.orders.items():
            order.add(number, sort_value(found, name), found.slug, many=many)
        self.entries.append(Indexed(found, found.card.encode(), folded, words))
        self.numbers[found.slug] = number
        self.other_ids.update(dict.fromkeys(found.ids, found.slug))
        self.all.add(number)
        self._forget_derived()

    def discard(self, slug: str) -> None:
        """Forget an entry, if it is there."""
        if (number := self.numbers.pop(slug, None)) is None:
            return
        indexed = self.entries[number]
        assert indexed is not None
        for other in indexed.entry.ids:
            if self.other_ids.get(other) == slug:  # it may have gone over to another entry already
                del self.other_ids[other]
        impacts, stem_of, _ = analyse(indexed.folded)
        for stem in impacts:
            self.postings[stem].discard(number)
        for word in stem_of:
            self.words[word].discard(number)
        for values in self.facets.values():
            for members in values.values():
                members.discard(number)
        for name, order in self.orders.items():
            order.discard(number, sort_value(indexed.entry, name), slug)
        self.entries[number] = None
        self.all.discard(number)
        self._forget_derived()

    def indexed(self, number: int) -> Indexed:
        """What is kept of the entry with this number."""
        found = self.entries[number]
        assert found is not None
        return found

    def within(self, name: str, low: int | None, high: int | None) -> BitMap:
        """The entries one of whose figures lies in the range, both ends included."""
        if (figures := self._figures[name]) is None:
            pairs = sorted((value, number) for number in self.all for value in self.indexed(number).entry.figures.get(name, ()))
            figures = (np.array([value for value, _ in pairs], dtype=np.int64), np.array([number for _, number in pairs], dtype=np.uint32))
            self._figures[name] = figures
        values, numbers = figures
        first = 0 if low is None else int(np.searchsorted(values, low, side="left"))
        last = len(values) if high is None else int(np.searchsorted(values, high, side="right"))
        return BitMap(numbers[first:last])

    def places(self) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
        """Every position (latitude, longitude in degrees) and the entry that it is of."""
        if self._places is None:
            pairs = [(place, number) for number in self.all for place in self.indexed(number).entry.places]
            self._places = (
                np.array([place for place, _ in pairs], dtype=np.float64).reshape(-1, 2),
                np.array([number for _, number in pairs], dtype=np.uint32),
            )
        return self._places

    def beginning_with(self, prefix: str) -> list[str]:
        """Every word that begins so."""
        if self._sorted_words is None:
            self._sorted_words = sorted(self.word_stems)
        first = bisect_left(self._sorted_words, prefix)
        found = self._sorted_words[first : bisect_left(self._sorted_words, prefix + "\U0010ffff", first)]
        return found + [same for word, same in SAME.items() if word.startswith(prefix) and same in self.word_stems]

    def holding_phrase(self, words: tuple[str, ...]) -> BitMap:
        """The entries one of whose fields holds these words in a row, as they stand."""
        if (found := self._phrases.get(words)) is None:
            sets = [self.words[word] for word in words if word in self.words]
            candidates = BitMap.intersection(*sets) if len(sets) == len(words) else BitMap()
            row = f" {' '.join(words)} "
            found = candidates if len(words) == 1 else BitMap(number for number in candidates if row in self.indexed(number).words)
            if len(self._phrases) >= MAX_PHRASES:
                self._phrases.clear()
            self._phrases[words] = found
        return found

    def _forget_derived(self) -> None:
        self._figures = dict.fromkeys(RANGE)
        self._places = None
        self._phrases.clear()


def sort_value(found: Entry, name: str) -> Any:
    """What an entry is sorted by; None stands last."""
    if name == "relevance":  # ties of the best match: strongest evidence, then newest
        return (found.rank, *(-figure for figure in found.figures.get("updated", ())))
    if name == "slug":
        return found.slug
    if name == "title":
        return fold(found.text.get("title", "").split("\n")[0])
    if name == "state":
        return next(iter(found.facets.get("state", ())), None)
    return max(found.figures.get(name, ()), default=None)
