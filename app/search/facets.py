"""Facets: for each, what choosing a value would give. A facet's counts leave out its own any-of filter."""

from collections.abc import Iterator

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
    around = query.links_around() if chosen else {}
    found = []
    for name in chosen:
        base = matches.hits(but=name) if matches.narrowed(name) else hits
        values = (
            _values(FILTER[name], query, among, base, vocabulary, around[name])
            if name in FILTER
            else _bands(RANGE[name], query, among, base)
        )
        found.append(f'"{name}":[{",".join(values)}]')
    return f"{{{','.join(found)}}}"


def _values(
    filter_: Filter, query: SearchQuery, among: Collection, base: BitMap, vocabulary: Vocabulary, around: tuple[str, str]
) -> Iterator[str]:
    name, selected = filter_.name, query.any_of.get(filter_.name, ())
    before, behind = around
    members = among.facets[name]
    counts = {code: base.intersection_cardinality(members[code]) for code in vocabulary.codes(filter_.vocabulary) if code in members}
    shown = [code for code in vocabulary.codes(filter_.vocabulary) if counts.get(code) or code in selected]
    if not filter_.ordinal:
        shown.sort(key=lambda code: -counts.get(code, 0))
    for code in shown:
        if code in selected:
            link = query.with_values(name, [value for value in selected if value != code]).url()
        elif selected:
            link = f"{before}{name}={','.join(sorted([*selected, code]))}{behind}"
        else:
            link = f"{before}{name}={code}{behind}"
        yield f'{{"value":"{code}","label":{vocabulary.label_json(filter_.vocabulary, code)},"count":{counts.get(code, 0)},"selected":{_JSON[code in selected]},"link":"{link}"}}'
    unknown, chosen = base.intersection_cardinality(members[NOT_STATED]) if NOT_STATED in members else 0, NOT_STATED in selected
    if unknown or chosen:
        values = [value for value in selected if value != NOT_STATED] if chosen else sorted([*selected, NOT_STATED])
        yield f'{{"value":null,"label":"Not stated","count":{unknown},"selected":{_JSON[chosen]},"link":"{query.with_values(name, values).url()}"}}'


def _bands(range_: Range, query: SearchQuery, among: Collection, base: BitMap) -> Iterator[str]:
    own = query.ranges.get(range_.name)
    for low, high, label in range_.bands:
        selected = own == (low, high)
        if (count := base.intersection_cardinality(among.within(range_.name, low, high))) or selected:
            link = query.with_range(range_.name, None if selected else (low, high)).url()
            yield f'{{"value":"{low}-{high}","label":"{label}","count":{count},"selected":{_JSON[selected]},"link":"{link}"}}'
    if unknown := len(base - among.within(range_.name, None, None)):
        yield f'{{"value":null,"label":"Not stated","count":{unknown},"selected":false,"link":null}}'


_JSON = {True: "true", False: "false"}
