"""Weighing: which entries hold each word of a question or what stands for it, and how much that counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.search.analysis import stem
from app.search.collection import Collection
from app.search.postings import MAX_IMPACT, Impacts, Numbers, numbers_of, union
from app.search.understanding.alternatives import Alternative, Understood, UnderstoodPart, Unit

WEIGHT = 1024  # scores are whole numbers, the same on every machine
PLACE_WEIGHT = 2.0  # times the weight of a word that as few entries hold
PLACE_IMPACT = MAX_IMPACT // 2
# Of what else stands for a word, beside the best: +0.016 nDCG@10 on tests/relevance.
OTHERS_PERCENT = 35
PART_SHARE = 0.2  # of the best score, for a setting or a size that an entry fits
Scores = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WeighedAlternative:
    """What a word can stand for: the entries that hold it, and its weight."""

    alternative: Alternative
    holders: BitMap
    weight: int


@dataclass(frozen=True, slots=True)
class WeighedUnit:
    """A word of the question with all it can stand for."""

    unit: Unit
    alternatives: Sequence[WeighedAlternative]

    @property
    def weight(self) -> int:
        """The word's share of the question."""
        return max((each.weight for each in self.alternatives), default=0)

    @property
    def holders(self) -> BitMap:
        """The entries that hold the word or what stands for it."""
        return union(each.holders for each in self.alternatives)


def weigh(understood: Understood, collection: Collection) -> list[WeighedUnit]:
    """The words of a question with the entries that hold them."""
    return [_weigh_unit(unit, collection) for unit in understood.units]


def _weigh_unit(unit: Unit, collection: Collection) -> WeighedUnit:
    """What stands for a word never weighs more than the word, or than the correction of it."""
    weighed: list[WeighedAlternative] = []
    most: int | None = None
    for alternative in unit.alternatives:
        holders = _holders(alternative, unit, collection)
        if not holders:
            continue
        idf = _idf(len(holders), len(collection))
        if most is None and alternative.reason in ("word", "correction", "split", "joined"):
            most = idf
        if alternative.reason == "place":
            weight = round(PLACE_WEIGHT * idf)
        else:
            weight = round(alternative.weight * (idf if most is None else min(idf, most)))
        weighed.append(WeighedAlternative(alternative, holders, weight))
    return WeighedUnit(unit, weighed)


def _holders(alternative: Alternative, unit: Unit, collection: Collection) -> BitMap:
    if alternative.facet:
        name, codes = alternative.facet
        return collection.having(name, tuple(codes.split(",")))
    if unit.prefix:
        return collection.holding_beginning(alternative.words[0])
    if unit.phrase and alternative.reason == "word":
        return collection.holding_phrase(alternative.words)
    return collection.holding_all(alternative.words, in_a_row=alternative.in_a_row)


def _idf(holding: int, total: int) -> int:
    """Inverse document frequency (BM25's), as a whole number."""
    return round(WEIGHT * log(1 + (total - holding + 0.5) / (holding + 0.5)))


def scores(units: Sequence[WeighedUnit], collection: Collection) -> Scores:
    """By number of entry, the sum over the words of the question.

    A word counts by the best that stands for it, and by a share of what else does.
    """
    total = np.zeros(len(collection.slugs), dtype=np.int64)
    for weighed in units:
        if len(weighed.alternatives) == 1:
            numbers, gained = gains(weighed.alternatives[0], weighed.unit, collection)
            total[numbers] += gained
            continue
        best, every = np.zeros_like(total), np.zeros_like(total)
        for alternative in weighed.alternatives:
            numbers, gained = gains(alternative, weighed.unit, collection)
            best[numbers] = np.maximum(best[numbers], gained)
            every[numbers] += gained
        total += best + (every - best) * OTHERS_PERCENT // 100
    return total


def part_scores(
    parts: Sequence[UnderstoodPart],
    collection: Collection,
    best: int,
    distances: NDArray[np.float64] | None,
) -> Scores:
    """What an entry gains by fitting the settings, sizes and kinds of study that were understood."""
    gained = np.zeros(len(collection.slugs), dtype=np.int64)
    share = round(PART_SHARE * max(best, WEIGHT * MAX_IMPACT))
    for part in parts:
        if part.kind in ("setting", "enrollment", "evidence"):
            members = part_members(part, collection)
            gained[numbers_of(members)] += share
    if distances is not None:  # near is worth more, halved at 50 kilometers
        near = np.where(np.isinf(distances), 0.0, 1 / (1 + distances / 50))
        gained += (4 * share * near).astype(np.int64)
    return gained


def part_members(part: UnderstoodPart, collection: Collection) -> BitMap:
    """The entries that fit a place, a setting, a size or a kind of study."""
    parameters = dict(part.parameters)
    if part.kind == "enrollment":
        low, high = parameters.get("enrollment_min"), parameters.get("enrollment_max")
        return collection.within(
            "enrollment", int(low) if low else None, int(high) if high else None
        )
    if part.kind == "distance":
        return BitMap(collection.places.settled()[1])
    (name, codes), *_ = part.parameters
    return collection.having(name, tuple(codes.split(",")))


def gains(
    weighed: WeighedAlternative, unit: Unit, collection: Collection
) -> tuple[Numbers, Scores]:
    """The entries that hold an alternative, and what each gains by it."""
    held = numbers_of(weighed.holders)
    if weighed.alternative.facet:
        return held, np.full(len(held), PLACE_IMPACT * weighed.weight)
    if unit.prefix:
        impacts = _impacts_of_beginning(weighed.alternative.words[0], collection)[held]
    else:
        impacts = _impacts_of_words(weighed.alternative.words, held, collection)
    return held, impacts.astype(np.int64) * weighed.weight


def _impacts_of_words(words: Sequence[str], held: Numbers, collection: Collection) -> Impacts:
    """Words in a row matter as much as the one that matters least."""
    least = np.full(len(held), MAX_IMPACT, dtype=np.uint8)
    for word in words:
        np.minimum(least, collection.postings[stem(word)].impacts_of(held), out=least)
    return least


def _impacts_of_beginning(prefix: str, collection: Collection) -> Impacts:
    """By word, not by stem: the words of other entries must not matter to an entry's score."""
    impacts = np.zeros(len(collection.slugs), dtype=np.uint8)
    for word in collection.beginning_with(prefix):
        members = collection.words[word]
        if members:
            held = numbers_of(members)
            own = collection.postings[collection.word_stems[word]].impacts_of(held)
            impacts[held] = np.maximum(impacts[held], own)
    return impacts
