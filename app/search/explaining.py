"""explain: what the score of each hit is made of, by word, reason and field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from operator import attrgetter

import numpy as np

from app.search.analysis import stem
from app.search.collection import Collection
from app.search.matching import Matches
from app.search.phrases import NAMED_SO, add_phrase_scores
from app.search.postings import weights_by_field, words_by_field
from app.search.ranking import MOST_BY_WORDS, WHOLE, relevance
from app.search.understanding.alternatives import Alternative, Unit
from app.search.weighing import OTHERS_PERCENT, Scores, WeighedUnit, gains, part_scores, scores

Gains = Sequence[tuple[Alternative, Mapping[int, int]]]  # by number of entry, what it gains


@dataclass(frozen=True, slots=True)
class ScorePart:
    """Something that a score is made of."""

    word: str  # of the question
    reason: str
    stands_for_it: str | None
    field: str | None
    points: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the place of a hit comes from."""

    whole: bool | None
    score: int
    parts: Sequence[ScorePart]


def explain(matches: Matches, numbers: Sequence[int]) -> dict[int, Explanation]:
    """The explanation of each of these entries."""
    total = relevance(matches)
    explainer = _Explainer(matches, numbers)
    explanations = {}
    for number in numbers:
        whole = number in matches.whole if matches.mode else None
        parts = sorted(explainer.parts(number), key=attrgetter("points"), reverse=True)
        score = int(total[number]) - (WHOLE if whole else 0)
        explanations[number] = Explanation(whole, score, parts)
    return explanations


class _Explainer:
    """One search while its hits are explained. Follows `ranking.relevance` step by step."""

    def __init__(self, matches: Matches, numbers: Sequence[int]) -> None:
        self.matches, self.collection = matches, matches.collection
        self.gains = [_gains_of(weighed, self.collection, numbers) for weighed in matches.units]
        self.by_words = scores(matches.units, self.collection)
        capped = np.minimum(self.by_words, MOST_BY_WORDS)
        self.best = int(capped.max(initial=0))
        self.cut = capped - self.by_words
        self.fitting = list(self._fitting())
        total = capped.copy()
        for _, _, _, points in self.fitting:
            total += points
        before = total.copy()
        if matches.phrase and self.best:
            add_phrase_scores(total, self.best, matches)
        self.by_phrase = total - before

    def parts(self, number: int) -> Iterator[ScorePart]:
        """What the score of an entry is made of."""
        rows = self.collection.stored.words(number)
        words_of = words_by_field(self.collection.folded_text(number), rows)
        weights = cache(partial(weights_by_field, words_of))
        for weighed, gained in zip(self.matches.units, self.gains, strict=True):
            word = _typed(weighed.unit)
            for alternative, points in _shares(gained, number):
                label = _label(alternative) if alternative.reason != "word" else None
                if alternative.facet and points:
                    yield ScorePart(word, alternative.reason, label, None, points)
                if alternative.facet:
                    continue
                deciding = self._deciding_stem(alternative, weighed.unit, number)
                for field, share in _shared_out(points, weights(deciding)):
                    yield ScorePart(word, alternative.reason, label, field, share)
        for word, reason, label, by_number in self.fitting:
            if by_number[number]:
                yield ScorePart(word, reason, label, None, int(by_number[number]))
        if self.by_phrase[number]:
            named = self.by_phrase[number] == self.best * NAMED_SO // 100
            words = " ".join(self.matches.phrase)
            reason = "name" if named else "row"
            yield ScorePart(words, reason, None, None, int(self.by_phrase[number]))
        if self.cut[number]:
            yield ScorePart("", "limit", None, None, int(self.cut[number]))

    def _fitting(self) -> Iterator[tuple[str, str, str, Scores]]:
        """The parts of the question that an entry may fit: words, kind, label, points by number."""
        distances = self.matches.distances_meant_km
        for part in self.matches.understood.parts:
            if part.point:
                points = part_scores([], self.collection, self.best, distances)
            else:
                points = part_scores([part], self.collection, self.best, None)
            yield part.words, part.kind, part.label, points
            if part.point:
                distances = None  # only the first place that the words name counts

    def _deciding_stem(self, alternative: Alternative, unit: Unit, number: int) -> str:
        """The stem whose impact counts: the least of words in a row, the most of a beginning."""
        if not unit.prefix:
            return min(
                map(stem, alternative.words), key=lambda word_stem: self._impact(word_stem, number)
            )
        words = self.collection.beginning_with(alternative.words[0])
        stems = {
            self.collection.word_stems[word]
            for word in words
            if number in self.collection.words[word]
        }
        return max(sorted(stems), key=lambda word_stem: self._impact(word_stem, number))

    def _impact(self, word_stem: str, number: int) -> int:
        return self.collection.postings[word_stem].impact(number)


def _gains_of(weighed: WeighedUnit, collection: Collection, numbers: Sequence[int]) -> Gains:
    """What each of these entries gains by each thing that a word can stand for."""
    gained = []
    for weighed_alternative in weighed.alternatives:
        holders, points = gains(weighed_alternative, weighed.unit, collection)
        at = np.searchsorted(holders, numbers)
        gained.append(
            (
                weighed_alternative.alternative,
                {
                    number: int(points[place])
                    for number, place in zip(numbers, at.tolist(), strict=True)
                    if place < len(holders) and holders[place] == number
                },
            )
        )
    return gained


def _shares(gained: Gains, number: int) -> Iterator[tuple[Alternative, int]]:
    """The points of each thing that stands for a word: the best fully, a share of the others."""
    own = [(points[number], alternative) for alternative, points in gained if number in points]
    if not own:
        return
    best = max(range(len(own)), key=lambda at: (own[at][0], -at))
    yield own[best][1], own[best][0]
    others = own[:best] + own[best + 1 :]
    left = sum(points for points, _ in others) * OTHERS_PERCENT // 100
    by_place = {str(place): float(points) for place, (points, _) in enumerate(others)}
    for place, points in _shared_out(left, by_place):
        yield others[int(place)][1], points


def _shared_out(points: int, weights: Mapping[str, float]) -> Iterator[tuple[str, int]]:
    """Whole points in proportion to weights; together they are all of the points."""
    if not points:
        return
    shared, weight_so_far, whole_weight = 0, 0.0, sum(weights.values())
    for place, (name, weight) in enumerate(weights.items(), 1):
        weight_so_far += weight
        upto = points if place == len(weights) else int(points * weight_so_far / whole_weight)
        if upto > shared:
            yield name, upto - shared
        shared = upto


def _typed(unit: Unit) -> str:
    words = " ".join(unit.words)
    return f'"{words}"' if unit.phrase else f"{words}*" if unit.prefix else words


def _label(alternative: Alternative) -> str:
    """What stands for a word: other words, or a place."""
    return "=".join(alternative.facet) if alternative.facet else " ".join(alternative.words)
