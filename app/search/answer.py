"""The JSON of a page of results. Ready cards are joined as text; no object is built of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from app.catalog.citation import Citation
from app.catalog.provenance import page_of, provenance_of
from app.records.kinds import KINDS
from app.search.collection import Collection
from app.search.query import SearchQuery
from app.search.results import Hit, Results


def json_answer(results: Results, *, base_url: str) -> bytes:
    """The answer as JSON. The line to cite begins its address with `base_url`."""
    fields = results.query.fields
    hits = b",".join(_hit(hit, results.collection, fields) for hit in results.hits)
    rest = {
        "meta": _meta(results, base_url),
        "facets": results.facets,
        "links": {"next": None, **links(results)},
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
    links["feed"] = query.url_of_all(f"/feed.atom?kind={query.kind}", "as_of")
    links["page"] = page_of(query.url_without("limit", "fields", "facets", "as_of"))
    return links


def _meta(results: Results, base_url: str) -> dict[str, Any]:
    query = results.query
    return {
        "total": results.total,
        "limit": query.limit,
        "query": query.canonical(),
        "match": results.mode,
        "whole": results.whole,
        "corrected": [
            {"from": one.written, "to": one.read, "link": query.url_with(("spelling", "exact"))}
            for one in results.understood.corrections
        ],
        "synonyms": [
            {"word": word, "used": list(used), "link": query.url_with(("match", "exact"))}
            for word, used in results.understood.synonyms.items()
        ],
        "understood": [
            {
                "words": part.words,
                "kind": part.kind,
                "label": part.label,
                "link": query.url_with(*part.parameters),
            }
            for part in results.understood.parts
        ],
        "dropped": results.dropped,
        "not_found": results.not_found,
        "values_left_out": results.values_left_out,
        "relaxations": [
            {
                "kind": one.kind,
                "without": ",".join(one.without),
                "label": one.label,
                "total": one.total,
                "whole": one.whole,
                "link": one.link,
            }
            for one in results.relaxations
        ],
        "tell_us": results.tell_us
        and {
            "method": "POST",
            "link": results.tell_us.link,
            "body": {"kind": "new-case", "text": results.tell_us.text},
        },
        **provenance_of(citation_of_search(query, results.revision, results.updated_at, base_url)),
    }


def described(query: SearchQuery) -> str:
    """What a search asks for, as the title of what it finds. Its revision says of when."""
    canonical = replace(query, as_of=None).canonical()
    return f"{KINDS[query.kind].plural} matching {canonical or 'everything'}"


def citation_of_search(
    query: SearchQuery, revision: int, updated_at: datetime, base_url: str
) -> Citation:
    """The citation of what a search of the API finds at a revision."""
    address = base_url + replace(query, as_of=None).url()
    return Citation(described(query), address, revision, updated_at, takes_as_of=True)


def _hit(hit: Hit, collection: Collection, fields: Sequence[str]) -> bytes:
    card = collection.stored.card(hit.number)  # without its last brace
    parts = (hit.snippet, hit.distance_km, hit.explanation)
    text = b'%s,"snippet":%s,"distance_km":%s,"explanation":%s}' % (
        card,
        *map(orjson.dumps, parts),
    )
    return orjson.dumps(pick(orjson.loads(text), fields)) if fields else text


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
