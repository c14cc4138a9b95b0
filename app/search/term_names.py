"""TermNames: the names of vocabulary terms and organizations, for suggestions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.catalog.vocabulary import Term
from app.records.kinds import SEARCHABLE
from app.records.text import fold_text
from app.search.name_index import NameIndex

TERM_KINDS = ("state", "strategy", "topic", "indicator", "pillar", "model", "rurality")
ORGANIZATION = "organization"
# What is suggested, in the order in which it stands where all else is equal.
SUGGESTED = (*TERM_KINDS, *reversed(SEARCHABLE), ORGANIZATION)
PLACE = {kind: place for place, kind in enumerate(SUGGESTED)}


@dataclass(frozen=True, slots=True)
class NamedTerm:
    """A term that can be suggested."""

    vocabulary: str
    code: str
    label: str
    folded: str  # its label, as it is sorted


class TermNames:
    """Every term by the beginnings of the words of its names. It follows the vocabulary."""

    def __init__(self) -> None:
        self.names = NameIndex()
        self.terms: list[NamedTerm] = []  # by number, also those that are no longer there
        self._numbers: dict[tuple[str, str], int] = {}
        self._ranks: NDArray[np.int64] | None = None  # until a term changes

    def put(self, vocabulary: str, code: str, term: Term | None) -> None:
        """Take in a term in place of what stood under its code; None drops it."""
        number = self._numbers.pop((vocabulary, code), None)
        if number is not None:
            self.names.discard(number)
        if term is not None:
            self._numbers[vocabulary, code] = len(self.terms)
            self.names.put(len(self.terms), term.names)
            self.terms.append(NamedTerm(vocabulary, code, term.label, fold_text(term.label)))
        self._ranks = None

    def ranks(self) -> NDArray[np.int64]:
        """By number, the place of each term among all by its label."""
        if self._ranks is None:
            terms = self.terms
            order = sorted(range(len(terms)), key=lambda n: (terms[n].folded, terms[n].code, n))
            self._ranks = np.empty(len(terms), dtype=np.int64)
            self._ranks[order] = np.arange(len(terms))
        return self._ranks
