"""Where ZIP codes and towns are: two shipped tables, searched in place without being parsed.

ZIP areas are from the package zipcodes (MIT), towns from GeoNames (CC BY 4.0); see seed/language/README.md.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from app.search.analysis import words

Point = tuple[float, float]
MOST_OTHERS = 5  # towns of the same name that are offered
LONGEST_STATE = 3  # words: District of Columbia
_ZIP = re.compile(r"([0-9]{5})(-[0-9]{4})?")


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place as addresses name it, its position, and other towns that have the name as well."""

    name: str
    point: Point
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Town:
    """A line of the table of towns."""

    name: str  # Burlington, VT
    state: str
    point: Point
    population: int


class Gazetteer:
    """Positions of ZIP codes and towns of 500 people and more."""

    def __init__(self, folder: Path) -> None:
        self._zips = _lines(folder / "zips.tsv")
        self._towns = _lines(folder / "towns.tsv")
        self._states: dict[str, Point | None] = {}

    def find(self, name: str, state_code: Callable[[str], str | None]) -> NamedPlace | None:
        """A ZIP code (`97701`), or the most populous town that a name can mean (`Bend`, `Bend OR`)."""
        if zip_code := _ZIP.fullmatch(name):
            point = self.zip_code(zip_code[1])
            return NamedPlace(zip_code[1], point) if point else None
        for town, state in _readings(name, state_code):
            if towns := self.towns(town, state):
                of_states: dict[str, str] = {}
                for each in towns:
                    of_states.setdefault(each.state, each.name)
                _, *others = of_states.values()
                return NamedPlace(towns[0].name, towns[0].point, tuple(others[:MOST_OTHERS]))
        return None

    def zip_code(self, code: str) -> Point | None:
        """The middle of a ZIP code's area."""
        at = bisect_left(self._zips, f"{code}\t")
        if at < len(self._zips) and self._zips[at].startswith(f"{code}\t"):
            _, latitude, longitude = self._zips[at].split("\t")
            return float(latitude), float(longitude)
        return None

    def towns(self, name: str, state: str | None = None) -> list[Town]:
        """The towns of a name, in the state if one is given, the most populous first."""
        key = town_key(name)
        towns = []
        at = bisect_left(self._towns, key, key=town_key)
        while at < len(self._towns) and town_key(self._towns[at]) == key:
            town, code, latitude, longitude, population = self._towns[at].split("\t")
            if state in (None, code):
                point = float(latitude), float(longitude)
                towns.append(Town(f"{town}, {code}", code, point, int(population)))
            at += 1
        return sorted(towns, key=lambda town: -town.population)

    def state(self, code: str) -> Point | None:
        """The middle of a state's towns. Looked up once: it takes 5 ms to read all towns."""
        if code not in self._states:
            towns = [line.split("\t") for line in self._towns if f"\t{code}\t" in line]
            points = [(float(latitude), float(longitude)) for _, _, latitude, longitude, _ in towns]
            self._states[code] = (
                (fmean(x for x, _ in points), fmean(y for _, y in points)) if points else None
            )
        return self._states[code]


def town_key(line: str) -> str:
    """What the lines of towns are sorted by: St. and Saint, Mt. and Mount are the same."""
    return " ".join(words(line.partition("\t")[0]))


def _readings(
    name: str, state_code: Callable[[str], str | None]
) -> Iterator[tuple[str, str | None]]:
    """The ways to read a name: as a town and a state's code, or as a town alone."""
    town, comma, state = name.rpartition(",")
    if comma:
        if code := state_code(state):
            yield town, code
        return
    yield name, None
    parts = name.split()
    for length in range(1, min(LONGEST_STATE, len(parts) - 1) + 1):
        if code := state_code(" ".join(parts[-length:])):
            yield " ".join(parts[:-length]), code


def _lines(path: Path) -> Sequence[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else ()
