"""Matching: which entries a question finds, before they are ordered."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import radians

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.records.district import EARTH_RADIUS_KM
from app.search.analysis import stem
from app.search.collection import Collection
from app.search.postings import union
from app.search.query import Clause, SearchQuery


@dataclass(frozen=True, slots=True)
class Matches:
    """What a question finds. `mode`: whether all words matched or any; None without words."""

    mode: str | None
    text: BitMap
    filters: list[
        tuple[str, BitMap]
    ]  # the part of the question, as its parameter is named, and the entries that it lets through
    distances_km: NDArray[np.float64] | None = None
    dropped: list[Clause] = field(default_factory=list)

    def hits(self, *, but: str | None = None) -> BitMap:
        """The entries that match; `but` leaves out one filter."""
        sets = [members for name, members in self.filters if name != but]
        return BitMap.intersection(self.text, *sets)

    def narrowed(self, name: str) -> bool:
        """Whether this filter is set."""
        return any(own == name for own, _ in self.filters)


def match(query: SearchQuery, among: Collection, *, mode: str | None = None) -> Matches:
    """Find the entries. All words must match; if no entry holds them all, any does. `mode` settles which, as a cursor does."""
    distances = distances_km(query.point, among) if query.point else None
    mode, text, dropped = _match_text(query, among, mode)
    return Matches(mode, text, list(_filters(query, among, distances)), distances, dropped)


def entries_of(clause: Clause, among: Collection) -> BitMap:
    """The entries that hold a clause."""
    if clause.phrase:
        return among.holding_phrase(clause.words)
    if clause.prefix:
        return among.holding_beginning(clause.words[0])
    posting = among.postings.get(stem(clause.words[0]))
    return posting.set() if posting else BitMap()


def _match_text(
    query: SearchQuery, among: Collection, mode: str | None
) -> tuple[str | None, BitMap, list[Clause]]:
    wanted = [clause for clause in query.clauses if not clause.without]
    unwanted = union(entries_of(clause, among) for clause in query.clauses if clause.without)
    if not wanted:
        return None, among.all - unwanted, []
    sets = [entries_of(clause, among) for clause in wanted]
    everywhere = BitMap.intersection(*sets) - unwanted
    if mode == "all" or (mode is None and (everywhere or len(wanted) == 1)):
        return "all", everywhere, []
    return (
        "any",
        union(sets) - unwanted,
        [clause for clause, members in zip(wanted, sets, strict=True) if not members],
    )


def _filters(
    query: SearchQuery, among: Collection, distances: NDArray[np.float64] | None
) -> Iterator[tuple[str, BitMap]]:
    for name, values in query.any_of.items():
        yield name, among.having(name, values)
    for name, values in query.all_of.items():
        yield (
            f"{name}_all",
            BitMap.intersection(
                among.all, *(among.facets[name].get(value, BitMap()) for value in values)
            ),
        )
    for name, values in query.none_of.items():
        yield f"{name}_not", among.all - among.having(name, values)
    for name, (low, high) in query.ranges.items():
        yield name, among.within(name, low, high)
    if query.slugs:
        yield "slug", BitMap(among.numbers[slug] for slug in query.slugs if slug in among.numbers)
    if query.within_km is not None and distances is not None:
        yield "within_km", BitMap(np.flatnonzero(distances <= query.within_km).astype(np.uint32))


def distances_km(point: tuple[float, float], among: Collection) -> NDArray[np.float64]:
    """For each entry by number, great-circle kilometres from the point to the nearest of its places; infinite without one."""
    places, numbers = among.places.settled()
    nearest = np.full(len(among.slugs), np.inf)
    latitude, longitude = radians(point[0]), radians(point[1])
    phi, other = np.radians(places[:, 0]), np.radians(places[:, 1])
    half = (
        np.sin((phi - latitude) / 2) ** 2
        + np.cos(phi) * np.cos(latitude) * np.sin((other - longitude) / 2) ** 2
    )
    np.minimum.at(nearest, numbers, 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, np.sqrt(half))))
    return nearest
