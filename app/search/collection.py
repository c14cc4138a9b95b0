"""Collection: the public entries of one kind as search holds them."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from pyroaring import BitMap

from app.catalog.entry import Entry
from app.records.text import fold_text
from app.search.analysis import SAME
from app.search.filters import FILTER, NOT_STATED, RANGE
from app.search.number_index import Figures, Places
from app.search.postings import Posting, analyse, union
from app.search.sort_orders import Order
from app.search.stored_entries import StoredEntries, StoredEntry

ORDERS = ("relevance", "updated", "title", "state", "started", "enrollment", "slug")
COUNTED = ("organization",)  # counted for the vocabulary lists, though not a filter
MAX_REMEMBERED = 512  # of each kind: phrases, ranges, counts and so on, until something changes
Found = TypeVar("Found")


class Collection:
    """The public entries of one kind: postings for their text, a set for each facet value, their sort orders, their ready cards.

    Each entry has a number, which only rises: an entry that changes gets a new one.
    """

    def __init__(self) -> None:
        self.slugs: list[str] = []  # by number; empty where the entry is no longer there
        self.numbers: dict[str, int] = {}
        self.other_ids: dict[str, str] = {}  # federal id -> slug
        self.ids_of: dict[str, list[str]] = {}  # slug -> federal ids
        self.stored = StoredEntries()
        self.all = BitMap()
        self.postings: dict[str, Posting] = defaultdict(Posting)  # by stem
        self.words: dict[str, BitMap] = defaultdict(BitMap)  # by word as it stands
        self.word_stems: dict[str, str] = {}
        self.stem_words: dict[str, list[str]] = defaultdict(list)
        self.facets: dict[str, dict[str, BitMap]] = {
            name: defaultdict(BitMap) for name in (*FILTER, *COUNTED)
        }
        self.figures = {name: Figures() for name in RANGE}
        self.places = Places()
        self.orders = {name: Order(self.slugs) for name in ORDERS}
        self._sorted_words: list[str] | None = None
        self._remembered: dict[str, dict[Hashable, Any]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self.numbers)

    def put(self, found: Entry, *, many: bool) -> None:
        """Take in an entry in place of the one that stood under its name."""
        self.discard(found.slug)
        if found.card is None:
            return
        impacts, stem_of, words = analyse(
            {name: fold_text(text) for name, text in found.text.items()}
        )
        rest = {name: text for name, text in found.text.items() if name not in ("summary", "text")}
        volume = StoredEntry(
            found.card.encode(),
            found.text.get("summary", ""),
            found.text.get("text", ""),
            rest,
            words,
        )
        number = self.stored.append(volume)
        self.slugs.append(found.slug)
        self.numbers[found.slug] = number
        if found.ids:
            self.ids_of[found.slug] = found.ids
            self.other_ids.update(dict.fromkeys(found.ids, found.slug))
        self.all.add(number)
        postings = self.postings
        for stem, impact in impacts.items():
            postings[stem].add(number, impact)
        for word, stem in stem_of.items():
            if word not in self.word_stems:
                self.learn(word, stem)
            self.words[word].add(number)
        for name, values in self.facets.items():
            for value in found.facets.get(name) or [NOT_STATED]:
                values[value].add(number)
        for name, figures in self.figures.items():
            for figure in found.figures.get(name, ()):
                figures.add(number, figure)
        for place in found.places:
            self.places.add(number, place)
        for name, order in self.orders.items():
            order.add(number, sort_value(found, name), many=many)
        self.forget()

    def discard(self, slug: str) -> None:
        """Forget an entry, if it is there."""
        if (number := self.numbers.pop(slug, None)) is None:
            return
        for other in self.ids_of.pop(slug, ()):
            if self.other_ids.get(other) == slug:  # it may have gone over to another entry already
                del self.other_ids[other]
        fields = {
            **self.stored.rest(number),
            "summary": self.stored.summary(number),
            "text": self.stored.text(number),
        }
        impacts, stem_of, _ = analyse({name: fold_text(part) for name, part in fields.items()})
        for stem in impacts:
            self.postings[stem].discard(number)
        for word in stem_of:
            self.words[word].discard(number)
        for values in self.facets.values():
            for members in values.values():
                members.discard(number)
        for figures in self.figures.values():
            figures.discard(number)
        self.places.discard(number)
        for order in self.orders.values():
            order.discard(number)
        self.slugs[number] = ""
        self.all.discard(number)
        self.forget()

    def learn(self, word: str, stem: str) -> None:
        """Remember a word as it stands, and its stem."""
        self.word_stems[word] = stem
        self.stem_words[stem].append(word)
        self._sorted_words = None

    def number(self, name: str) -> int | None:
        """The number of an entry, by slug or federal id."""
        return self.numbers.get(self.other_ids.get(name, name))

    def having(self, name: str, values: tuple[str, ...]) -> BitMap:
        """The entries that have any of these values of a facet."""
        return self.once(
            "having",
            (name, values),
            lambda: union(self.facets[name].get(value, BitMap()) for value in values),
        )

    def within(self, name: str, low: int | None, high: int | None) -> BitMap:
        """The entries one of whose figures lies in the range, both ends included."""
        return self.once("range", (name, low, high), lambda: self.figures[name].within(low, high))

    def beginning_with(self, prefix: str) -> list[str]:
        """Every word that begins so."""
        if self._sorted_words is None:
            self._sorted_words = sorted(self.word_stems)
        first = bisect_left(self._sorted_words, prefix)
        found = self._sorted_words[
            first : bisect_left(self._sorted_words, prefix + "\U0010ffff", first)
        ]
        return found + [
            same
            for word, same in SAME.items()
            if word.startswith(prefix) and same in self.word_stems
        ]

    def holding_beginning(self, prefix: str) -> BitMap:
        """The entries that hold a word that begins so."""
        return self.once(
            "beginning",
            prefix,
            lambda: union(self.words[word] for word in self.beginning_with(prefix)),
        )

    def holding_phrase(self, words: tuple[str, ...]) -> BitMap:
        """The entries one of whose fields holds these words in a row, as they stand."""
        return self.once("phrase", words, lambda: self._find_phrase(words))

    def _find_phrase(self, words: tuple[str, ...]) -> BitMap:
        sets = [self.words[word] for word in words if word in self.words]
        candidates = BitMap.intersection(*sets) if len(sets) == len(words) else BitMap()
        row = f" {' '.join(words)} ".encode()
        return (
            candidates
            if len(words) == 1
            else BitMap(number for number in candidates if row in self.stored.words(number))
        )

    def once(self, kind: str, key: Hashable, find: Callable[[], Found]) -> Found:
        """What was found of this kind under this key since anything last changed; found now if it was not."""
        remembered = self._remembered[kind]
        found: Found | None = remembered.get(key)
        if found is None:
            if len(remembered) >= MAX_REMEMBERED:
                remembered.clear()
            found = remembered[key] = find()
        return found

    def forget(self) -> None:
        """Find anew what was remembered: something has changed."""
        self._remembered.clear()


def sort_value(found: Entry, name: str) -> Any:
    """What an entry is sorted by; None stands last."""
    if name == "relevance":  # ties of the best match: strongest evidence, then newest
        return (found.rank, *(-figure for figure in found.figures.get("updated", ())))
    if name == "slug":
        return found.slug
    if name == "title":
        return fold_text(found.text.get("title", "").split("\n")[0])
    if name == "state":
        return next(iter(found.facets.get("state", ())), None)
    return max(found.figures.get(name, ()), default=None)
