"""Facets: for each, what choosing a value would give. A facet's counts leave out its own any-of filter."""

from collections.abc import Iterator

from pyroaring import BitMap

from app.catalog.vocabulary import Vocabulary
from app.search.collection import Collection
from app.search.filters import FACETS, FILTER, NOT_STATED, RANGE, Filter, Range
from app.search.matching import Matches
from app.search.query import SearchQuery


def count_facets(
    query: SearchQuery, among: Collection, matches: Matches, hits: BitMap, vocabulary: Vocabulary
) -> dict[str, list[dict[str, object]]]:
    """The chosen facets (all of them unless the question says otherwise, none on limit=0), each a list of values with counts and links."""
    chosen = query.facets if query.facets is not None else FACETS if query.limit else ()
    found: dict[str, list[dict[str, object]]] = {}
    around = query.links_around() if chosen else {}
    for name in chosen:
        base = matches.hits(but=name) if matches.narrowed(name) else hits
        if name in FILTER:
            found[name] = list(_values(FILTER[name], query, among, base, vocabulary, around[name]))
        else:
            found[name] = list(_bands(RANGE[name], query, among, base))
    return found


def _values(
    filter_: Filter, query: SearchQuery, among: Collection, base: BitMap, vocabulary: Vocabulary, around: tuple[str, str]
) -> Iterator[dict[str, object]]:
    name, selected = filter_.name, query.any_of.get(filter_.name, ())
    before, behind = around
    counts = {value: base.intersection_cardinality(members) for value, members in among.facets[name].items()}
    counts |= {value: counts.get(value, 0) for value in selected}
    codes = [code for code in vocabulary.codes(filter_.vocabulary) if code in counts]
    if not filter_.ordinal:
        codes.sort(key=lambda code: -counts[code])
    for code in [*codes, *([NOT_STATED] if NOT_STATED in counts else [])]:
        if counts[code] or code in selected:
            if code in selected:
                link = query.with_values(name, [value for value in selected if value != code]).url()
            else:
                link = f"{before}{name}={','.join(sorted([*selected, code]))}{behind}"
            yield {
                "value": None if code == NOT_STATED else code,
                "label": "Not stated" if code == NOT_STATED else vocabulary.label(filter_.vocabulary, code),
                "count": counts[code],
                "selected": code in selected,
                "link": link,
            }


def _bands(range_: Range, query: SearchQuery, among: Collection, base: BitMap) -> Iterator[dict[str, object]]:
    own = query.ranges.get(range_.name)
    for low, high, label in range_.bands:
        selected = own == (low, high)
        if (count := base.intersection_cardinality(among.within(range_.name, low, high))) or selected:
            yield {
                "value": f"{low}-{high}",
                "label": label,
                "count": count,
                "selected": selected,
                "link": query.with_range(range_.name, None if selected else (low, high)).url(),
            }
    if unknown := len(base - among.within(range_.name, None, None)):
        yield {"value": None, "label": "Not stated", "count": unknown, "selected": False, "link": None}
