"""Facets: for each, what choosing a value would give. A facet's counts leave out its own any-of filter."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from operator import itemgetter

from pyroaring import BitMap

from app.catalog.vocabulary import Vocabulary
from app.search.collection import Collection
from app.search.filters import FACETS, FILTER, NOT_STATED, RANGE, Filter, Range
from app.search.matching import Matches
from app.search.query import SearchQuery

Row = tuple[int, str, str]  # how many entries have a value, its code, how its text begins


def count_facets(
    query: SearchQuery, among: Collection, matches: Matches, hits: BitMap, vocabulary: Vocabulary
) -> str:
    """The chosen facets (all of them unless the question says otherwise, none on limit=0) as a JSON object: by name, the values with
    counts and links. Written as text, since a page may show two hundred of them."""
    chosen = query.facets if query.facets is not None else FACETS if query.limit else ()
    found = []
    for name in chosen:
        if name in FILTER:
            values: Iterable[str] = _values(FILTER[name], query, among, matches, vocabulary)
        else:
            values = _bands(
                RANGE[name],
                query,
                among,
                matches.hits(but=name) if matches.narrowed(name) else hits,
            )
        found.append(f'"{name}":[{",".join(values)}]')
    return f"{{{','.join(found)}}}"


def _values(
    filter_: Filter, query: SearchQuery, among: Collection, matches: Matches, vocabulary: Vocabulary
) -> list[str]:
    name, chosen = filter_.name, query.any_of.get(filter_.name, ())
    before, behind = query.url_around(name)
    # Whoever chooses another value of this facet, or turns the page, meets the same counts.
    same = (name, matches.mode, before, behind)
    shown, codes, rows = among.once(
        "counts", same, lambda: _counted(filter_, among, matches.hits(but=name), vocabulary)
    )
    if not codes.issuperset(chosen):
        shown = [row for row in rows if row[0] or row[1] in chosen]
    middle, end = f',"selected":false,"link":"{before}{name}=', f'{behind}"}}'
    if not chosen:
        return [f"{opening}{total}{middle}{code}{end}" for total, code, opening in shown]
    # A link has its value in order among those chosen: what stands before and behind each gap between them is cut once.
    joined = ",".join(chosen)
    gaps = [0, *accumulate([len(code) + 1 for code in chosen])]
    middles = [f"{middle}{joined},"[: len(middle) + gap] for gap in gaps]
    ends = [f",{joined}{end}"[gap:] for gap in gaps]
    found = []
    for total, code, opening in shown:
        place = bisect_left(chosen, code)
        if code not in chosen:
            found.append(f"{opening}{total}{middles[place]}{code}{ends[place]}")
        else:
            rest = ",".join(chosen[:place] + chosen[place + 1 :])
            link = f"{before}{name}={rest}{behind}" if rest else query.url_without(name)
            found.append(f'{opening}{total},"selected":true,"link":"{link}"}}')
    return found


def _counted(
    filter_: Filter, among: Collection, base: BitMap, vocabulary: Vocabulary
) -> tuple[list[Row], set[str], list[Row]]:
    """The values that entries of a set have, and their codes; and all values. Both in the order in which they are shown, what is
    not stated last."""
    members, codes, openings = among.once(
        "values", filter_.name, lambda: _all_values(filter_, among, vocabulary)
    )
    rows = list(zip(map(base.intersection_cardinality, members), codes, openings, strict=True))
    if not filter_.ordinal:
        rows[:-1] = sorted(rows[:-1], key=_BY_COUNT, reverse=True)
    shown = [row for row in rows if row[0]]
    return shown, {code for _, code, _ in shown}, rows


def _all_values(
    filter_: Filter, among: Collection, vocabulary: Vocabulary
) -> tuple[list[BitMap], list[str], list[str]]:
    """Of each value of a facet, in natural order, what is not stated last: the entries that have it, its code, how its text begins."""
    labels = {**vocabulary.labels_json(filter_.vocabulary), NOT_STATED: '"Not stated"'}
    members = [among.facets[filter_.name].get(code, BitMap()) for code in labels]
    values = [f'"{code}"' if code != NOT_STATED else "null" for code in labels]
    openings = [
        f'{{"value":{value},"label":{label},"count":'
        for value, label in zip(values, labels.values(), strict=True)
    ]
    return members, list(labels), openings


def _bands(range_: Range, query: SearchQuery, among: Collection, base: BitMap) -> Iterator[str]:
    own = query.ranges.get(range_.name)
    ends = (f"{range_.name}_min", f"{range_.name}_max")
    before, behind = query.url_around(*ends)
    for low, high, label in range_.bands:
        selected = own == (low, high)
        if (
            count := base.intersection_cardinality(among.within(range_.name, low, high))
        ) or selected:
            link = (
                query.url_without(*ends)
                if selected
                else f"{before}{ends[0]}={low}&{ends[1]}={high}{behind}"
            )
            yield f'{{"value":"{low}-{high}","label":"{label}","count":{count},"selected":{_JSON[selected]},"link":"{link}"}}'
    if unknown := len(base - among.within(range_.name, None, None)):
        yield f'{{"value":null,"label":"Not stated","count":{unknown},"selected":false,"link":null}}'


_JSON = {True: "true", False: "false"}
_BY_COUNT = itemgetter(0)
