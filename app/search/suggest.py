"""suggest: completion for a search box, from titles, names, aliases and vocabulary terms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.records.kinds import KINDS, SEARCHABLE
from app.records.text import fold_text
from app.search.analysis import words, written_words
from app.search.collection import Collection, own_names
from app.search.completing import corrected_beginnings
from app.search.filters import FILTERS
from app.search.index import Index
from app.search.name_index import MOST_COUNTED, NameIndex, Places, numbers_of_owners
from app.search.postings import numbers_of
from app.search.query import SearchQuery
from app.search.term_names import ORGANIZATION, PLACE, SUGGESTED, NamedTerm

MAX_SUGGESTIONS = 20
DEFAULT_SUGGESTIONS = 10
MAX_CHARACTERS = 100
FILTER_OF = {filter_.vocabulary: filter_.name for filter_ in FILTERS}
# A key, the least first: level, then the most counted first, then the place of the kind, then the label.
LEVEL, COUNT, KIND = 1 << 60, 1 << 40, 1 << 34
NOT_OFFERED = 1 << 62
Keys = NDArray[np.int64]
_Count = TypeVar("_Count", int, NDArray[np.int64])
SortKey = tuple[int, int, int, str, str]  # level, -count, place of kind, folded label, value


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing that a searcher may mean."""

    kind: str
    value: str
    label: str
    count: int  # case studies that it leads to
    link: str


def suggest(
    text: str,
    narrowed: SearchQuery,
    index: Index,
    *,
    kinds: Sequence[str] = SUGGESTED,
    limit: int = DEFAULT_SUGGESTIONS,
) -> list[Suggestion]:
    """What the text may become: names one of whose words begins with it, best first.

    `narrowed` is a search of the case studies without words; its filter `state` holds here too.
    If nothing begins so, the text is read as misspelled.
    """
    folded, written = words(text), written_words(text)
    if not folded:
        return []
    finder = _Finder(narrowed, index, kinds, limit)
    # The last word may be whole (Saint is St.) or the beginning of a longer one.
    beginnings = {" ".join([*folded[:-1], written[-1]])}
    if folded[-1] != written[-1]:
        beginnings.add(" ".join([*folded, ""]))
    suggestions = finder.starting(beginnings)
    if not suggestions and (corrected := corrected_beginnings(written, finder.names)):
        suggestions = finder.starting(corrected)
    return suggestions


class _Finder:
    """One request for suggestions.

    Names that begin with the text are on level 0, those with a later word that does on level 1.
    Organizations of a single case study, of which there are hundreds, stand one level below.
    """

    def __init__(
        self, narrowed: SearchQuery, index: Index, kinds: Sequence[str], limit: int
    ) -> None:
        self.narrowed, self.index, self.limit = narrowed, index, limit
        self.states = narrowed.any_of.get("state", ())
        self.cases = index.collections["case-study"]
        self.entry_kinds = [kind for kind in SEARCHABLE if kind in kinds]
        self.term_kinds = tuple(kind for kind in kinds if kind not in SEARCHABLE)
        self.names = [index.collections[kind].called for kind in self.entry_kinds]
        if self.term_kinds:
            self.names.append(index.terms.names)

    def starting(self, beginnings: set[str]) -> list[Suggestion]:
        """The best of all kinds."""
        ranked = list(self._terms(beginnings)) if self.term_kinds else []
        for kind in self.entry_kinds:
            ranked += self._entries(kind, beginnings)
        return [suggestion for _, suggestion in sorted(ranked, key=itemgetter(0))[: self.limit]]

    def _terms(self, beginnings: set[str]) -> Iterator[tuple[SortKey, Suggestion]]:
        terms = self.index.terms
        keys = self.cases.once(
            ("terms", len(terms.terms), self.term_kinds, self.states), self._keys_of_terms
        )
        for number, key in _best(_owners(beginnings, terms.names), keys, self.limit):
            term, count = terms.terms[number], MOST_COUNTED - key % LEVEL // COUNT
            sort_key = (key // LEVEL, -count, PLACE[term.vocabulary], term.folded, term.code)
            suggestion = Suggestion(term.vocabulary, term.code, term.label, count, self._link(term))
            yield sort_key, suggestion

    def _keys_of_terms(self) -> Keys:
        """By number, the key of each term; counted once until an entry changes."""
        terms, facets = self.index.terms, self.cases.facets
        inside = self.cases.having("state", self.states) if self.states else self.cases.all
        keys = np.full(len(terms.terms), NOT_OFFERED, dtype=np.int64)
        for number, (term, rank) in enumerate(zip(terms.terms, terms.ranks(), strict=True)):
            kind, code = term.vocabulary, term.code
            if kind not in self.term_kinds:
                continue
            if self.states and kind == "state" and code not in self.states:
                continue
            members = facets[FILTER_OF[kind]].get(code)
            count = members.intersection_cardinality(inside) if members else 0
            if count or not self.states:
                below = LEVEL if kind == ORGANIZATION and count < 2 else 0
                keys[number] = below + _key(count) + PLACE[kind] * KIND + rank
        return keys

    def _link(self, term: NamedTerm) -> str:
        """The search that shows a term."""
        return self.narrowed.url_with((FILTER_OF[term.vocabulary], term.code))

    def _entries(self, kind: str, beginnings: set[str]) -> Iterator[tuple[SortKey, Suggestion]]:
        collection = self.index.collections[kind]
        keys = collection.once(
            ("entries", self.states), lambda: _keys_of_entries(collection, self.states)
        )
        for number, key in _best(_owners(beginnings, collection.called), keys, self.limit):
            label, slug = own_names(collection.stored.names(number))[0], collection.slugs[number]
            count = int(collection.called.counts[number])
            sort_key = (key // LEVEL, -count, PLACE[kind], fold_text(label), slug)
            link = f"/v1/{KINDS[kind].path}/{slug}"
            yield sort_key, Suggestion(kind, slug, label, count, link)


def _keys_of_entries(collection: Collection, states: tuple[str, ...]) -> Keys:
    """By number, the key of each entry; made once until an entry changes."""
    numbers = numbers_of(collection.having("state", states) if states else collection.all)
    keys = np.full(len(collection.slugs), NOT_OFFERED, dtype=np.int64)
    counts = collection.called.counts[numbers].astype(np.int64)
    keys[numbers] = _key(counts) + collection.orders["title"].ranks(numbers)
    return keys


def _key(count: _Count) -> _Count:
    return (MOST_COUNTED - count) * COUNT


def _owners(beginnings: set[str], names: NameIndex) -> Places:
    """The owners of all words from which on a name begins in one of these ways."""
    return np.concatenate([names.starting(beginning) for beginning in beginnings])


def _best(owners: Places, keys: Keys, limit: int) -> Iterator[tuple[int, int]]:
    """The first things in order, each once, with its key.

    Of thousands only the first are put in order: sorting all that begin with a letter would take
    2 ms of a directory of 20,000 districts.
    """
    numbers = numbers_of_owners(owners)
    keys = keys[numbers] + (owners & 1).astype(np.int64) * LEVEL
    size = 4 * limit
    while True:
        first = np.argpartition(keys, size)[:size] if size < len(keys) else np.arange(len(keys))
        once: dict[int, int] = {}
        for at in first[np.argsort(keys[first])].tolist():
            once.setdefault(int(numbers[at]), int(keys[at]))
        if len(once) >= limit or size >= len(keys):
            break
        size *= 4
    for number, key in islice(once.items(), limit):
        if key < NOT_OFFERED:
            yield number, key
