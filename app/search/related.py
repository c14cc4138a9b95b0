"""related: the case studies most like one, with the reasons in words and numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.vocabulary import Vocabulary
from app.records.wording import listed
from app.search.analysis import stem
from app.search.collection import Collection
from app.search.filters import NOT_STATED
from app.search.postings import numbers_of
from app.search.understanding.stop_words import STOP_WORDS

KIND = "case-study"
DEFAULT_LIMIT, MAX_LIMIT = 5, 20
# Points that a case study gets for being alike in one respect, 100 in all.
POINTS = {"strategies": 30, "topics": 25, "text": 20, "outcomes": 10, "rurality": 8, "size": 7}
IN_WORDS = {
    "city": "both in a city",
    "suburb": "both in a suburb",
    "town": "both in a town",
    "rural": "both rural",
}
COMPARED_WORDS = 40  # of a text: those that matter most in it
NAMED_WORDS = 5  # of them, in a reason
SHORTEST_WORD = 4  # letters
LEAST_TEXT = 0.1  # of the text's likeness to itself; below it the same words say nothing
ALIKE_SIZE = 2.0  # times as large: so far two districts are of about the same size
FROM_ONE_STATE = 0.4  # of the list at most, while other states have any
Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reason:
    """One respect in which two case studies are alike."""

    kind: str  # one of POINTS
    words: str
    points: float


@dataclass(frozen=True, slots=True)
class Related:
    """A case study like another."""

    number: int
    slug: str
    score: float  # the sum of its reasons' points, at most 100
    reasons: Sequence[Reason]


def related(
    number: int, collection: Collection, vocabulary: Vocabulary, *, limit: int = DEFAULT_LIMIT
) -> list[Related]:
    """The case studies most like one, the nearest first; ties by slug.

    Of one state no more than two fifths are listed while other states have any.
    """
    comparison = _Comparison(number, collection, vocabulary)
    total = comparison.total()
    chosen = _from_several_states(_in_order(total, collection), collection, limit)
    chosen.sort(key=lambda other: (-total[other], collection.slugs[other]))
    return [comparison.related(other) for other in chosen]


class _Comparison:
    """One case study beside all others."""

    def __init__(self, number: int, collection: Collection, vocabulary: Vocabulary) -> None:
        self.number, self.collection, self.vocabulary = number, collection, vocabulary
        self.values = {
            name: _values_of(number, collection.facets[name])
            for name in ("strategy", "topic", "outcome", "rurality")
        }
        self.size = collection.orders["enrollment"].values[number]
        self.written = _as_written(number, collection)
        self.words = _weightiest(number, self.written, collection)
        shares = {
            "strategies": self._shared("strategy"),
            "topics": self._shared("topic"),
            "outcomes": self._shared("outcome"),
            "rurality": self._shared("rurality"),
            "size": self._of_like_size(),
            "text": self._alike_in_text(),
        }
        self.points = {  # by kind, then by number of case study: whole thousandths
            kind: np.floor(shares[kind] * most * 1000 + 0.5).astype(np.int64)
            for kind, most in POINTS.items()
        }

    def total(self) -> NDArray[np.int64]:
        """By number, the points of each case study; 0 for the case itself."""
        total = sum(self.points.values())
        present = np.zeros(len(self.collection.slugs), dtype=np.int64)
        present[numbers_of(self.collection.all)] = 1
        present[self.number] = 0
        return np.asarray(total * present, dtype=np.int64)

    def related(self, other: int) -> Related:
        """Another case study with the reasons why it is listed, the weightiest first."""
        words: dict[str, Callable[[int], str]] = {
            "strategies": lambda other: self._shared_words("strategy", "strategies", other),
            "topics": lambda other: self._shared_words("topic", "topics", other),
            "outcomes": self._outcome_words,
            "rurality": self._rurality_words,
            "size": self._size_words,
            "text": self._text_words,
        }
        reasons = [
            Reason(kind, words[kind](other), points / 1000)
            for kind in POINTS
            if (points := int(self.points[kind][other]))
        ]
        score = sum(round(reason.points * 1000) for reason in reasons) / 1000
        reasons.sort(key=lambda reason: -reason.points)
        return Related(other, self.collection.slugs[other], score, reasons)

    def _shared(self, name: str) -> Shares:
        """By number, the share of this case's values that others have; rare values weigh more.

        Values that only the other has count against it, half as much as shared ones for it.
        """
        collection = self.collection
        weights = collection.once(("weights", name), lambda: _weights(name, collection))
        every = collection.once(
            ("every weight", name), lambda: _every_weight(name, weights, collection)
        )
        shared = np.zeros(len(collection.slugs))
        for value in self.values[name]:
            shared[numbers_of(collection.facets[name][value])] += weights[value]
        own = sum(weights[value] for value in self.values[name])
        others = np.maximum(every - shared, 0)
        shares: Shares = shared / (own + others / 2) if own else shared
        return shares

    def _of_like_size(self) -> Shares:
        """1 for the same enrollment, falling to 0 at twice or half of it."""
        collection = self.collection
        if not self.size:
            return np.zeros(len(collection.slugs))
        sizes = collection.once("sizes", lambda: _sizes(collection))
        ratio = np.abs(np.log(np.where(sizes > 0, sizes, np.inf) / self.size))
        shares: Shares = np.maximum(0.0, 1 - ratio / log(ALIKE_SIZE))
        return shares

    def _alike_in_text(self) -> Shares:
        """By number, how much the words that matter most here matter there."""
        alike = np.zeros(len(self.collection.slugs))
        for word_stem, (weight, impact) in self.words.items():
            numbers, impacts = self.collection.postings[word_stem].arrays()
            alike[numbers] += weight * np.minimum(impacts, impact)
        itself = alike[self.number]
        shares = alike / itself if itself else alike
        return np.maximum(0.0, (shares - LEAST_TEXT) / (1 - LEAST_TEXT))

    def _labels(self, name: str, other: int) -> list[str]:
        """The labels of the values that both have, the rarest first."""
        members = self.collection.facets[name]
        both = [value for value in self.values[name] if other in members[value]]
        lists = {"outcome": "indicator"}
        both.sort(key=lambda value: (len(members[value]), value))
        return [self.vocabulary.label(lists.get(name, name), value) for value in both]

    def _shared_words(self, name: str, noun: str, other: int) -> str:
        labels, own = self._labels(name, other), len(self.values[name])
        of = f"the only {name}" if own == 1 else f"{len(labels)} of {own} {noun}"
        return f"shares {of}: {', '.join(labels)}"

    def _outcome_words(self, other: int) -> str:
        labels = [label.lower() for label in self._labels("outcome", other)]
        return f"both report {listed(labels)}"

    def _rurality_words(self, other: int) -> str:
        members = self.collection.facets["rurality"]
        both = [value for value in self.values["rurality"] if other in members[value]]
        return "; ".join(IN_WORDS.get(value, f"both {value}") for value in both)

    def _size_words(self, other: int) -> str:
        return f"{self.size:,} and {self.collection.orders['enrollment'].values[other]:,} students"

    def _text_words(self, other: int) -> str:
        """The words that count most in both, as they stand in the text of this one."""
        held = []
        for word_stem, (weight, impact) in self.words.items():
            if others := self.collection.postings[word_stem].impact(other):
                held.append((-weight * min(impact, others), word_stem))
        spoken = [self.written[word_stem] for _, word_stem in sorted(held)[:NAMED_WORDS]]
        return f"both speak of {listed(spoken)}"


def _weights(name: str, collection: Collection) -> Mapping[str, float]:
    """How much each value of a facet tells: the rarer, the more."""
    total = len(collection)
    members = collection.facets[name]
    return {
        value: log(1 + total / (1 + len(holders)))
        for value, holders in members.items()
        if value != NOT_STATED
    }


def _every_weight(name: str, weights: Mapping[str, float], collection: Collection) -> Shares:
    """By number, the weights of all values that an entry has, together."""
    every = np.zeros(len(collection.slugs))
    for value, weight in weights.items():
        every[numbers_of(collection.facets[name][value])] += weight
    return every


def _sizes(collection: Collection) -> Shares:
    """By number, the enrollment of the largest district; 0 where it is not known."""
    enrollment = collection.orders["enrollment"].values
    return np.array([size or 0 for size in enrollment], dtype=np.float64)


def _as_written(number: int, collection: Collection) -> Mapping[str, str]:
    """The stems that can tell what an entry is about, each with the first word that has it."""
    first: dict[str, str] = {}
    for word in collection.stored.words(number).decode().split():
        if len(word) >= SHORTEST_WORD and word.isalpha() and word not in STOP_WORDS:
            first.setdefault(stem(word), word)
    return first


def _weightiest(
    number: int, stems: Iterable[str], collection: Collection
) -> Mapping[str, tuple[float, int]]:
    """The stems that matter most in an entry, each with its weight and its impact."""
    weighed = []
    for word_stem in stems:
        posting = collection.postings[word_stem]
        if len(posting) < 2:  # a word that no other entry has tells nothing of likeness
            continue
        weight = log(1 + len(collection) / len(posting))
        impact = posting.impact(number)
        weighed.append((-weight * impact, word_stem, weight, impact))
    return {
        word_stem: (weight, impact)
        for _, word_stem, weight, impact in sorted(weighed)[:COMPARED_WORDS]
    }


def _values_of(number: int, members: Mapping[str, BitMap]) -> list[str]:
    return [
        value for value, holders in members.items() if value != NOT_STATED and number in holders
    ]


def _in_order(total: NDArray[np.int64], collection: Collection) -> Iterator[int]:
    """The entries with points, most first, ties by slug; only as far as anybody asks.

    To sort all 100,000 in Python took 100 ms.
    """
    numbers = np.flatnonzero(total > 0)
    numbers = numbers[np.argsort(-total[numbers], kind="stable")].tolist()
    for _, tied in groupby(numbers, key=total.__getitem__):
        yield from sorted(tied, key=collection.slugs.__getitem__)


def _from_several_states(order: Iterable[int], collection: Collection, limit: int) -> list[int]:
    """The first in order, but not too many of one state; the list is filled up with the others."""
    most = max(1, round(limit * FROM_ONE_STATE))
    times: dict[str, int] = {}
    chosen: list[int] = []
    passed_over: list[int] = []
    for number in order:
        if len(chosen) == limit:
            break
        states = _values_of(number, collection.facets["state"])
        if any(times.get(state, 0) >= most for state in states):
            passed_over.append(number)
            continue
        for state in states:
            times[state] = times.get(state, 0) + 1
        chosen.append(number)
    return chosen + passed_over[: limit - len(chosen)]
