"""search: from a question to the JSON that answers it. Ready cards are joined; no object is built of them."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import orjson
from pyroaring import BitMap

from app.catalog.provenance import provenance
from app.search.collection import Collection
from app.search.facets import count_facets
from app.search.index import Index
from app.search.matching import Matches, match
from app.search.query import OF_A_PAGE, SearchQuery
from app.search.ranking import page, read_cursor
from app.search.snippets import snippets

WHAT = {"case-study": "case studies", "district": "districts"}


def search(
    query: SearchQuery,
    index: Index,
    *,
    base_url: str,
    on_gap: Callable[[str], None] = lambda _how: None,
) -> tuple[bytes, dict[str, str]]:
    """The answer to a question, as JSON, and its links by relation. `base_url` is what the line to cite begins its address with;
    `on_gap` is told, on the first page, how its words were not found."""
    among = index.collections[query.kind]
    cursor = read_cursor(query)
    matches = match(query, among, mode=cursor.mode if cursor else None)
    hits = matches.hits()
    if cursor is None and (how := gap(matches)):
        on_gap(how)
    shown, following = page(query, among, matches, hits, cursor)
    canonical, first = query.canonical(), query.url()
    links = {"self": query.url(cursor=query.cursor) if query.cursor else first, "first": first}
    if following:
        links["next"] = query.url(cursor=following.encode(query))
    links["export"] = (
        f"/v1/exports/{query.path.rsplit('/', 1)[1]}.ndjson{query.url_without(*OF_A_PAGE).removeprefix(query.path)}"
    )
    meta = {
        "total": len(hits),
        "limit": query.limit,
        "query": canonical,
        "match": matches.mode,
        "dropped": [
            {
                "word": str(clause),
                "why": "no entry holds it",
                "link": query.without_clause(clause).url(),
            }
            for clause in matches.dropped
        ],
        "relaxations": [] if hits else relaxations(query, among, matches),
        **provenance(
            index.revision,
            index.updated_at,
            f"{WHAT[query.kind]} matching {canonical or 'everything'}",
            base_url + first,
        ),
    }
    facets = count_facets(query, among, matches, hits, index.vocabulary)
    answer = b'{"data":[%s],"meta":%s,"facets":%s,"links":%s}' % (
        b",".join(_hits(query, among, matches, shown)),
        orjson.dumps(meta, option=orjson.OPT_UTC_Z),
        facets.encode(),
        orjson.dumps({"next": None} | links),
    )
    return answer, links


def gap(matches: Matches) -> str | None:
    """How the words of a question were not found, whatever its filters: `none` of them is held by any entry, or only `any`
    and not all by one. None if they were found, or there were none."""
    if matches.mode is None:
        return None
    return "none" if not matches.text else "any" if matches.mode == "any" else None


def relaxations(query: SearchQuery, among: Collection, matches: Matches) -> list[dict[str, Any]]:
    """For a question that finds nothing: which part to leave out, and how many entries that would give."""
    totals = [(name, len(matches.hits(but=name))) for name, _ in matches.filters]
    if query.clauses:
        totals.insert(
            0,
            (
                "q",
                len(BitMap.intersection(among.all, *(members for _, members in matches.filters))),
            ),
        )
    return [
        {"without": ",".join(names), "total": total, "link": query.url_without(*names)}
        for part, total in sorted(totals, key=itemgetter(1), reverse=True)
        if total and (names := query.parameters_of(part))
    ]


def _hits(
    query: SearchQuery, among: Collection, matches: Matches, shown: Sequence[int]
) -> list[bytes]:
    found = []
    kilometres = matches.distances_km
    for number, snippet in zip(shown, snippets(query, among, shown), strict=True):
        distance = (
            b"%.1f" % kilometres[number]
            if kilometres is not None and np.isfinite(kilometres[number])
            else b"null"
        )
        hit = b'%s,"snippet":%s,"distance_km":%s}' % (
            among.stored.card(number),
            orjson.dumps(snippet),
            distance,
        )
        found.append(orjson.dumps(pick(orjson.loads(hit), query.fields)) if query.fields else hit)
    return found


def pick(card: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """The part of a card that the fields name; a dot reaches inside, into each item of a list."""
    found: dict[str, Any] = {}
    inside: dict[str, list[str]] = {}
    for name in fields:
        head, _, rest = name.partition(".")
        if rest:
            inside.setdefault(head, []).append(rest)
        else:
            found[head] = card[head]
    for head, rest_of in inside.items():
        part = card[head]
        if head not in found:
            found[head] = (
                [pick(item, rest_of) for item in part]
                if isinstance(part, list)
                else part and pick(part, rest_of)
            )
    return found
