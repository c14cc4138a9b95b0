"""find: from a query to its results, as values. search/answer.py makes JSON of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from app.search.collection import Collection
from app.search.cursor import read_cursor
from app.search.facets import Facets, count_facets
from app.search.gaps import Gap
from app.search.index import Index
from app.search.matching import Kilometers, Matches, Mode, match
from app.search.query import SearchQuery
from app.search.ranking import page
from app.search.snippets import Snippet, snippets


@dataclass(slots=True)
class Hit:
    """An entry on the page, by its number in the collection."""

    number: int
    distance_km: float | None
    snippet: Snippet | None


@dataclass(slots=True)
class Dropped:
    """A word that did not count."""

    word: str
    why: str
    link: str  # the query without it


@dataclass(slots=True)
class Relaxation:
    """A wider query that finds something."""

    without: Sequence[str]  # the parameters to leave out
    total: int
    link: str


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
    dropped: Sequence[Dropped]
    not_found: Sequence[str]  # of the names that `slug` gave
    relaxations: Sequence[Relaxation]
    facets: Facets
    next_cursor: str | None
    gap: Gap | None  # on the first page, if its words were not found


def find(query: SearchQuery, index: Index) -> Results:
    """One page of what a query finds. Raises Malformed for a cursor that is not its own."""
    collection = index.collections[query.kind]
    cursor = read_cursor(query)
    matches = match(query, collection, mode=cursor.mode if cursor else None)
    found = matches.hits()
    numbers, next_cursor = page(query, matches, found, cursor)
    return Results(
        query=query,
        collection=collection,
        revision=index.revision,
        updated_at=index.updated_at,
        hits=_hits(query, matches, numbers),
        total=len(found),
        mode=matches.mode,
        dropped=_dropped(query, matches),
        not_found=[name for name in query.slugs if collection.number(name) is None],
        relaxations=[] if found else _relaxations(query, matches),
        facets=count_facets(query, matches, index.vocabulary),
        next_cursor=next_cursor.encode(query) if next_cursor else None,
        gap=None if cursor else _gap(query, matches),
    )


def _hits(query: SearchQuery, matches: Matches, numbers: Sequence[int]) -> list[Hit]:
    passages = snippets(query, matches.collection, numbers)
    return [
        Hit(number, _distance_km(matches.distances_km, number), snippet)
        for number, snippet in zip(numbers, passages, strict=True)
    ]


def _distance_km(distances: Kilometers | None, number: int) -> float | None:
    if distances is None or not np.isfinite(distances[number]):
        return None
    return float(f"{distances[number]:.1f}")


def _dropped(query: SearchQuery, matches: Matches) -> list[Dropped]:
    return [
        Dropped(str(clause), "no entry holds it", query.without_clause(clause).url())
        for clause in matches.dropped
    ]


def _relaxations(query: SearchQuery, matches: Matches) -> list[Relaxation]:
    """Which part of a query that finds nothing to leave out, and what that would give."""
    parts = ["q"] if query.clauses else []
    parts += matches.filters
    totals = {part: len(matches.hits(without=(part,))) for part in parts}
    relaxations = []
    for part in sorted(parts, key=lambda part: -totals[part]):
        parameters = query.parameters_of(part)
        if totals[part] and parameters:
            link = query.url_without(*parameters)
            relaxations.append(Relaxation(parameters, totals[part], link))
    return relaxations


def _gap(query: SearchQuery, matches: Matches) -> Gap | None:
    """How the words were not found, whatever the filters; None if they were, or there are none."""
    if matches.mode is None or (matches.mode == "all" and matches.text):
        return None
    how = "any" if matches.text else "none"
    return Gap(query.kind, how, typed=query.q, text=" ".join(map(str, query.clauses)))
