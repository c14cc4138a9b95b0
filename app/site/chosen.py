"""What narrows a search, in words, each with the address of the search without it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.catalog.vocabulary import Vocabulary
from app.search.filters import FILTER, NOT_STATED
from app.search.query import OF_A_SAMPLE, SearchQuery
from app.search.relaxing import Relaxation
from app.search.results import Results
from app.site.display import figure, miles
from app.site.facet_panels import NONE_STATED, NUMBERS, label_of

WAYS = {"all": "Every word found", "exact": "Words exactly as typed"}
# The forms of a filter: by the suffix of its parameter, its field of a query and what it is called.
FORMS = {"": ("any_of", ""), "_all": ("all_of", ", all of"), "_not": ("none_of", ", not")}
_KILOMETERS = re.compile(r"([\d,]{1,9}) kilometers")


@dataclass(frozen=True, slots=True)
class Chip:
    """A part of a search. `address`: the search without it."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """A wider search that finds something."""

    label: str
    total: int
    address: str


def chips(query: SearchQuery, vocabulary: Vocabulary) -> list[Chip]:
    """Each part of a search but its words."""
    return [
        *_filters(query, vocabulary),
        *(Chip(label, query.url_without(*names)) for label, names in _others(query)),
    ]


def ways_out(results: Results, vocabulary: Vocabulary) -> list[WayOut]:
    """What to leave out of a search that finds nothing, and what that would give."""
    query = results.query
    return [
        WayOut(_way_out(query, relaxation, vocabulary), relaxation.total, relaxation.link)
        for relaxation in results.relaxations
    ]


def _way_out(query: SearchQuery, wider: Relaxation, vocabulary: Vocabulary) -> str:
    """What to leave out, with the values of a filter."""
    single = len({name.removesuffix("_min").removesuffix("_max") for name in wider.without}) == 1
    if wider.kind in ("filter", "place") and single and wider.without[0] in query.parameters:
        return f"Without {_part(query, wider.without, vocabulary)}"
    label = _KILOMETERS.sub(lambda match: miles(float(match[1].replace(",", ""))), wider.label)
    return label[:1].upper() + label[1:]


def _filters(query: SearchQuery, vocabulary: Vocabulary) -> Iterator[Chip]:
    for suffix, (form, called) in FORMS.items():
        for name, codes in getattr(query, form).items():
            for code in codes:
                rest = ",".join(other for other in codes if other != code)
                label = f"{label_of(name)}{called}: {_term(vocabulary, name, code)}"
                yield Chip(label, query.url_with((name + suffix, rest)))


def _others(query: SearchQuery) -> Iterator[tuple[str, Sequence[str]]]:
    """The other parts, each with the parameters that go with it."""
    for name, (low, high) in query.ranges.items():
        yield f"{NUMBERS[name]}: {_between(name, low, high)}", (f"{name}_min", f"{name}_max")
    if query.near:
        place = f"Near {query.near}"
        if query.within_km is not None:
            place += f", within {miles(query.within_km)}"
        order = ("sort",) if any(key.name == "distance" for key in query.sort) else ()
        yield place, ("near", "within_km", *order)
    if query.slugs:
        yield f"Only {len(query.slugs)} named", ("slug",)
    if query.sample is not None:
        yield f"{query.sample:,} drawn at random", OF_A_SAMPLE
    if query.match:
        yield WAYS[query.match], ("match",)
    if query.spelling:
        yield "Spelling as typed", ("spelling",)


def _part(query: SearchQuery, parameters: Sequence[str], vocabulary: Vocabulary) -> str:
    """A part of a search by its parameters."""
    if parameters[0] == "q":
        return f"the words \u201c{query.q}\u201d"
    for label, names in _others(query):
        if set(parameters) & set(names):
            return f"\u201c{label}\u201d"
    labels = []
    for suffix, (form, called) in FORMS.items():
        for name, codes in getattr(query, form).items():
            if name + suffix in parameters:
                values = ", ".join(_term(vocabulary, name, code) for code in codes)
                labels.append(f"\u201c{label_of(name)}{called}: {values}\u201d")
    return ", ".join(labels) or ", ".join(parameters)


def _term(vocabulary: Vocabulary, name: str, code: str) -> str:
    if code == NOT_STATED:
        return NONE_STATED.get(name, "Not stated").lower()
    return vocabulary.label(FILTER[name].vocabulary, code)


def _between(name: str, low: int | None, high: int | None) -> str:
    shown = str if name == "started" else figure
    if low is not None and high is not None:
        return f"{shown(low)} to {shown(high)}"
    return f"{shown(low)} or more" if low is not None else f"up to {shown(high or 0)}"
