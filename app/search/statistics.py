"""Statistics of a result set: of figures in the index, and of outcome values in the documents."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from pyroaring import BitMap

from app.errors import Fault, Invalid
from app.search.collection import Collection
from app.search.filters import MAX_STUDIED, NOT_STATED, OUTCOMES
from app.search.query import SearchQuery

Number = int | float
OUTCOME_FIELDS = {"outcome": "indicator", "evidence": "design", "direction": "direction"}


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, middle and greatest of some numbers; None without numbers."""

    count: int
    missing: int
    min: Number | None
    median: float | None
    max: Number | None


@dataclass(frozen=True, slots=True)
class FigureStatistics:
    """What the figures of a result set come to, one figure for each entry."""

    count: int
    missing: int
    min: Number | None
    first_quartile: float | None
    median: float | None
    third_quartile: float | None
    max: Number | None
    mean: float | None


@dataclass(frozen=True, slots=True)
class OutcomeStatistics:
    """The outcomes of one indicator in one unit: they are never pooled with those of another."""

    indicator: str
    label: str
    unit: str | None
    outcomes: int
    case_studies: int
    value: Spread
    baseline: Spread


def figure_statistics(
    collection: Collection, names: Sequence[str], entries: BitMap
) -> dict[str, FigureStatistics]:
    """Statistics of these figures, by name. Each entry has the figure that it is sorted by."""
    statistics = {}
    for name in names:
        if name != OUTCOMES:
            values = collection.orders[name].values
            known = sorted(value for number in entries if (value := values[number]) is not None)
            statistics[name] = _of_figures(known, len(entries) - len(known))
    return statistics


def check_studied(entries: int) -> None:
    """Raise Invalid if there are too many case studies to read their outcomes."""
    if entries > MAX_STUDIED:
        detail = (
            f"statistics=outcomes reads the outcomes of at most {MAX_STUDIED} case studies; the "
            f"search finds {entries}. Narrow it with a filter, or take the table outcomes from "
            "/v1/exports/outcomes.csv."
        )
        raise Invalid([Fault("too_broad", detail, parameter="statistics")])


def outcome_statistics(
    query: SearchQuery,
    outcomes: Iterable[Sequence[Mapping[str, Any]]],
    *,
    indicators: Sequence[str],
    units: Sequence[str],
) -> list[OutcomeStatistics]:
    """A line for each indicator and unit, of the outcomes that the outcome filters select.

    `outcomes`: those of each case study. `indicators`, `units`: the vocabularies, whose order the
    lines have; without a unit last.
    """
    selected: dict[tuple[str, str | None], list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
    for case_study, own in enumerate(outcomes):
        for outcome in own:
            if _is_selected(query, outcome):
                key = (outcome["indicator"], outcome["unit"])
                selected[key].append((case_study, outcome))
    places = {code: place for place, code in enumerate(indicators)}
    unit_places: dict[str | None, int] = {code: place for place, code in enumerate(units)}
    in_order = sorted(
        selected,
        key=lambda key: (
            places.get(key[0], len(places)),
            unit_places.get(key[1], len(unit_places)),
        ),
    )
    return [
        OutcomeStatistics(
            indicator=indicator,
            label=lines[0][1]["label"],
            unit=unit,
            outcomes=len(lines),
            case_studies=len({case_study for case_study, _ in lines}),
            value=_spread([outcome["value"] for _, outcome in lines]),
            baseline=_spread([outcome["baseline_value"] for _, outcome in lines]),
        )
        for indicator, unit in in_order
        for lines in [selected[indicator, unit]]
    ]


def _is_selected(query: SearchQuery, outcome: Mapping[str, Any]) -> bool:
    """Whether an outcome has a chosen value of each outcome filter."""
    return all(
        (outcome[field] or NOT_STATED) in query.any_of[name]
        for name, field in OUTCOME_FIELDS.items()
        if name in query.any_of
    )


def _spread(values: Sequence[Number | None]) -> Spread:
    known = sorted(value for value in values if value is not None)
    missing = len(values) - len(known)
    if not known:
        return Spread(0, missing, None, None, None)
    return Spread(len(known), missing, known[0], _quartiles(known)[1], known[-1])


def _of_figures(known: Sequence[int], missing: int) -> FigureStatistics:
    if not known:
        return FigureStatistics(0, missing, *[None] * 6)
    first_quartile, median, third_quartile = _quartiles(known)
    return FigureStatistics(
        count=len(known),
        missing=missing,
        min=known[0],
        first_quartile=first_quartile,
        median=median,
        third_quartile=third_quartile,
        max=known[-1],
        mean=sum(known) / len(known),
    )


def _quartiles(known: Sequence[Number]) -> list[float]:
    """The three quartiles, between two numbers in proportion (Hyndman and Fan, type 7)."""
    if len(known) == 1:
        return [float(known[0])] * 3
    return [float(quartile) for quartile in quantiles(known, n=4, method="inclusive")]
