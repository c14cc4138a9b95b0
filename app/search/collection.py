"""Collection: the public entries of one kind as search holds them."""

import hashlib
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.entry import Entry
from app.records.text import fold_text
from app.search.analysis import SAME, folded_words, stem, stems
from app.search.filters import FILTER, NOT_STATED, OUTCOME_FILTERS, OUTCOME_KEY, RANGE
from app.search.name_index import NameIndex
from app.search.number_index import NumberIndex
from app.search.places import Places
from app.search.postings import Posting, analyze, union
from app.search.sort_orders import Order
from app.search.stored_entries import StoredEntries, StoredEntry

ORDERS = ("relevance", "updated", "title", "state", "started", "enrollment", "slug")
COUNTED = (OUTCOME_KEY,)  # values that entries have, though not a filter
IN_ENTRIES = {name: filter_.in_entries or name for name, filter_ in FILTER.items()}
NO_VALUE = {OUTCOME_KEY: "|".join([NOT_STATED] * len(OUTCOME_FILTERS))}  # others: NOT_STATED
NAMES = ("title", "aliases", "names")  # fields of an entry's text
CALLED = ("title", "aliases")  # those with names of its own: suggestions are made of them
MAX_AROUND = 500  # slugs; to compare a thousand with a name takes some milliseconds
MOST_READ = (
    300  # entries, for a phrase that stands for a word: 1 ms, and a question may bring dozens
)
MAX_REMEMBERED = 512  # phrases and beginnings, until an entry changes
_Value = TypeVar("_Value")


class Collection:
    """The public entries of one kind: postings, a set for each facet value, orders, ready cards.

    Each entry has a number, which only rises: an entry that changes gets a new one.
    """

    def __init__(self) -> None:
        self.slugs: list[str] = []  # by number; empty where the entry is no longer there
        self.every_slug: list[str] = []  # by number, also where the entry is no longer there
        self.numbers: dict[str, int] = {}
        self.moved: dict[str, str] = {}  # former slug -> the slug after it
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
        self.figures = {name: NumberIndex() for name in RANGE}
        self.places = Places()
        self.called = NameIndex()
        self.orders = {name: Order(self.slugs) for name in ORDERS}
        # Words of titles, aliases, districts and places, with the number of entries that are named so.
        self.name_words: Counter[str] = Counter()
        self._sorted_words: list[str] | None = None
        self._remembered: dict[Hashable, Any] = {}
        self._slug_hashes = array("Q")  # by number, as far as they were asked for

    def __len__(self) -> int:
        return len(self.numbers)

    def put(self, *entries: Entry, many: bool) -> None:
        """Take in entries of different slugs, each in place of the one that stood under its name.

        With `many`, sort orders are settled once, when next asked for.
        """
        for entry in entries:
            self.discard(entry.slug)
            self.moved.pop(entry.slug, None)
            if entry.moved_to:
                self.moved[entry.slug] = entry.moved_to
        standing = [entry for entry in entries if entry.card is not None]
        first = len(self.stored)
        self._add_texts(standing)
        for number, entry in enumerate(standing, first):
            self._add(number, entry, many=many)
        self.forget()

    def _add(self, number: int, entry: Entry, *, many: bool) -> None:
        self.slugs.append(entry.slug)
        self.every_slug.append(entry.slug)
        self.numbers[entry.slug] = number
        if entry.ids:
            self.ids_of[entry.slug] = entry.ids
            self.other_ids.update(dict.fromkeys(entry.ids, entry.slug))
        self.all.add(number)
        for name, values in self.facets.items():
            stated = entry.facets.get(IN_ENTRIES.get(name, name))
            for value in stated or [NO_VALUE.get(name, NOT_STATED)]:
                values[value].add(number)
        for name, figures in self.figures.items():
            for figure in entry.figures.get(name, ()):
                figures.add(number, figure)
        for place in entry.places:
            self.places.add(number, place)
        self.called.put(number, own_names(entry.text), count=_case_studies(entry))
        for name, order in self.orders.items():
            order.add(number, sort_value(entry, name), many=many)

    def _add_texts(self, entries: Sequence[Entry]) -> None:
        folded = [{name: fold_text(text) for name, text in entry.text.items()} for entry in entries]
        analysis = analyze(folded, first=len(self.stored))
        for entry, texts, words in zip(entries, folded, analysis.rows, strict=True):
            self.name_words.update(_name_words(texts))
            names = {
                name: text for name, text in entry.text.items() if name not in ("summary", "text")
            }
            self.stored.append(
                StoredEntry(
                    card=(entry.card or "").encode(),
                    summary=entry.text.get("summary", ""),
                    text=entry.text.get("text", ""),
                    names=names,
                    words=words,
                )
            )
        numbers, impacts = analysis.stems.numbers, analysis.impacts
        for stem_, part in analysis.stems.parts():
            self.postings[stem_].extend(numbers[part], impacts[part])
        for word, part in analysis.words.parts():
            if word not in self.word_stems:
                self.learn(word, stem(word))
            self.words[word].update(analysis.words.numbers[part])

    def discard(self, slug: str) -> None:
        """Drop an entry, if it is there."""
        number = self.numbers.pop(slug, None)
        if number is None:
            return
        for other in self.ids_of.pop(slug, ()):
            if self.other_ids.get(other) == slug:  # it may have gone over to another entry already
                del self.other_ids[other]
        self._discard_text(number)
        for values in self.facets.values():
            for members in values.values():
                members.discard(number)
        for figures in self.figures.values():
            figures.discard(number)
        self.places.discard(number)
        self.called.discard(number)
        for order in self.orders.values():
            order.discard(number)
        self.stored.discard(number)
        self.slugs[number] = ""
        self.all.discard(number)
        self.forget()

    def _discard_text(self, number: int) -> None:
        names = self.stored.names(number)
        for word in _name_words({name: fold_text(text) for name, text in names.items()}):
            self.name_words[word] -= 1
            if not self.name_words[word]:
                del self.name_words[word]
        held = set(self.stored.words(number).decode().split())
        for word in held:
            self.words[word].discard(number)
        for stem_ in set(stems(held)):
            self.postings[stem_].discard(number)

    def folded_text(self, number: int) -> dict[str, str]:
        """The text of an entry by field, folded."""
        fields = {
            **self.stored.names(number),
            "summary": self.stored.summary(number),
            "text": self.stored.text(number),
        }
        return {name: fold_text(text) for name, text in fields.items()}

    def learn(self, word: str, stem: str) -> None:
        """Remember a word as it stands, and its stem."""
        self.word_stems[word] = stem
        self.stem_words[stem].append(word)
        self._sorted_words = None

    def number(self, name: str) -> int | None:
        """The number of an entry, by federal id, slug or former slug."""
        slug = self.other_ids.get(name, name)
        while slug not in self.numbers and slug in self.moved:
            slug = self.moved[slug]
        return self.numbers.get(slug)

    def slugs_around(self, name: str) -> list[str]:
        """The slugs before and behind a name in the alphabet, MAX_AROUND each way."""
        numbers = self.orders["slug"].settled()
        at = bisect_left(numbers, name, key=self.slugs.__getitem__)
        return [self.slugs[number] for number in numbers[max(at - MAX_AROUND, 0) : at + MAX_AROUND]]

    def slug_hashes(self) -> NDArray[np.uint64]:
        """By number, a hash of the slug, also where the entry is no longer there."""
        new_slugs = self.every_slug[len(self._slug_hashes) :]
        self._slug_hashes.extend(map(hash_of, new_slugs))
        return np.array(self._slug_hashes, dtype=np.uint64)

    def having(self, name: str, values: tuple[str, ...]) -> BitMap:
        """The entries that have any of these values of a facet."""
        members = self.facets[name]
        return union(members[value] for value in values if value in members)

    def within(self, name: str, low: int | None, high: int | None) -> BitMap:
        """The entries one of whose figures lies in the range, both ends included."""
        return self.figures[name].within(low, high)

    def beginning_with(self, prefix: str) -> list[str]:
        """Every word that begins so."""
        if self._sorted_words is None:
            self._sorted_words = sorted(self.word_stems)
        first = bisect_left(self._sorted_words, prefix)
        behind = bisect_left(self._sorted_words, prefix + "\U0010ffff", first)
        words = self._sorted_words[first:behind]
        for word, same in SAME.items():
            if word.startswith(prefix) and same in self.word_stems:
                words.append(same)
        return words

    def holding_beginning(self, prefix: str) -> BitMap:
        """The entries that hold a word that begins so."""

        def find() -> BitMap:
            return union(self.words[word] for word in self.beginning_with(prefix))

        return self.once(("beginning", prefix), find)

    def holding_all(self, words: tuple[str, ...], *, in_a_row: bool = False) -> BitMap:
        """The entries that hold all of these words: in any form and place, or as they stand in a row.

        In a large directory no row of common words is looked for: too many entries would be read.
        """
        if in_a_row:
            is_rare = self.candidates(words) <= MOST_READ
            return self.holding_phrase(words) if is_rare else BitMap()
        postings = [self.postings.get(stem(word)) for word in words]
        sets = [posting.members for posting in postings if posting]
        if len(sets) < len(words):
            return BitMap()
        return sets[0] if len(sets) == 1 else BitMap.intersection(*sets)

    def holding_phrase(self, words: tuple[str, ...]) -> BitMap:
        """The entries one of whose fields holds these words in a row, as they stand."""
        return self.once(("phrase", words), lambda: self._find_phrase(words))

    def candidates(self, words: Sequence[str]) -> int:
        """How many entries must be read to find a phrase: those that hold all of its words."""
        if len(words) == 1 or any(word not in self.words for word in words):
            return 0
        sets = (self.words[word] for word in words)
        return len(BitMap.intersection(*sets))

    def _find_phrase(self, words: tuple[str, ...]) -> BitMap:
        if any(word not in self.words for word in words):
            return BitMap()
        candidates = BitMap.intersection(*(self.words[word] for word in words))
        if len(words) == 1:
            return candidates
        row = f" {' '.join(words)} ".encode()
        return BitMap(number for number in candidates if row in self.stored.words(number))

    def once(self, key: Hashable, find: Callable[[], _Value]) -> _Value:
        """What takes long to find, remembered until an entry changes."""
        try:  # one step: pages are made in threads, and another may clear it between two
            remembered: _Value = self._remembered[key]
        except KeyError:
            remembered = find()
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[key] = remembered
        return remembered

    def forget(self) -> None:
        """Drop what was remembered: an entry has changed."""
        self._remembered.clear()


def hash_of(text: str) -> int:
    """A number of 64 bits that looks random, always the same for a text."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def sort_value(entry: Entry, name: str) -> Any:
    """What an entry is sorted by; None stands last."""
    if name == "relevance":  # ties of the best match: strongest evidence, then newest
        return (entry.rank, *(-figure for figure in entry.figures.get("updated", ())))
    if name == "slug":
        return entry.slug
    if name == "title":
        return fold_text(entry.text.get("title", "").split("\n")[0])
    if name == "state":
        return next(iter(entry.facets.get("state", ())), None)
    return max(entry.figures.get(name, ()), default=None)


def own_names(text: Mapping[str, str]) -> list[str]:
    """What an entry itself is called, its title or name first."""
    return [name for field in CALLED for name in text.get(field, "").split("\n") if name]


def _case_studies(entry: Entry) -> int:
    """How many case studies an entry leads to: those of a district, or itself."""
    if entry.kind != "district":
        return 1
    return len(orjson.loads(entry.card or "{}").get("case_studies", ()))


def _name_words(folded: Mapping[str, str]) -> set[str]:
    """The words by which an entry is called."""
    return {word for name in NAMES for word in folded_words(folded.get(name, ""))}
