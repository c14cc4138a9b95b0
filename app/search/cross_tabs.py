"""Cross-tabs: how many entries have each value of a facet, or each pair of values of two."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pyroaring import BitMap

from app.catalog.vocabulary import Vocabulary
from app.errors import Fault, Invalid
from app.search.collection import Collection
from app.search.facets import NOT_STATED_LABEL
from app.search.filters import (
    DEFAULT_LIMIT,
    FILTER,
    NOT_STATED,
    OUTCOME_FILTERS,
    RANGE,
    Range,
)
from app.search.outcomes import ValuesByFilter, outcomes
from app.search.postings import union
from app.search.query import SearchQuery


@dataclass(frozen=True, slots=True)
class Group:
    """A value of a facet and how many entries have it. `code` is None for "not stated"."""

    code: str | None  # FROM-TO for a range
    label: str
    total: int


@dataclass(frozen=True, slots=True)
class CrossTab:
    """`counts[row][column]`; without columns, of one facet alone.

    An entry with several values counts under each, so totals are no sums.
    """

    rows: Sequence[Group]
    columns: Sequence[Group]
    counts: Sequence[Sequence[int]]
    total: int

    @property
    def missing_rows(self) -> list[Group]:
        """The values that no entry has."""
        return [row for row in self.rows if not row.total and row.code is not None]


_Members = Sequence[tuple[Group, BitMap]]


def cross_tab(
    collection: Collection,
    vocabulary: Vocabulary,
    facets: Sequence[str],
    entries: BitMap,
    *,
    chosen: ValuesByFilter | None = None,
    most_cells: int | None = None,
) -> CrossTab:
    """Count these entries by one or two facets, every value in natural order, "not stated" last.

    `chosen`: values of outcome filters; then only outcomes that have them count. Of two facets of
    outcomes, a cell counts entries with one outcome that has both values. Raises Invalid, with what
    to narrow, if more than `most_cells` cells have something in their row and column.
    """
    rows, *others = (
        list(_groups(collection, vocabulary, facet, entries, chosen or {})) for facet in facets
    )
    columns = others[0] if others else []
    if most_cells is not None:
        _check_size(facets, rows, columns, most_cells)
    if len(set(facets)) > 1 and set(facets) <= set(OUTCOME_FILTERS):
        counts = _of_one_outcome(collection, facets, rows, columns, entries, chosen or {})
    else:
        counts = [
            [members.intersection_cardinality(own) for _, own in columns] for _, members in rows
        ]
    return CrossTab(
        [group for group, _ in rows], [group for group, _ in columns], counts, len(entries)
    )


def filters_of(query: SearchQuery) -> SearchQuery:
    """The query without its sample, its order and the shape of its answer."""
    return replace(
        query,
        limit=DEFAULT_LIMIT,
        cursor=None,
        sample=None,
        seed=0,
        sort=(),
        fields=(),
        include=(),
        facets=None,
        group_by=(),
        statistics=(),
        explain=False,
    )


def address_of(
    query: SearchQuery, facets: Sequence[str], codes: Sequence[str | None]
) -> str | None:
    """The search for the entries that a query finds and that have these values.

    None where no search says it: for a range that is not stated, or that the query's own cuts.
    """
    parameters: dict[str, str] = {}
    for facet, code in zip(facets, codes, strict=True):
        own = _parameters(query, facet, code)
        if own is None:
            return None
        parameters |= own
    return query.url_with(*parameters.items())


def _parameters(query: SearchQuery, facet: str, code: str | None) -> Mapping[str, str] | None:
    """The parameters that narrow a query by a value."""
    if facet in RANGE:
        own_low, own_high = query.ranges.get(facet, (None, None))
        if code is None:
            return None
        low, high = map(int, code.split("-"))
        if (own_low or low) > low or (high if own_high is None else own_high) < high:
            return None
        return {f"{facet}_min": str(low), f"{facet}_max": str(high)}
    value = code or NOT_STATED
    if value in query.any_of.get(facet, (value,)):
        return {facet: value}
    return {f"{facet}_all": ",".join(sorted({*query.all_of.get(facet, ()), value}))}


def _check_size(facets: Sequence[str], rows: _Members, columns: _Members, most: int) -> None:
    """Raise Invalid if there are too many cells. Rows and columns without an entry do not count."""
    sizes = [sum(group.total > 0 for group, _ in groups) for groups in (rows, columns)]
    cells = sizes[0] * max(sizes[1], 1)
    if cells > most:
        largest = facets[sizes.index(max(sizes))]
        detail = (
            f"group_by makes {cells} cells of {' and '.join(facets)}; at most {most} are "
            f"counted. Narrow the search, by {largest} first, or group by a facet with fewer values."
        )
        raise Invalid([Fault("too_broad", detail, parameter="group_by")])


def _groups(
    collection: Collection,
    vocabulary: Vocabulary,
    facet: str,
    entries: BitMap,
    chosen: ValuesByFilter,
) -> Iterator[tuple[Group, BitMap]]:
    """Every value of a facet with its entries among these; "not stated" only if it occurs."""
    if facet in RANGE:
        yield from _bands(collection, RANGE[facet], entries)
        return
    sets: Mapping[str, BitMap] = collection.facets[facet]
    if facet in OUTCOME_FILTERS and chosen:
        by_value: dict[str, BitMap] = defaultdict(BitMap)
        for outcome, members in outcomes(collection, chosen):
            by_value[outcome[facet]] |= members
        sets = by_value
    for term in vocabulary.terms(FILTER[facet].vocabulary):
        if term.code != NOT_STATED:  # a direction may be: it is counted below
            members = sets.get(term.code, BitMap()) & entries
            yield Group(term.code, term.label, len(members)), members
    if unknown := sets.get(NOT_STATED, BitMap()) & entries:
        yield Group(None, NOT_STATED_LABEL, len(unknown)), unknown


def _bands(
    collection: Collection, range_: Range, entries: BitMap
) -> Iterator[tuple[Group, BitMap]]:
    """The bands of a range, with what lies before the first and behind the last."""
    first, last = range_.bands[0][0], range_.bands[-1][1]
    bands = list(range_.bands)
    if first > range_.lowest:
        bands.insert(0, (range_.lowest, first - 1, f"Before {first}"))
    if last < range_.highest:
        bands.append((last + 1, range_.highest, f"After {last}"))
    for low, high, label in bands:
        members = collection.within(range_.name, low, high) & entries
        yield Group(f"{low}-{high}", label, len(members)), members
    if unknown := entries - collection.within(range_.name, None, None):
        yield Group(None, NOT_STATED_LABEL, len(unknown)), unknown


def _of_one_outcome(
    collection: Collection,
    facets: Sequence[str],
    rows: _Members,
    columns: _Members,
    entries: BitMap,
    chosen: ValuesByFilter,
) -> list[list[int]]:
    """The counts of entries with one outcome that has the value of the row and of the column."""
    pairs: dict[tuple[str, ...], list[BitMap]] = defaultdict(list)
    for outcome, members in outcomes(collection, chosen):
        pairs[tuple(outcome[facet] for facet in facets)].append(members)
    cells = {pair: union(sets) for pair, sets in pairs.items()}
    return [
        [
            cells.get(
                (row.code or NOT_STATED, column.code or NOT_STATED), BitMap()
            ).intersection_cardinality(entries)
            for column, _ in columns
        ]
        for row, _ in rows
    ]
