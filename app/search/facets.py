"""Facets: for each value, how many entries choosing it would give.

The counts of a facet leave out its own any-of filter and keep all others.
"""

from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pyroaring import BitMap

from app.catalog.vocabulary import Term, Vocabulary
from app.search.collection import Collection
from app.search.filters import (
    DEFAULT_FACETS,
    FILTER,
    MOST_LISTED,
    NOT_STATED,
    OUTCOME_FILTERS,
    RANGE,
    Filter,
    Range,
)
from app.search.matching import Matches
from app.search.outcomes import entries_by_value
from app.search.query import SearchQuery

NOT_STATED_LABEL = "Not stated"


@dataclass(slots=True)
class FacetValue:
    """One value of a facet. `value` is None for entries that state none."""

    value: str | None
    label: str
    count: int
    selected: bool
    link: str | None  # the query with the value added, or taken away if it is selected


Facets = Mapping[str, list[FacetValue]]
Members = Mapping[str, BitMap]  # by value of a facet, the entries that have it


def count_facets(query: SearchQuery, matches: Matches, vocabulary: Vocabulary) -> Facets:
    """The facets that the query asks for; by default those with few values, none on limit=0."""
    names = query.facets
    if names is None:
        names = DEFAULT_FACETS if query.limit else ()
    hits = matches.hits()
    facets = {}
    for name in names:
        entries = matches.hits(without=(name,)) if matches.narrowed_by(name) else hits
        if name in RANGE:
            facets[name] = list(_bands(RANGE[name], query, matches.collection, entries))
            continue
        members: Members = matches.collection.facets[name]
        if name in OUTCOME_FILTERS and matches.outcomes:
            entries = matches.hits(without=OUTCOME_FILTERS)
            members = entries_by_value(matches.collection, name, matches.outcomes)
        terms = vocabulary.terms_by_code(FILTER[name].vocabulary)
        facets[name] = _values(FILTER[name], query, entries, members, terms)
    return facets


def shorten(facets: Facets) -> Mapping[str, int]:
    """Cut the facets with hundreds of values. Returns by facet how many values were left out.

    The most frequent values stay, and those that are selected or "not stated".
    """
    left_out = {}
    for name, values in facets.items():
        if name in RANGE or not FILTER[name].many:
            continue
        listed = values[:MOST_LISTED]
        listed += [value for value in values[MOST_LISTED:] if value.selected or value.value is None]
        if len(listed) < len(values):
            left_out[name] = len(values) - len(listed)
            values[:] = listed
    return left_out


def _values(
    filter_: Filter,
    query: SearchQuery,
    entries: BitMap,
    members: Members,
    terms: Mapping[str, Term],
) -> list[FacetValue]:
    """The values that occur among these entries and those chosen, "not stated" last."""
    chosen = query.any_of.get(filter_.name, ())
    link = _link_to(query, filter_.name, chosen)
    values = []
    for code, term in terms.items():
        count = entries.intersection_cardinality(members[code]) if code in members else 0
        selected = code in chosen
        if (count or selected) and code != NOT_STATED:
            values.append(FacetValue(code, term.label, count, selected, link(code)))
    if not filter_.ordinal:
        values.sort(key=lambda value: -value.count)
    unknown = entries.intersection_cardinality(members.get(NOT_STATED, BitMap()))
    selected = NOT_STATED in chosen
    if unknown or selected:
        values.append(FacetValue(None, NOT_STATED_LABEL, unknown, selected, link(NOT_STATED)))
    return values


def _link_to(query: SearchQuery, name: str, chosen: tuple[str, ...]) -> Callable[[str], str]:
    """Gives the address of the query with one more value of a facet, or one less.

    A page links to two hundred values: what stands around them is joined once.
    """
    before, after = query.url_around(name)

    def link(code: str) -> str:
        if not chosen:
            return f"{before}{name}={code}{after}"
        values = list(chosen)
        if code in chosen:
            values.remove(code)
        else:
            insort(values, code)
        return f"{before}{name}={','.join(values)}{after}" if values else query.url_without(name)

    return link


def _bands(
    range_: Range, query: SearchQuery, collection: Collection, entries: BitMap
) -> Iterator[FacetValue]:
    name = range_.name
    own = query.ranges.get(name)
    ends = (f"{name}_min", f"{name}_max")
    before, after = query.url_around(*ends)
    for low, high, label in range_.bands:
        selected = own == (low, high)
        count = entries.intersection_cardinality(collection.within(name, low, high))
        if not count and not selected:
            continue
        link = f"{before}{ends[0]}={low}&{ends[1]}={high}{after}"
        if selected:
            link = query.url_without(*ends)
        yield FacetValue(f"{low}-{high}", label, count, selected, link)
    unknown = len(entries - collection.within(name, None, None))
    if unknown:
        yield FacetValue(None, NOT_STATED_LABEL, unknown, selected=False, link=None)
