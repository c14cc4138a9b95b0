"""Where ZIP codes and towns are: two shipped tables, searched in place without being parsed.

ZIP areas are from the package zipcodes (MIT), towns from GeoNames (CC BY 4.0); see seed/language/README.md.
"""

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

Point = tuple[float, float]


class Gazetteer:
    """Positions of ZIP codes and towns of 500 people and more."""

    def __init__(self, folder: Path) -> None:
        self._zips = _lines(folder / "zips.tsv")
        self._towns = _lines(folder / "towns.tsv")
        self._states: dict[str, Point | None] = {}

    def point(self, name: str) -> Point | None:
        """The middle of a ZIP code's area (`97701`) or of a town (`Bend`, `Bend, OR`)."""
        if name.isdecimal():
            return self.zip_code(name)
        town, _, state = name.partition(",")
        return self.town(town, state.strip().upper() or None)

    def zip_code(self, code: str) -> Point | None:
        """The middle of a ZIP code's area."""
        at = bisect_left(self._zips, f"{code}\t")
        if at < len(self._zips) and self._zips[at].startswith(f"{code}\t"):
            _, latitude, longitude = self._zips[at].split("\t")
            return float(latitude), float(longitude)
        return None

    def town(self, name: str, state: str | None = None) -> Point | None:
        """The middle of a town: the most populous of its name, in the state if one is given."""
        folded = name.casefold().strip()
        best: tuple[int, Point] | None = None
        at = bisect_left(self._towns, folded, key=_town_key)
        while at < len(self._towns) and _town_key(self._towns[at]) == folded:
            _, code, latitude, longitude, population = self._towns[at].split("\t")
            if state in (None, code) and (best is None or int(population) > best[0]):
                best = int(population), (float(latitude), float(longitude))
            at += 1
        return best[1] if best else None

    def state(self, code: str) -> Point | None:
        """The middle of a state's towns. Looked up once: it takes 5 ms to read all towns."""
        if code not in self._states:
            towns = [line.split("\t") for line in self._towns if f"\t{code}\t" in line]
            points = [(float(latitude), float(longitude)) for _, _, latitude, longitude, _ in towns]
            self._states[code] = (
                (fmean(x for x, _ in points), fmean(y for _, y in points)) if points else None
            )
        return self._states[code]


def _town_key(line: str) -> str:
    return line.partition("\t")[0].casefold()


def _lines(path: Path) -> Sequence[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else ()
