"""Coverage: what the directory holds and what it lacks, as a cross-tab of two facets with its zeros."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from app.catalog.vocabulary import Vocabulary
from app.search.collection import Collection
from app.search.filters import FILTER, NOT_STATED


@dataclass(frozen=True, slots=True)
class CoverageValue:
    """A value of a facet and how many entries have it. `code` is None for "not stated"."""

    code: str | None
    label: str
    total: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """A cross-tab: `counts[row][column]`. An entry with several values counts under each."""

    rows: Sequence[CoverageValue]
    columns: Sequence[CoverageValue]
    counts: Sequence[Sequence[int]]
    total: int

    @property
    def empty_rows(self) -> list[CoverageValue]:
        """The values of which the directory holds nothing yet."""
        return [row for row in self.rows if not row.total and row.code is not None]


def coverage(
    collection: Collection, vocabulary: Vocabulary, *, rows: str, columns: str
) -> Coverage:
    """Count the entries of a kind by two facets, every value of either listed."""
    row_sets = _values(collection, vocabulary, rows)
    column_sets = _values(collection, vocabulary, columns)
    counts = [
        [members.intersection_cardinality(others) for _, others in column_sets]
        for _, members in row_sets
    ]
    return Coverage(
        [value for value, _ in row_sets],
        [value for value, _ in column_sets],
        counts,
        len(collection.all),
    )


def _values(
    collection: Collection, vocabulary: Vocabulary, facet: str
) -> list[tuple[CoverageValue, BitMap]]:
    """Every value of a facet in natural order with its entries; "not stated" last, if it occurs."""
    sets = collection.facets[facet]
    values = []
    for term in vocabulary.terms(FILTER[facet].vocabulary):
        if term.code == NOT_STATED:  # a direction may be: it is counted below
            continue
        members = sets.get(term.code, BitMap())
        values.append((CoverageValue(term.code, term.label, len(members)), members))
    if unknown := sets.get(NOT_STATED):
        values.append((CoverageValue(None, "Not stated", len(unknown)), unknown))
    return values
