"""Lists in forms from which one term of a filter is chosen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.catalog.vocabulary import Vocabulary
from app.search.facets import NOT_STATED_LABEL
from app.search.filters import FILTER, NOT_STATED
from app.search.query import SearchQuery
from app.site.display import miles
from app.site.facet_panels import LABELS

DISTANCES = ("8", "16", "40", "80", "161", "402")  # kilometers: 5, 10, 25, 50, 100 and 250 miles
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Option:
    """A value to choose."""

    value: str
    label: str
    is_selected: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A list to choose from."""

    name: str
    label: str
    options: Sequence[Option]


def choices(names: Sequence[str], query: SearchQuery, vocabulary: Vocabulary) -> list[Choice]:
    """Lists to choose one term from, for these filters."""
    return [Choice(name, LABELS[name], _options(name, query, vocabulary)) for name in names]


def distances(typed: str) -> list[Option]:
    """How far from a place, in miles. `typed`: kilometers, as the address of the page has them."""
    values = [*DISTANCES, *([typed] if typed and typed not in DISTANCES else [])]
    return [
        Option(value, miles(float(value)) if _NUMBER.fullmatch(value) else value, value == typed)
        for value in values
    ]


def _options(name: str, query: SearchQuery, vocabulary: Vocabulary) -> list[Option]:
    chosen = query.any_of.get(name, ())
    options = [
        Option(term.code, term.label, chosen == (term.code,))
        for term in vocabulary.terms(FILTER[name].vocabulary)
        if term.code != NOT_STATED
    ]
    options.append(Option(NOT_STATED, NOT_STATED_LABEL, chosen == (NOT_STATED,)))
    if len(chosen) > 1:  # by an address that somebody made elsewhere
        options.append(Option(",".join(chosen), f"{len(chosen)} chosen", is_selected=True))
    return options
