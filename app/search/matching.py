"""Matching: which entries a query finds, before they are ordered."""

from collections.abc import Collection as Names
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import radians
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.records.district import EARTH_RADIUS_KM
from app.search.analysis import stem, words
from app.search.budget import check_budget
from app.search.collection import Collection
from app.search.filters import OUTCOME_FILTERS
from app.search.outcomes import entries_with_outcome
from app.search.postings import numbers_of, union
from app.search.query import Clause, SearchQuery
from app.search.understanding.alternatives import Understood, UnderstoodPart
from app.search.weighing import WeighedUnit, part_members, weigh

Mode = Literal["best", "all", "exact"] | None  # how words must match; None without words
Kilometers = NDArray[np.float64]
LEAST_SHARE = 0.2  # of the question's weight, that a partial match holds


@dataclass(frozen=True, slots=True)
class Matches:
    """What the words of a query find, and what each of its filters lets through."""

    collection: Collection
    mode: Mode
    text: BitMap  # entries found by words: whole and partial matches
    whole: BitMap  # those that hold every word, or what stands for it
    understood: Understood
    units: Sequence[WeighedUnit]
    holders: Sequence[BitMap]  # of each unit
    phrase: Sequence[str]  # the words in a row, corrected; empty if one is only a beginning
    filters: Mapping[str, BitMap]  # by parameter; by name, for a range and its two parameters
    outcomes: Mapping[str, Sequence[str]]  # those of OUTCOME_FILTERS that are given
    distances_km: Kilometers | None = None  # from `near`
    distances_meant_km: Kilometers | None = None  # from a place that the words name

    def narrowed_by(self, name: str) -> bool:
        """Whether a filter is set."""
        return name in self.filters

    def hits(self, *, without: Names[str] = ()) -> BitMap:
        """The entries that the query finds, or would find without some of its parts."""
        text = self.collection.all if "q" in without else self.text
        sets = [members for name, members in self.filters.items() if name not in without]
        outcomes = {name: own for name, own in self.outcomes.items() if name not in without}
        if len(outcomes) > 1:
            sets.append(entries_with_outcome(self.collection, outcomes))
        return BitMap.intersection(text, *sets)

    def whole_without(self, clauses: Names[Clause]) -> BitMap:
        """About the whole matches without some clauses: what the others stand for stays as it is.

        To understand the question anew for each of twenty words takes most of a search.
        """
        dropped = {(clause.words, clause.phrase, clause.prefix) for clause in clauses}
        holders = [
            members
            for unit, members in zip((each.unit for each in self.units), self.holders, strict=True)
            if (unit.words, unit.phrase, unit.prefix) not in dropped
        ]
        gone = {word for clause in clauses for word in clause.words}
        fitting = [
            part_members(part, self.collection)
            for part in _fitting(self.understood)
            if gone.isdisjoint(words(part.words))
        ]
        return BitMap.intersection(self.hits(without=("q",)), *holders, *fitting)


def match(query: SearchQuery, collection: Collection, understood: Understood) -> Matches:
    """Find the entries: whole matches, and partial ones with enough of the question's weight.

    Raises Invalid if the phrases and beginnings of the query would take too long.
    """
    check_budget(query.clauses, collection)
    distances = distances_km(query.point, collection) if query.point else None
    units = weigh(understood, collection)
    holders = [unit.holders for unit in units]
    excluded = union(entries_of(clause, collection) for clause in query.clauses if clause.without)
    mode = _mode(query)
    text, whole = collection.all, collection.all
    if mode:
        text, whole = _match_text(query, understood, units, holders, collection)
    point = next((part.point for part in understood.parts if part.point), None)
    filters = dict(_filters(query, collection, distances))
    outcomes = {name: own for name, own in query.any_of.items() if name in OUTCOME_FILTERS}
    return Matches(
        collection=collection,
        mode=mode,
        text=text - excluded,
        whole=whole - excluded,
        understood=understood,
        units=units,
        holders=holders,
        phrase=_phrase(query, understood),
        filters=filters,
        outcomes=outcomes,
        distances_km=distances,
        distances_meant_km=distances_km(point, collection) if point else None,
    )


def entries_of(clause: Clause, collection: Collection) -> BitMap:
    """The entries that hold a word, a phrase or a beginning, as it was typed."""
    if clause.phrase:
        return collection.holding_phrase(clause.words)
    if clause.prefix:
        return collection.holding_beginning(clause.words[0])
    posting = collection.postings.get(stem(clause.words[0]))
    return posting.members if posting else BitMap()


def _mode(query: SearchQuery) -> Mode:
    """How the words must match; None if there is none, or only words to leave out."""
    if all(clause.without for clause in query.clauses):
        return None
    return "exact" if query.match == "exact" else "all" if query.match == "all" else "best"


def _phrase(query: SearchQuery, understood: Understood) -> Sequence[str]:
    clauses = [clause for clause in query.clauses if not clause.without]
    if any(clause.prefix for clause in clauses):
        return ()
    if understood.corrections and not any(clause.phrase for clause in clauses):
        return understood.read
    return [word for clause in clauses for word in clause.words]


def _match_text(
    query: SearchQuery,
    understood: Understood,
    units: Sequence[WeighedUnit],
    holders: Sequence[BitMap],
    collection: Collection,
) -> tuple[BitMap, BitMap]:
    """The entries that the words find, and those of them that hold all."""
    fitting = [part_members(part, collection) for part in _fitting(understood)]
    if not units:
        text = BitMap.intersection(*fitting) if fitting else BitMap()
        return text, text
    whole = BitMap.intersection(*fitting, *holders)
    if query.match:
        return whole, whole
    return whole | _partial(units, holders, collection), whole


def _fitting(understood: Understood) -> list[UnderstoodPart]:
    """The parts that an entry must fit to be a whole match."""
    kinds = ("enrollment", "distance")
    return [part for part in understood.parts if part.kind in kinds and part.strict]


def _partial(
    units: Sequence[WeighedUnit], holders: Sequence[BitMap], collection: Collection
) -> BitMap:
    """The entries that hold enough of the question's weight."""
    if len(units) == 1:
        return holders[0]
    least = LEAST_SHARE * sum(unit.weight for unit in units)
    weighed = [(unit.weight, members) for unit, members in zip(units, holders, strict=True)]
    enough = union(members for weight, members in weighed if weight and weight >= least)
    lighter = [(weight, members) for weight, members in weighed if weight < least]
    # The lighter words of most questions are too light even together, and sets are enough.
    if not lighter or sum(weight for weight, _ in lighter) < least:
        return enough
    held = np.zeros(len(collection.slugs), dtype=np.int64)
    for weight, members in lighter:
        held[numbers_of(members)] += weight
    return enough | BitMap(np.flatnonzero(held >= least).astype(np.uint32))


def _filters(
    query: SearchQuery, collection: Collection, distances: Kilometers | None
) -> Iterator[tuple[str, BitMap]]:
    for name, values in query.any_of.items():
        yield name, collection.having(name, values)
    for name, values in query.all_of.items():
        sets = [collection.having(name, (value,)) for value in values]
        yield f"{name}_all", BitMap.intersection(collection.all, *sets)
    for name, values in query.none_of.items():
        yield f"{name}_not", collection.all - collection.having(name, values)
    for name, (low, high) in query.ranges.items():
        yield name, collection.within(name, low, high)
    if query.slugs:
        numbers = map(collection.number, query.slugs)
        yield "slug", BitMap(number for number in numbers if number is not None)
    if query.within_km is not None and distances is not None:
        yield "within_km", BitMap(np.flatnonzero(distances <= query.within_km).astype(np.uint32))


def distances_km(point: tuple[float, float], collection: Collection) -> Kilometers:
    """By number of entry, great-circle kilometers from the point to the nearest of its places.

    Infinite for an entry without a place.
    """
    places, numbers = collection.places.settled()
    nearest = np.full(len(collection.slugs), np.inf)
    latitude, longitude = radians(point[0]), radians(point[1])
    latitudes, longitudes = np.radians(places[:, 0]), np.radians(places[:, 1])
    haversine = (
        np.sin((latitudes - latitude) / 2) ** 2
        + np.cos(latitudes) * np.cos(latitude) * np.sin((longitudes - longitude) / 2) ** 2
    )
    kilometers = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, np.sqrt(haversine)))
    np.minimum.at(nearest, numbers, kilometers)
    return nearest
