"""find: from a query to its results, as values. search/answer.py makes JSON of them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from pyroaring import BitMap

from app.search.collection import Collection
from app.search.explaining import Explanation, explain
from app.search.facets import Facets, count_facets, shorten
from app.search.gaps import Gap
from app.search.index import Index
from app.search.matching import Kilometers, Matches, Mode, match
from app.search.query import Clause, SearchQuery
from app.search.ranking import page
from app.search.relaxing import Relaxation, TellUs, relaxations, tell_us
from app.search.snippets import Snippet, snippets
from app.search.understanding.alternatives import Understood
from app.search.understanding.understand import understand


@dataclass(slots=True)
class Hit:
    """An entry on the page, by its number in the collection."""

    number: int
    distance_km: float | None
    snippet: Snippet | None
    explanation: Explanation | None


@dataclass(slots=True)
class Dropped:
    """A word that did not count."""

    word: str
    why: str
    link: str  # the query without it


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what a query finds, and what was done with the query."""

    query: SearchQuery
    collection: Collection
    revision: int
    updated_at: datetime
    hits: Sequence[Hit]
    total: int  # on all pages
    mode: Mode
    whole: int | None  # of them, those that hold every word; None without words
    understood: Understood
    dropped: Sequence[Dropped]
    not_found: Sequence[str]  # of the names that `slug` gave
    relaxations: Sequence[Relaxation]
    tell_us: TellUs | None
    facets: Facets
    values_left_out: Mapping[str, int]  # by facet that is not listed whole
    next_cursor: str | None
    gap: Gap | None  # on the first page, if its words were not found


def find(query: SearchQuery, index: Index) -> Results:
    """One page of what a query finds. Raises Malformed for a cursor that is not its own."""
    collection = index.collections[query.kind]
    lexicon = index.lexicon(query.kind)
    understood = understand(query, lexicon)
    matches = match(query, collection, understood)
    found = matches.hits()
    shown = page(query, matches, index.walks, revision=index.revision)
    whole = len(found & matches.whole) if matches.mode else None
    facets = count_facets(query, matches, index.vocabulary)
    return Results(
        query=query,
        collection=collection,
        revision=index.revision,
        updated_at=index.updated_at,
        hits=_hits(query, matches, shown.numbers, lexicon.language.english),
        total=len(found),
        mode=matches.mode,
        whole=whole,
        understood=understood,
        dropped=_dropped(query, understood, matches),
        not_found=[name for name in query.slugs if collection.number(name) is None],
        relaxations=relaxations(query, matches, index),
        tell_us=tell_us(query, matches, index),
        facets=facets,
        values_left_out=shorten(facets),
        next_cursor=shown.next_cursor.encode() if shown.next_cursor else None,
        gap=None if query.cursor else _gap(query, matches),
    )


def all_hits(query: SearchQuery, index: Index) -> BitMap:
    """Every entry that a query finds, on all pages, by number."""
    understood = understand(query, index.lexicon(query.kind))
    return match(query, index.collections[query.kind], understood).hits()


def all_slugs(query: SearchQuery, index: Index) -> frozenset[str]:
    """The slug of every entry that a query finds."""
    collection = index.collections[query.kind]
    return frozenset(collection.slugs[number] for number in all_hits(query, index))


def _hits(
    query: SearchQuery, matches: Matches, numbers: Sequence[int], english: Set[str]
) -> list[Hit]:
    passages = snippets(matches, numbers, english)
    explanations = explain(matches, numbers) if query.explain else {}
    return [
        Hit(
            number,
            _distance_km(matches.distances_km, number),
            snippet,
            explanations.get(number),
        )
        for number, snippet in zip(numbers, passages, strict=True)
    ]


def _distance_km(distances: Kilometers | None, number: int) -> float | None:
    if distances is None or not np.isfinite(distances[number]):
        return None
    return float(f"{distances[number]:.1f}")


def _dropped(query: SearchQuery, understood: Understood, matches: Matches) -> list[Dropped]:
    """Words that did not count: function words, and words that stand for nothing here."""
    reasons = dict.fromkeys(understood.stop_words, "function word")
    for weighed in matches.units:
        if not weighed.alternatives:
            unit = weighed.unit
            reasons[str(Clause(unit.words, unit.phrase, unit.prefix))] = "no entry has it"
    return [
        Dropped(str(clause), reasons[str(clause)], query.without_clause(clause).url())
        for clause in query.clauses
        if str(clause) in reasons
    ]


def _gap(query: SearchQuery, matches: Matches) -> Gap | None:
    """How the words were not found, whatever the filters; None if they were, or there are none."""
    if matches.mode is None:
        return None
    if not matches.whole:
        how = "any" if matches.text else "none"
    elif matches.understood.corrections:
        how = "corrected"
    else:
        return None
    return Gap(query.kind, how, typed=query.q, text=" ".join(map(str, query.clauses)))
