"""The facets of a search as panels of checkboxes, with the zeros."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.catalog.vocabulary import Vocabulary
from app.search.facets import FacetValue
from app.search.filters import FILTER, NOT_STATED
from app.search.results import Results
from app.site import marks
from app.site.marks import Mark

SHORT = 8  # values that a panel shows; of a longer vocabulary, those that occur most
OPEN = ("rurality", "evidence", "strategy")
LABELS = {
    "rurality": "Kind of place",
    "evidence": "Evidence",
    "strategy": "Strategy",
    "state": "State",
    "outcome": "What was measured",
    "direction": "How it changed",
    "topic": "Topic",
    "partner_type": "Kind of partner",
    "funding": "Source of money",
    "model": "Named model",
    "pillar": "Pillar",
    "region": "Region",
    "status": "Status",
    "setting": "Setting, by a source",
    "locale": "NCES locale",
}
PLURALS = {  # for "All 36 strategies"
    "strategy": "strategies",
    "outcome": "indicators",
    "partner_type": "kinds of partner",
    "funding": "sources of money",
    "locale": "locales",
    "direction": "directions",
}
NONE_STATED = {"evidence": "No outcome reported"}  # instead of "Not stated"
NUMBERS = {"enrollment": "Students in the district", "started": "Year it began"}
NUMBERS_BY_KIND = {"case-study": ("enrollment", "started"), "district": ("enrollment",)}


@dataclass(frozen=True, slots=True)
class Choice:
    """A checkbox with the number of results it would give."""

    value: str
    label: str
    count: int
    is_selected: bool
    place: Mark | None = None
    study: Mark | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A facet. `all_address`: a page with all of its values, if the panel shows only some."""

    name: str
    label: str
    choices: Sequence[Choice]
    chosen: int
    is_open: bool
    fault: str | None
    total: int
    plural: str
    all_address: str | None


@dataclass(frozen=True, slots=True)
class NumberPanel:
    """A range of numbers, as typed."""

    name: str
    label: str
    low: str
    high: str
    faults: Mapping[str, str]


def panels(results: Results, vocabulary: Vocabulary, faults: Mapping[str, str]) -> list[Panel]:
    """Every facet of the results, those that are asked for most first."""
    names = [name for name in LABELS if name in results.facets]
    opened = () if faults else OPEN  # the first panel that is open shall be one with a fault
    return [_panel(name, results, vocabulary, faults.get(name), opened) for name in names]


def label_of(name: str) -> str:
    """What a filter is called; those that are no panel, as in the API."""
    return LABELS.get(name) or FILTER[name].label


def full_panel(name: str, results: Results, vocabulary: Vocabulary) -> Panel:
    """One facet with every value of its vocabulary."""
    choices = _choices(name, results.facets[name], vocabulary)
    return _as_panel(name, choices, len(choices))


def number_panels(
    kind: str, typed: Mapping[str, str], faults: Mapping[str, str]
) -> list[NumberPanel]:
    """The ranges of a search."""
    return [
        NumberPanel(
            name,
            NUMBERS[name],
            typed.get(f"{name}_min", ""),
            typed.get(f"{name}_max", ""),
            {end: faults[f"{name}_{end}"] for end in ("min", "max") if f"{name}_{end}" in faults},
        )
        for name in NUMBERS_BY_KIND[kind]
    ]


def _panel(
    name: str,
    results: Results,
    vocabulary: Vocabulary,
    fault: str | None,
    opened: Sequence[str],
) -> Panel:
    values = results.facets[name]
    codes = vocabulary.terms_by_code(FILTER[name].vocabulary)
    total = len(codes) + (NOT_STATED not in codes and any(value.value is None for value in values))
    if total <= SHORT + 1:
        choices = _choices(name, values, vocabulary)
        return _as_panel(name, choices, len(choices), fault, opened)
    by_count = sorted(values, key=lambda value: (not value.selected, -value.count))
    shown = [_choice(name, value, vocabulary) for value in by_count[:SHORT]]
    path, _, rest = results.query.url().partition("?")
    address = f"{path}?{rest}{'&' if rest else ''}show={name}"
    return _as_panel(name, shown, total, fault, opened, address)


def _as_panel(
    name: str,
    choices: Sequence[Choice],
    total: int,
    fault: str | None = None,
    opened: Sequence[str] = OPEN,
    all_address: str | None = None,
) -> Panel:
    chosen = sum(choice.is_selected for choice in choices)
    return Panel(
        name=name,
        label=LABELS[name],
        choices=choices,
        chosen=chosen,
        is_open=name in opened or chosen > 0 or fault is not None,
        fault=fault,
        total=total,
        plural=PLURALS.get(name, f"{LABELS[name].lower()}s"),
        all_address=all_address,
    )


def _choices(name: str, values: Sequence[FacetValue], vocabulary: Vocabulary) -> list[Choice]:
    """Every value: in natural order if the facet has one, else by count; "not stated" last."""
    by_code = {value.value: value for value in values}
    terms = vocabulary.terms_by_code(FILTER[name].vocabulary)
    every_value = [
        by_code.get(code) or FacetValue(code, term.label, 0, selected=False, link=None)
        for code, term in terms.items()
        if code != NOT_STATED
    ]
    if not FILTER[name].ordinal:
        every_value.sort(key=lambda value: -value.count)
    every_value += [value for value in values if value.value is None]
    return [_choice(name, value, vocabulary) for value in every_value]


def _choice(name: str, value: FacetValue, vocabulary: Vocabulary) -> Choice:
    if value.value is None:
        code, label = NOT_STATED, NONE_STATED.get(name, value.label)
    else:
        code, label = value.value, value.label
    place = marks.place(vocabulary, code, label) if name == "rurality" else None
    is_study = name == "evidence" and code != NOT_STATED
    study = marks.study(vocabulary, code) if is_study else None
    return Choice(code, label, value.count, value.selected, place, study)
