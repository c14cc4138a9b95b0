"""The facets of a search as panels of check boxes, with the zeros."""

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
    """A check box with the number of results it would give."""

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
    return [_panel(name, results, vocabulary, faults.get(name)) for name in names]


def label_of(name: str) -> str:
    """What a filter is called; those that are no panel, as in the API."""
    return LABELS.get(name) or FILTER[name].label


def full_panel(name: str, results: Results, vocabulary: Vocabulary) -> Panel:
    """One facet with every value of its vocabulary."""
    choices = _choices(name, results.facets[name], vocabulary)
    return _as_panel(name, choices, len(choices), fault=None, all_address=None)


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


def _panel(name: str, results: Results, vocabulary: Vocabulary, fault: str | None) -> Panel:
    choices = _choices(name, results.facets[name], vocabulary)
    total = len(choices)
    if total <= SHORT + 1:
        return _as_panel(name, choices, total, fault=fault, all_address=None)
    by_count = sorted(choices, key=lambda choice: (not choice.is_selected, -choice.count))
    shown = [choice for choice in by_count[:SHORT] if choice.count or choice.is_selected]
    query = results.query
    path, _, rest = query.url().partition("?")
    address = f"{path}?{rest}{'&' if rest else ''}show={name}"
    return _as_panel(name, shown, total, fault=fault, all_address=address)


def _as_panel(
    name: str, choices: Sequence[Choice], total: int, *, fault: str | None, all_address: str | None
) -> Panel:
    chosen = sum(choice.is_selected for choice in choices)
    return Panel(
        name=name,
        label=LABELS[name],
        choices=choices,
        chosen=chosen,
        is_open=name in OPEN or chosen > 0 or fault is not None,
        fault=fault,
        total=total,
        plural=PLURALS.get(name, f"{LABELS[name].lower()}s"),
        all_address=all_address,
    )


def _choices(name: str, values: Sequence[FacetValue], vocabulary: Vocabulary) -> list[Choice]:
    """Every value: in natural order if the facet has one, else by count; "not stated" last."""
    counted = {value.value: value for value in values}
    terms = vocabulary.terms_by_code(FILTER[name].vocabulary)
    choices = [
        _choice(name, code, term.label, counted.get(code), vocabulary)
        for code, term in terms.items()
        if code != NOT_STATED
    ]
    if not FILTER[name].ordinal:
        choices.sort(key=lambda choice: -choice.count)
    if unknown := counted.get(None):
        label = NONE_STATED.get(name, unknown.label)
        choices.append(_choice(name, NOT_STATED, label, unknown, vocabulary))
    return choices


def _choice(
    name: str, code: str, label: str, value: FacetValue | None, vocabulary: Vocabulary
) -> Choice:
    place = marks.place(vocabulary, code, label) if name == "rurality" else None
    is_study = name == "evidence" and code != NOT_STATED
    study = marks.study(vocabulary, code) if is_study else None
    count, is_selected = (value.count, value.selected) if value else (0, False)
    return Choice(code, label, count, is_selected, place, study)
