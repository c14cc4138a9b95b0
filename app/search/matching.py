"""Matching: which entries a query finds, before they are ordered."""

from collections.abc import Collection as Names
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import radians
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.records.district import EARTH_RADIUS_KM
from app.search.analysis import stem
from app.search.collection import Collection
from app.search.filters import OUTCOME_FILTERS
from app.search.outcomes import entries_with_outcome
from app.search.postings import union
from app.search.query import Clause, SearchQuery

Mode = Literal["all", "any"] | None  # whether every word matched, or any; None without words
Kilometers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Matches:
    """What the words of a query find, and what each of its filters lets through."""

    collection: Collection
    mode: Mode
    text: BitMap
    filters: Mapping[str, BitMap]  # by parameter; by name, for a range and its two parameters
    outcomes: Mapping[str, Sequence[str]]  # those of OUTCOME_FILTERS that are given
    distances_km: Kilometers | None = None
    dropped: Sequence[Clause] = field(default_factory=tuple)

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


def match(query: SearchQuery, collection: Collection, *, mode: Mode = None) -> Matches:
    """Find the entries that hold every word or, if none does, any word.

    `mode` settles which: the later pages of a search keep the mode of the first.
    """
    distances = distances_km(query.point, collection) if query.point else None
    mode, text, dropped = _match_text(query, collection, mode)
    filters = dict(_filters(query, collection, distances))
    outcomes = {name: own for name, own in query.any_of.items() if name in OUTCOME_FILTERS}
    return Matches(collection, mode, text, filters, outcomes, distances, dropped)


def entries_of(clause: Clause, collection: Collection) -> BitMap:
    """The entries that hold a word, a phrase or a beginning."""
    if clause.phrase:
        return collection.holding_phrase(clause.words)
    if clause.prefix:
        return collection.holding_beginning(clause.words[0])
    posting = collection.postings.get(stem(clause.words[0]))
    return posting.set() if posting else BitMap()


def _match_text(
    query: SearchQuery, collection: Collection, mode: Mode
) -> tuple[Mode, BitMap, list[Clause]]:
    """The mode, the entries found, and the words that no entry holds."""
    wanted = [clause for clause in query.clauses if not clause.without]
    excluded = union(entries_of(clause, collection) for clause in query.clauses if clause.without)
    if not wanted:
        return None, collection.all - excluded, []
    sets = [entries_of(clause, collection) for clause in wanted]
    holding_all = BitMap.intersection(*sets) - excluded
    if mode == "all" or (mode is None and (holding_all or len(wanted) == 1)):
        return "all", holding_all, []
    dropped = [clause for clause, members in zip(wanted, sets, strict=True) if not members]
    return "any", union(sets) - excluded, dropped


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
