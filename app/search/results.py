"""find: from a query to its results, as values. search/answer.py makes JSON of them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import orjson
from pyroaring import BitMap
from sqlmodel import Session

from app.search.collection import Collection
from app.search.cross_tabs import CrossTab, cross_tab
from app.search.documents import parts_of_documents
from app.search.explaining import Explanation, explain
from app.search.facets import Facets, count_facets, shorten
from app.search.filters import MAX_CELLS, OUTCOMES
from app.search.gaps import Gap
from app.search.index import Index
from app.search.matching import Kilometers, Matches, Mode, match
from app.search.query import Clause, SearchQuery
from app.search.ranking import page
from app.search.relaxing import Relaxation, TellUs, relaxations, tell_us
from app.search.samples import draw
from app.search.snippets import Snippet, snippets
from app.search.statistics import (
    FigureStatistics,
    OutcomeStatistics,
    check_studied,
    figure_statistics,
    outcome_statistics,
)
from app.search.understanding.alternatives import Understood
from app.search.understanding.understand import understand


@dataclass(slots=True)
class Hit:
    """An entry on the page, as it was found: the index may change before the answer is made."""

    slug: str
    card: bytes  # JSON as it is sent, without its last brace
    distance_km: float | None
    snippet: Snippet | None
    explanation: Explanation | None

    def read_card(self) -> dict[str, Any]:
        """The card as a value."""
        card: dict[str, Any] = orjson.loads(self.card + b"}")
        return card


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
    sampled_from: int | None = None  # all results, of which `total` were drawn
    cross_tab: CrossTab | None = None
    figures: Mapping[str, FigureStatistics] | None = None  # statistics by name
    studied: Sequence[str] = ()  # slugs of which statistics read the outcomes
    outcomes: Sequence[OutcomeStatistics] | None = None  # once the documents are read
    documents: Mapping[str, Mapping[str, Any]] | None = None  # by slug, the parts that hits include


def find(query: SearchQuery, index: Index) -> Results:
    """One page of what a query finds. Raises Malformed for a cursor that is not its own."""
    collection = index.collections[query.kind]
    lexicon = index.lexicon(query.kind)
    understood = understand(query, lexicon)
    matches = match(query, collection, understood)
    every_hit = matches.hits()
    hits = _sampled(query, every_hit, collection)
    shown = page(query, matches, hits, index.walks, revision=index.revision)
    whole = len(hits & matches.whole) if matches.mode else None
    facets = count_facets(query, matches, index.vocabulary)
    results = Results(
        query=query,
        collection=collection,
        revision=index.revision,
        updated_at=index.updated_at,
        hits=_hits(query, matches, shown.numbers, lexicon.language.english),
        total=len(hits),
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
        sampled_from=None if query.sample is None else len(every_hit),
    )
    if query.group_by or query.statistics:
        return _analyzed(results, matches, every_hit, index)
    return results


def needs_documents(query: SearchQuery) -> bool:
    """Whether its results are whole only `with_documents`."""
    return bool(query.include) or OUTCOMES in query.statistics


def with_documents(results: Results, session: Session, index: Index) -> Results:
    """The results with what stands in the documents alone; in a thread, for it waits."""
    query = results.query
    read = partial(
        parts_of_documents,
        session,
        query.kind,
        revision=results.revision,
        is_past=query.as_of is not None,
    )
    documents = None
    if query.include:
        documents = dict(read([hit.slug for hit in results.hits], query.include))
    outcomes = None
    if OUTCOMES in query.statistics:
        with index.reading():
            indicators = index.vocabulary.codes("indicator")
            units = index.vocabulary.codes("unit")
        own = (part["outcomes"] for _, part in read(results.studied, ("outcomes",)))
        outcomes = outcome_statistics(query, own, indicators=indicators, units=units)
    return replace(results, documents=documents, outcomes=outcomes)


def all_hits(query: SearchQuery, index: Index) -> BitMap:
    """Every entry that a query finds, on all pages, by number."""
    understood = understand(query, index.lexicon(query.kind))
    collection = index.collections[query.kind]
    return _sampled(query, match(query, collection, understood).hits(), collection)


def all_slugs(query: SearchQuery, index: Index) -> frozenset[str]:
    """The slug of every entry that a query finds."""
    collection = index.collections[query.kind]
    return frozenset(collection.slugs[number] for number in all_hits(query, index))


def _sampled(query: SearchQuery, hits: BitMap, collection: Collection) -> BitMap:
    """The sample that a query asks for; all hits if it asks for none."""
    return hits if query.sample is None else draw(hits, query.sample, query.seed, collection)


def _analyzed(results: Results, matches: Matches, hits: BitMap, index: Index) -> Results:
    """The results with the cross-tab and the statistics of all that the query finds."""
    query, collection = results.query, results.collection
    table = None
    if query.group_by:
        table = cross_tab(
            collection,
            index.vocabulary,
            query.group_by,
            hits,
            chosen=matches.outcomes,
            most_cells=MAX_CELLS,
        )
    studied: list[str] = []
    if OUTCOMES in query.statistics:
        check_studied(len(hits))
        studied = [collection.slugs[number] for number in hits]
    figures = figure_statistics(collection, query.statistics, hits) if query.statistics else None
    return replace(results, cross_tab=table, figures=figures, studied=studied)


def _hits(
    query: SearchQuery, matches: Matches, numbers: Sequence[int], english: Set[str]
) -> list[Hit]:
    collection = matches.collection
    passages = snippets(matches, numbers, english)
    explanations = explain(matches, numbers) if query.explain else {}
    return [
        Hit(
            collection.slugs[number],
            collection.stored.card(number),
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
