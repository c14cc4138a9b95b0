"""Maps as values: outlines, dots and counts. templates/macros/maps.html draws them.

A dot is a district whose position is known. Its shape and color say the kind of place; the table
beside the map says the same as words.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from app.search.filters import NOT_STATED
from app.site import marks
from app.site.dots import Dot, Spot, drawing_of, drawing_order, labeled
from app.site.projections import Point, national_point, state_cone

OUTLINES = Path(__file__).parent / "outlines"
KINDS = (*marks.PLACES, NOT_STATED)  # from dense to sparse
# Too small for letters and fingers: they are buttons beside or below the map, from north to south.
SMALL_STATES = ("VT", "NH", "MA", "RI", "CT", "NJ", "DE", "MD", "DC")
MARGIN = 12  # around the map of one state, so that dots at its edge are whole

Card = Mapping[str, Any]  # of a case study or a district, as a search gives it


@dataclass(slots=True)
class PlacedDistrict:
    """A district of some case studies."""

    slug: str
    name: str
    state: str  # USPS code
    kind: str  # one of KINDS
    position: tuple[float, float] | None  # degrees north and east
    numbers: list[int] = field(default_factory=list)  # of its case studies, in the order given


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A kind of place and its number of drawn districts."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class StateOnMap:
    """A state of the national map. `cases`: case studies there."""

    usps: str
    name: str
    outline: str
    letters: Point
    cases: int

    @property
    def is_small(self) -> bool:
        """Whether it is a button beside or below the large map."""
        return self.usps in SMALL_STATES


@dataclass(frozen=True, slots=True)
class NationalMap:
    """The map of the country."""

    states: Sequence[StateOnMap]
    dots: Sequence[Dot]
    legend: Sequence[LegendEntry]
    drawn: int  # districts
    undrawn: int  # districts without a known position, or of a territory

    @property
    def small_states(self) -> list[StateOnMap]:
        """Those with case studies, from north to south."""
        small = [state for state in self.states if state.is_small and state.cases]
        return sorted(small, key=lambda state: SMALL_STATES.index(state.usps))


@dataclass(frozen=True, slots=True)
class StateMap:
    """The map of one state, upright."""

    outline: str
    view_box: str
    dots: Sequence[Dot]
    legend: Sequence[LegendEntry]
    undrawn: int


@dataclass(frozen=True, slots=True)
class CrossRow:
    """Case studies of a state by kind of place. One in two kinds of place counts in both."""

    usps: str
    name: str
    counts: Mapping[str, int]
    total: int


def has_outline(usps: str) -> bool:
    """Whether there is a map of this state; territories have none."""
    return usps in _states()


def placed_districts(cases: Iterable[Card]) -> list[PlacedDistrict]:
    """The districts of these case studies, each once, with the numbers (from 1) of its cases."""
    districts: dict[str, PlacedDistrict] = {}
    for number, case in enumerate(cases, 1):
        for row in case["districts"]:
            district = districts.get(row["slug"])
            if district is None:
                district = districts[row["slug"]] = _placed(row, NOT_STATED)
            if district.kind == NOT_STATED:
                district.kind = _kind(row, case)
            if number not in district.numbers:
                district.numbers.append(number)
    return list(districts.values())


def placed_district(card: Card) -> PlacedDistrict:
    """A district from its own card."""
    kinds = card["rurality"]
    return _placed(card, kinds[0] if len(kinds) == 1 else NOT_STATED)


def national_map(
    cases: Sequence[Card], names: Mapping[str, str], kinds: Sequence[str] = KINDS
) -> NationalMap:
    """Where these case studies are. `names`: the name of each state by USPS code; `kinds`: the
    kinds of place that are drawn."""
    counts = Counter(state["value"] for case in cases for state in case["states"])
    data = _national()
    states = [
        StateOnMap(
            usps,
            names.get(usps, usps),
            outline,
            Point(*data["letters"][usps]),
            counts[usps],
        )
        for usps, outline in data["outlines"].items()
    ]
    states.sort(key=lambda state: state.name)  # the order in which the keyboard visits them
    districts = [district for district in placed_districts(cases) if district.kind in kinds]
    drawn = [
        district for district in districts if district.position and district.state in _states()
    ]
    spots = set[Spot]()
    for district in drawn:
        assert district.position is not None
        spots.add(_spot(district, national_point(district.state, *district.position)))
    dots = [Dot(drawing_of(kind), x, y) for kind, x, y in sorted(spots, key=drawing_order)]
    return NationalMap(states, dots, _legend(drawn), len(drawn), len(districts) - len(drawn))


def state_map(usps: str, districts: Sequence[PlacedDistrict]) -> StateMap | None:
    """The map of a state with its districts, their numbers beside them. None for a territory."""
    if not has_outline(usps):
        return None
    state = _states()[usps]
    left, top, right, bottom = state["box"]
    cone = state_cone(**state["projection"])
    numbers_at: dict[Spot, list[int]] = {}
    own = [district for district in districts if district.state == usps]
    drawn = [district for district in own if district.position]
    for district in drawn:
        assert district.position is not None
        spot = _spot(district, cone.point(*district.position))
        numbers_at.setdefault(spot, []).extend(district.numbers)
    box = (left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN)
    return StateMap(
        outline=state["outline"],
        view_box=f"{box[0]} {box[1]} {box[2] - box[0]} {box[3] - box[1]}",
        dots=labeled(numbers_at, box),
        legend=_legend(drawn),
        undrawn=len(own) - len(drawn),
    )


def cross_table(cases: Iterable[Card], names: Mapping[str, str]) -> list[CrossRow]:
    """Case studies by state and kind of place, by the state's name."""
    counts: dict[str, Counter[str]] = {}
    totals: Counter[str] = Counter()
    for case in cases:
        for state in case["states"]:
            usps = state["value"]
            totals[usps] += 1
            counts.setdefault(usps, Counter()).update(case["rurality"] or [NOT_STATED])
    rows = [
        CrossRow(usps, names.get(usps, usps), counts[usps], total) for usps, total in totals.items()
    ]
    return sorted(rows, key=lambda row: row.name)


def _placed(row: Card, kind: str) -> PlacedDistrict:
    place = row["place"]
    position = (place["latitude"], place["longitude"]) if place else None
    return PlacedDistrict(row["slug"], row["name"], row["state"], kind, position)


def _kind(row: Card, case: Card) -> str:
    """The kind of place of a district: by its locale, else by its case study if that names no other."""
    if row["locale"]:
        return str(row["locale"]["rurality"])
    kinds = case["rurality"]
    return str(kinds[0]) if len(case["districts"]) == 1 and len(kinds) == 1 else NOT_STATED


def _legend(districts: Iterable[PlacedDistrict]) -> list[LegendEntry]:
    counts = Counter(district.kind for district in districts)
    return [LegendEntry(kind, counts[kind]) for kind in KINDS if counts[kind]]


def _spot(district: PlacedDistrict, point: Point) -> Spot:
    return (district.kind, round(point.x), round(point.y))


@cache
def _national() -> Any:
    return orjson.loads((OUTLINES / "national.json").read_bytes())


@cache
def _states() -> Any:
    return orjson.loads((OUTLINES / "states.json").read_bytes())
