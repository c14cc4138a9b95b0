"""Facets: for each, what choosing a value would give. A facet's counts leave out its own any-of filter."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import accumulate
from operator import itemgetter

from pyroaring import BitMap

from app.catalog.vocabulary import Vocabulary
from app.search.collection import Collection
from app.search.filters import FACETS, FILTER, NOT_STATED, RANGE, Filter, Range
from app.search.matching import Matches
from app.search.query import SearchQuery


def count_facets(query: SearchQuery, among: Collection, matches: Matches, hits: BitMap, vocabulary: Vocabulary) -> str:
    """The chosen facets (all of them unless the question says otherwise, none on limit=0) as a JSON object: by name, the values with
    counts and links. Written as text, since a page may show two hundred of them."""
    chosen = query.facets if query.facets is not None else FACETS if query.limit else ()
    found = []
    for name in chosen:
        base = matches.hits(but=name) if matches.narrowed(name) else hits
        values = _values(FILTER[name], query, among, base, vocabulary) if name in FILTER else _bands(RANGE[name], query, among, base)
        found.append(f'"{name}":[{",".join(values)}]')
    return f"{{{','.join(found)}}}"


def _values(filter_: Filter, query: SearchQuery, among: Collection, base: BitMap, vocabulary: Vocabulary) -> list[str]:
    name, selected = filter_.name, query.any_of.get(filter_.name, ())
    members, labels, count = among.facets[name], vocabulary.labels_json(filter_.vocabulary), base.intersection_cardinality
    shown = [
        (total, code) for code in labels if (total := count(members[code]) if base and code in members else 0) or code in selected
    ]  # in natural order
    if not filter_.ordinal:
        shown.sort(key=_BY_COUNT, reverse=True)
    rows = [(f'"{code}"', labels[code], code, total) for total, code in shown]
    unknown = count(members[NOT_STATED]) if NOT_STATED in members else 0
    if unknown or NOT_STATED in selected:
        rows.append(("null", '"Not stated"', NOT_STATED, unknown))
    before, behind = query.url_around(name)
    before += f"{name}="
    if not selected:  # as most facets are: what all values share is joined once
        middle, end = f',"selected":false,"link":"{before}', f'{behind}"}}'
        return [f'{{"value":{value},"label":{label},"count":{total}{middle}{code}{end}' for value, label, code, total in rows]
    link = _links(query, name, before, behind)
    return [
        f'{{"value":{value},"label":{label},"count":{total},"selected":{_JSON[code in selected]},"link":"{link(code)}"}}'
        for value, label, code, total in rows
    ]


def _links(query: SearchQuery, name: str, before: str, behind: str) -> Callable[[str], str]:
    """For a value of a filter of which some are chosen, the address of the question with it added; where it is chosen already, with it left out."""
    chosen = query.any_of[name]
    joined = ",".join(chosen)
    starts = [0, *accumulate(len(code) + 1 for code in chosen)]  # of each value in the joined ones

    def link(code: str) -> str:
        at = bisect_left(chosen, code)
        if at < len(chosen) and chosen[at] == code:
            rest = joined[: starts[at]] + joined[starts[at + 1] :]
            return f"{before}{rest.removesuffix(',')}{behind}" if rest else query.url_without(name)
        return (
            f"{before}{joined[: starts[at]]}{code},{joined[starts[at] :]}{behind}"
            if at < len(chosen)
            else f"{before}{joined},{code}{behind}"
        )

    return link


def _bands(range_: Range, query: SearchQuery, among: Collection, base: BitMap) -> Iterator[str]:
    own = query.ranges.get(range_.name)
    ends = (f"{range_.name}_min", f"{range_.name}_max")
    before, behind = query.url_around(*ends)
    for low, high, label in range_.bands:
        selected = own == (low, high)
        if (count := base.intersection_cardinality(among.within(range_.name, low, high))) or selected:
            link = query.url_without(*ends) if selected else f"{before}{ends[0]}={low}&{ends[1]}={high}{behind}"
            yield f'{{"value":"{low}-{high}","label":"{label}","count":{count},"selected":{_JSON[selected]},"link":"{link}"}}'
    if unknown := len(base - among.within(range_.name, None, None)):
        yield f'{{"value":null,"label":"Not stated","count":{unknown},"selected":false,"link":null}}'


_JSON = {True: "true", False: "false"}
_BY_COUNT = itemgetter(0)
