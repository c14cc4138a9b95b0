"""Relaxing: wider searches, when a search has few whole matches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

import numpy as np
from pyroaring import BitMap

from app.search.analysis import words
from app.search.collection import own_names
from app.search.filters import FILTER, RANGE
from app.search.index import Index
from app.search.matching import Kilometers, Matches, distances_km, match
from app.search.postings import Numbers, numbers_of
from app.search.query import Clause, SearchQuery
from app.search.understanding.understand import understand

FEW = 3  # whole matches; with fewer, wider searches are offered
MOST = 8  # wider searches offered
SUGGESTIONS = "/v1/suggestions"
MAX_TEXT = 1000  # characters of a search that are repeated in a suggestion
PLACES = ("state", "region", "within_km")
Kind = Literal["filter", "word", "place", "match", "nearest"]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A wider search that has more whole matches."""

    kind: Kind
    without: Sequence[str]  # the parameters, or the words, to leave out or to change
    label: str
    total: int
    whole: int  # of them, those that have every word
    link: str


@dataclass(frozen=True, slots=True)
class TellUs:
    """A suggestion that a reader may send, who knows of what was not found."""

    link: str
    text: str


def whole_matches(matches: Matches) -> BitMap:
    """The hits that have every word; all hits of a search without words."""
    hits = matches.hits()
    return hits & matches.whole if matches.mode else hits


def relaxations(query: SearchQuery, matches: Matches, index: Index) -> list[Relaxation]:
    """Wider searches, those with the most whole matches first, the nearest place last.

    None if there are enough already, and none that gives no more. Of the words some always stay.
    """
    whole = len(whole_matches(matches))
    if whole >= FEW:
        return []
    relaxing = _Relaxing(query, matches, index, whole)
    single = [*relaxing.filters(), *relaxing.words(), *relaxing.ways_to_match()]
    wider = sorted((each for each in single if each.whole > whole), key=lambda each: -each.whole)
    if not wider:
        several = [*relaxing.all_filters(), *relaxing.unknown_words_and_filters()]
        wider = [each for each in several if each.whole > whole][:1]
    nearest = [each for each in relaxing.nearest() if each.whole > whole]
    return wider[: MOST - len(nearest)] + nearest


def tell_us(query: SearchQuery, matches: Matches, index: Index) -> TellUs | None:
    """What a reader may suggest; None if there are enough whole matches."""
    if len(whole_matches(matches)) >= FEW:
        return None
    parts = [f"\u201c{query.q}\u201d"] if query.q else []
    for name, values in query.any_of.items():
        filter_ = FILTER[name]
        labels = [index.vocabulary.label(filter_.vocabulary, value) for value in values]
        parts.append(f"{filter_.label}: {' or '.join(labels)}")
    if query.near:
        parts.append(f"near {query.near}")
    searched = "; ".join(parts)[:MAX_TEXT]
    return TellUs(SUGGESTIONS, f"I searched for {searched or 'this'}. I know of a case: ")


class _Relaxing:
    """One search while wider ones are looked for."""

    def __init__(self, query: SearchQuery, matches: Matches, index: Index, whole: int) -> None:
        self.query = replace(query, cursor=None)
        self.matches, self.index, self.collection = matches, index, matches.collection
        self.whole = whole  # matches of the search itself

    def filters(self) -> Iterator[Relaxation]:
        """Without each filter. The words stay as they are understood, so sets are enough."""
        if len(self.matches.filters) == 1 and not self.matches.mode:
            return  # nothing would be left of the question
        for part in self.matches.filters:
            parameters = self.query.parameters_of(part)
            if parameters:
                hits = self.matches.hits(without=(part,))
                kind: Kind = "place" if part in PLACES else "filter"
                label = f"without {_name_of(part)}"
                yield self._relaxation(
                    kind, parameters, label, hits, self.query.url_without(*parameters)
                )

    def all_filters(self) -> Iterator[Relaxation]:
        """Without all filters at once, where no single one is what stands in the way."""
        filters = self.matches.filters
        if len(filters) > 1 and self.matches.mode:
            parameters = [name for part in filters for name in self.query.parameters_of(part)]
            hits = self.matches.hits(without=tuple(filters))
            link = self.query.url_without(*parameters)
            yield self._relaxation("filter", parameters, "without any filter", hits, link)

    def unknown_words_and_filters(self) -> Iterator[Relaxation]:
        """Without the words that no entry has and without any filter, where neither is enough."""
        unknown = [
            Clause(weighed.unit.words, weighed.unit.phrase, weighed.unit.prefix)
            for weighed in self.matches.units
            if not weighed.alternatives
        ]
        others = [clause for clause in self.query.clauses if clause not in unknown]
        parameters = [n for part in self.matches.filters for n in self.query.parameters_of(part)]
        if unknown and parameters and any(not clause.without for clause in others):
            wider = _with_clauses(self.query.without_filters(), others)
            dropped = [str(clause) for clause in unknown]
            label = f"without \u201c{' '.join(dropped)}\u201d and without any filter"
            yield self._asked("word", [*dropped, *parameters], label, wider)

    def words(self) -> Iterator[Relaxation]:
        """Without each word, phrase or place that the words name, as far as it gives more."""
        wider = []
        for kind, clauses in self._groups():
            others = [clause for clause in self.query.clauses if clause not in clauses]
            if any(not clause.without for clause in others):
                wider.append((len(self.matches.whole_without(clauses)), kind, clauses, others))
        wider = [each for each in wider if each[0] > self.whole]
        for _, kind, clauses, others in sorted(wider, key=lambda each: -each[0])[:MOST]:
            dropped = " ".join(map(str, clauses))
            query = _with_clauses(self.query, others)
            yield self._asked(kind, [dropped], f"without \u201c{dropped}\u201d", query)

    def ways_to_match(self) -> Iterator[Relaxation]:
        """Without what makes the search of words strict."""
        if self.query.match:
            wider = replace(self.query, match=None)
            yield self._asked("match", ["match"], "also with synonyms and other words", wider)
        if self.query.spelling:
            wider = replace(self.query, spelling=None)
            yield self._asked("match", ["spelling"], "with misspelled words corrected", wider)

    def nearest(self) -> Iterator[Relaxation]:
        """As far as the nearest case beyond, and the nearest state if the one asked for has none."""
        if self.query.within_km is not None and self.matches.distances_km is not None:
            yield from self._farther(self.matches.distances_km)
        if not self.whole:
            yield from self._nearest_states()

    def _farther(self, distances: Kilometers) -> Iterator[Relaxation]:
        """The distance at which there is one more."""
        hits = self._whole(self.matches.hits(without=("within_km",)))
        in_order = self._by_distance(hits, distances)
        if len(in_order) <= self.whole or not np.isfinite(distances[in_order[self.whole]]):
            return
        kilometers = ceil(distances[in_order[self.whole]] + 0.001)
        name = own_names(self.collection.stored.names(int(in_order[self.whole])))[0]
        wider = replace(self.query, within_km=float(kilometers))
        label = f"within {kilometers:,} kilometers: {name}"
        yield self._asked("nearest", ["within_km"], label, wider)

    def _nearest_states(self) -> Iterator[Relaxation]:
        """For a state without a case, as a filter or in the words: the nearest that has one."""
        states = self.query.any_of.get("state", ())
        if states:
            hits = self.matches.hits(without=("state",))
            yield from self._states_near(states, hits, self.matches.whole, ["state"], self.query)
        for part in self.matches.understood.parts:
            name, codes = part.parameters[0]
            clauses = self._clauses_of(part.words)
            others = [clause for clause in self.query.clauses if clause not in clauses]
            if part.kind == "place" and name == "state" and not states and others:
                wider = _with_clauses(self.query, others)
                named = tuple(codes.split(","))
                yield from self._states_near(named, *self._found(wider), [part.words], wider)

    def _states_near(
        self,
        states: Sequence[str],
        hits: BitMap,
        whole: BitMap,
        without: Sequence[str],
        wider: SearchQuery,
    ) -> Iterator[Relaxation]:
        """The search in the state, beside these, of the whole match that is nearest to the first of them.

        `hits`: in any state. The words stay as they are understood, so sets are enough.
        """
        gazetteer = self.index.lexicon(self.query.kind).language.gazetteer
        center = gazetteer.state(states[0])
        if center is None or not hits & whole:
            return
        distances = distances_km(center, self.collection)
        nearest = int(self._by_distance(hits & whole, distances)[0])
        members = self.collection.facets["state"]
        codes = sorted(code for code, holders in members.items() if nearest in holders)
        if not np.isfinite(distances[nearest]) or not codes:
            return
        label = f"also in {self.index.vocabulary.label('state', codes[0])}, the nearest with a case"
        both = tuple(sorted({*states, codes[0]}))
        link = replace(wider, any_of={**wider.any_of, "state": both}).url()
        within = hits & self.collection.having("state", both)
        yield self._relaxation("nearest", without, label, within, link, whole)

    def _by_distance(self, hits: BitMap, distances: Kilometers) -> Numbers:
        """The nearest first; of those as near the first by slug, however the index came to hold them."""
        numbers = numbers_of(hits)
        ranks = self.collection.orders["slug"].ranks(numbers)
        return numbers[np.lexsort((ranks, distances[numbers]))]

    def _groups(self) -> Iterator[tuple[Kind, list[Clause]]]:
        """The clauses that go together: those of a place or a size, then each other one."""
        grouped: list[Clause] = []
        for part in self.matches.understood.parts:
            clauses = self._clauses_of(part.words)
            if clauses and not any(clause in grouped for clause in clauses):
                grouped += clauses
                yield "place" if part.kind in ("place", "distance") else "word", clauses
        for clause in self.query.clauses:
            if clause not in grouped and str(clause) not in self.matches.understood.stop_words:
                yield "word", [clause]

    def _clauses_of(self, text: str) -> list[Clause]:
        """The plain words of the question that a text has."""
        named = set(words(text))
        return [
            clause
            for clause in self.query.clauses
            if clause.words[0] in named and clause == Clause(clause.words)
        ]

    def _asked(
        self, kind: Kind, without: Sequence[str], label: str, wider: SearchQuery
    ) -> Relaxation:
        """A wider search whose words are understood anew."""
        hits, whole = self._found(wider)
        return self._relaxation(kind, without, label, hits, wider.url(), whole)

    def _relaxation(
        self,
        kind: Kind,
        without: Sequence[str],
        label: str,
        hits: BitMap,
        link: str,
        whole: BitMap | None = None,
    ) -> Relaxation:
        return Relaxation(kind, without, label, len(hits), len(self._whole(hits, whole)), link)

    def _whole(self, hits: BitMap, whole: BitMap | None = None) -> BitMap:
        """Of these hits the whole matches."""
        return hits & (self.matches.whole if whole is None else whole)

    def _found(self, query: SearchQuery) -> tuple[BitMap, BitMap]:
        """The hits of another search, and all whole matches of its words."""
        understood = understand(query, self.index.lexicon(query.kind))
        matches = match(query, self.collection, understood)
        return matches.hits(), matches.whole


def _with_clauses(query: SearchQuery, clauses: Sequence[Clause]) -> SearchQuery:
    return replace(query, clauses=tuple(clauses), q=" ".join(map(str, clauses)))


def _name_of(part: str) -> str:
    """A filter or a range in words."""
    if part in RANGE:
        return RANGE[part].label.lower()
    for suffix in ("_all", "_not"):
        if part.removesuffix(suffix) in FILTER and part.endswith(suffix):
            return FILTER[part.removesuffix(suffix)].label.lower()
    if part in FILTER:
        return FILTER[part].label.lower()
    return {"slug": "the list of slugs", "within_km": "the distance"}[part]
