"""The JSON of a page of results. Ready cards are joined as text; no object is built of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from app.catalog.citation import Citation
from app.catalog.provenance import page_of, provenance_of
from app.records.kinds import KINDS
from app.search.cross_tabs import CrossTab, Group, address_of, filters_of
from app.search.filters import FIGURES
from app.search.query import OF_A_SAMPLE, OF_THE_API, SearchQuery
from app.search.results import Hit, Results

FEED = "/feed.atom"


def json_answer(results: Results, *, base_url: str) -> bytes:
    """The answer as JSON. The line to cite begins its address with `base_url`."""
    hits = b",".join(_hit(hit, results) for hit in results.hits)
    rest = {
        "meta": _meta(results, base_url),
        "facets": results.facets,
        "links": {"next": None, **links(results)},
    }
    if results.cross_tab:
        rest["groups"] = _groups(results.query, results.cross_tab)
    if results.figures is not None:
        rest["statistics"] = {
            **{name: results.figures.get(name) for name in FIGURES},
            "outcomes": results.outcomes,
        }
    return b'{"data":[%s],%s' % (hits, orjson.dumps(rest, option=orjson.OPT_UTC_Z)[1:])


def links(results: Results) -> dict[str, str]:
    """The addresses beside a page, by relation."""
    query = results.query
    first = query.url()
    links = {"self": query.url(cursor=query.cursor) if query.cursor else first, "first": first}
    if results.next_cursor:
        links["next"] = query.url(cursor=results.next_cursor)
    path = KINDS[query.kind].path
    links["export"] = query.url_of_all(f"/v1/exports/{path}.ndjson")
    links["citation"] = query.url_of_all(f"/v1/citations/{path}")
    links["feed"] = feed_address(query)
    links["page"] = page_of(query.url_without("limit", *OF_THE_API))
    return links


def _meta(results: Results, base_url: str) -> dict[str, Any]:
    query = results.query
    return {
        "total": results.total,
        "sampled_from": results.sampled_from,
        "limit": query.limit,
        "query": query.canonical(),
        "match": results.mode,
        "whole": results.whole,
        "corrected": [
            {
                "from": correction.written,
                "to": correction.read,
                "link": query.url_with(("spelling", "exact")),
            }
            for correction in results.understood.corrections
        ],
        "synonyms": [
            {"word": word, "used": list(used), "link": query.url_with(("match", "exact"))}
            for word, used in results.understood.synonyms.items()
        ],
        "understood": [*_chosen_town(query), *_understood_parts(results)],
        "other_places": [
            {"label": place, "link": query.url_with(("near", place))}
            for place in query.other_places
        ],
        "dropped": results.dropped,
        "not_found": results.not_found,
        "values_left_out": results.values_left_out,
        "relaxations": [
            {
                "kind": relaxation.kind,
                "without": ",".join(relaxation.without),
                "label": relaxation.label,
                "total": relaxation.total,
                "whole": relaxation.whole,
                "link": relaxation.link,
            }
            for relaxation in results.relaxations
        ],
        "tell_us": results.tell_us
        and {
            "method": "POST",
            "link": results.tell_us.link,
            "body": {"kind": "new-case", "text": results.tell_us.text},
        },
        **provenance_of(citation_of_search(query, results.revision, results.updated_at, base_url)),
    }


def _understood_parts(results: Results) -> list[dict[str, str]]:
    return [
        {
            "words": part.words,
            "kind": part.kind,
            "label": part.label,
            "link": results.query.url_with(*part.parameters),
        }
        for part in results.understood.parts
    ]


def _chosen_town(query: SearchQuery) -> list[dict[str, str]]:
    """The town that is meant, if several have the name."""
    if not query.near or not query.other_places:
        return []
    typed, label = query.near.rpartition(",")[0], f"near {query.near}"
    return [{"words": typed, "kind": "distance", "label": label, "link": query.url()}]


def feed_address(query: SearchQuery) -> str:
    """The feed of all that a search finds now."""
    return query.url_of_all(f"{FEED}?kind={query.kind}", "as_of", *OF_A_SAMPLE)


def described(query: SearchQuery) -> str:
    """What a search asks for, as the title of what it finds. Its revision says of when."""
    canonical = query.of_the_present().canonical()
    return f"{KINDS[query.kind].plural} matching {canonical or 'everything'}"


def citation_of_search(
    query: SearchQuery, revision: int, updated_at: datetime, base_url: str
) -> Citation:
    """The citation of what a search of the API finds at a revision."""
    address = base_url + query.of_the_present().url()
    return Citation(described(query), address, revision, updated_at, takes_as_of=True)


def _groups(query: SearchQuery, table: CrossTab) -> dict[str, Any]:
    """The cross-tab as JSON: the cells in which something is, and the totals."""
    facets, filters = query.group_by, filters_of(query)
    rows = _totals(filters, facets[0], table.rows)
    groups = {"facets": facets, "cells": rows, "row_totals": [], "column_totals": []}
    if len(facets) > 1:
        groups["cells"] = [
            _group(filters, facets, (row, column), count)
            for row, counts in zip(table.rows, table.counts, strict=True)
            for column, count in zip(table.columns, counts, strict=True)
            if count
        ]
        groups["row_totals"] = rows
        groups["column_totals"] = _totals(filters, facets[1], table.columns)
    return groups | {"total": table.total}


def _totals(filters: SearchQuery, facet: str, groups: Sequence[Group]) -> list[dict[str, Any]]:
    return [_group(filters, (facet,), (group,), group.total) for group in groups if group.total]


def _group(
    filters: SearchQuery, facets: Sequence[str], groups: Sequence[Group], count: int
) -> dict[str, Any]:
    codes = [group.code for group in groups]
    return {
        "values": codes,
        "labels": [group.label for group in groups],
        "count": count,
        "link": address_of(filters, facets, codes),
    }


def _hit(hit: Hit, results: Results) -> bytes:
    document = results.documents and results.documents[hit.slug]
    parts = (hit.snippet, hit.distance_km, hit.explanation, document)
    text = b'%s,"snippet":%s,"distance_km":%s,"explanation":%s,"document":%s}' % (
        hit.card,
        *map(orjson.dumps, parts),
    )
    fields = results.query.fields
    if not fields:
        return text
    picked = pick(orjson.loads(text), fields)
    return orjson.dumps(picked | {"document": document} if document else picked)


def pick(card: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """The part of a card that the fields name.

    A dot reaches inside an object, or into each object of a list.
    """
    picked: dict[str, Any] = {}
    inner_fields: dict[str, list[str]] = {}
    for field in fields:
        name, _, inside = field.partition(".")
        if inside:
            inner_fields.setdefault(name, []).append(inside)
        else:
            picked[name] = card.get(name)  # a card of long ago may lack it
    for name, inner in inner_fields.items():
        if name not in picked:  # a whole field says more than a part of it
            part = card.get(name)
            if isinstance(part, list):
                picked[name] = [pick(item, inner) for item in part]
            else:
                picked[name] = part and pick(part, inner)
    return picked
