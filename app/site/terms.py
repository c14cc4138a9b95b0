"""Vocabulary terms as pages show them: their address, and lists of them with counts."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.search.filters import FILTER
from app.search.index import Index
from app.search.vocabularies import page_of


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A term in an index, with the number of case studies that have it."""

    label: str
    count: int
    address: str


def address(filter_name: str, code: str) -> str:
    """Where a term leads: to its own page, or to the case studies that have it."""
    page = page_of(FILTER[filter_name].vocabulary, code)
    return page or f"/case-studies?{filter_name}={code}"


def entries(index: Index, filter_name: str, terms: Iterable[tuple[str, str]]) -> list[IndexEntry]:
    """Terms, given as code and label, with their counts."""
    facets = index.collections["case-study"].facets[filter_name]
    return [
        IndexEntry(label, len(facets.get(code, ())), address(filter_name, code))
        for code, label in terms
    ]
