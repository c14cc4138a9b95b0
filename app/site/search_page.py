"""/case-studies and /districts: a search, with everything that was done with it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from app.catalog.vocabulary import Vocabulary
from app.records.kinds import KINDS
from app.search.answer import citation_of_search, feed_address
from app.search.gaps import SearchGaps
from app.search.index import Index
from app.search.query import OF_A_PAGE
from app.search.results import Results
from app.settings import Settings
from app.site.choices import distances
from app.site.chosen import chips, ways_out
from app.site.facet_panels import (
    LABELS,
    NUMBERS,
    NUMBERS_BY_KIND,
    full_panel,
    number_panels,
    panels,
)
from app.site.hits import Hit, case_study_hit, district_hit
from app.site.page import (
    CSV,
    JSON,
    Alternate,
    Page,
    citations_at,
    feed_at,
    respond,
    unknown_parameters,
)
from app.site.said import said
from app.site.search_form import TAKEN, SearchForm, read_form
from app.web.state import resource

router = APIRouter()
SHOW = "show"  # a facet of which every value is shown
HITS = {"case-study": case_study_hit, "district": district_hit}
SECTIONS = {"case-study": "cases", "district": "districts"}
ORDERS = {
    "case-study": (
        "relevance",
        "-started",
        "state",
        "enrollment",
        "-enrollment",
        "title",
        "-updated",
    ),
    "district": ("relevance", "state", "enrollment", "-enrollment", "title", "-updated"),
}
ORDER_LABELS = {
    "-started": "Newest start",
    "started": "Oldest start",
    "state": "State",
    "enrollment": "Smallest district",
    "-enrollment": "Largest district",
    "title": "Name",
    "-updated": "Published last",
    "distance": "Nearest",
}
ENDS = ("min", "max")
OF_THE_FORM = ("q", "near", "within_km", "sort")  # beside facets and ranges; the rest is hidden


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the results."""

    value: str
    label: str
    is_selected: bool


@router.get("/case-studies")
async def case_studies(request: Request) -> Response:
    """Search the case studies."""
    return await _search(request, "case-study")


@router.get("/districts")
async def districts(request: Request) -> Response:
    """Search the districts."""
    return await _search(request, "district")


async def _search(request: Request, kind: str) -> Response:
    index = resource(request, Index)
    await index.follow()
    form = read_form(index, kind, f"/{KINDS[kind].path}", request.query_params.multi_items())
    shown = request.query_params.get(SHOW)
    if shown in LABELS and shown in form.results.facets:
        page = _all_values(index, kind, form, shown)
    else:
        page = _results(index, kind, form, base_url=resource(request, Settings).base_url)
    ignored = unknown_parameters(request, (*TAKEN, SHOW))
    on_hit = _gap_counter(request, form.results)
    return respond(request, replace(page, ignored=ignored, on_hit=on_hit))


def _gap_counter(request: Request, results: Results) -> Callable[[], None] | None:
    """Count a search that found nothing, now and each time it is answered from memory."""
    if not results.gap:
        return None
    count = partial(resource(request, SearchGaps).note, results.gap)
    count()
    return count


def _results(index: Index, kind: str, form: SearchForm, *, base_url: str) -> Page:
    results, vocabulary = form.results, index.vocabulary
    query, nouns = results.query, (KINDS[kind].noun, KINDS[kind].plural)
    chosen = chips(query, vocabulary)
    what = ", ".join([*([query.q] if query.q else []), *(chip.label for chip in chosen)])
    title = f"{what}: {nouns[1]}" if what else nouns[1].capitalize()
    # The page shows the present alone: what the API answers stays at its revision.
    cited = replace(query, path=f"/v1{query.path}")
    citation = citation_of_search(cited, results.revision, results.updated_at, base_url)
    values = _form_values(index, kind, form) | {
        "hits": _hits(results, kind, vocabulary),
        "total": results.total,
        "said": said(results, nouns),
        "chips": chosen,
        "clear": query.url_without(*(name for name in query.parameters if name != "q")),
        "ways_out": ways_out(results, vocabulary),
        "not_found": results.not_found,
        "next": query.url(cursor=results.next_cursor) if results.next_cursor else None,
        "first": query.url() if query.cursor else None,
        "without_faults": query.url(),
        "cite": citation.text(),
        "map": replace(query, path="/map").url_without(*OF_A_PAGE),
        "embed": replace(query, path="/embed").url_without(*OF_A_PAGE),
    }
    return Page(
        "search.html",
        title[:1].upper() + title[1:],
        query.url(),
        f"{results.total:,} {nouns[results.total != 1]}"
        + (f" for {what}" if what else ", each claim with its source")
        + ".",
        SECTIONS[kind],
        values,
        alternates=_alternates(results, kind),
        citations=citations_at(query.url_of_all(f"/v1/citations/{KINDS[kind].path}")),
        status=form.status,
        is_embeddable=kind == "case-study",
    )


def _all_values(index: Index, kind: str, form: SearchForm, name: str) -> Page:
    """The page of checkboxes of one facet: the same form, the rest of the search hidden."""
    query, nouns = form.results.query, (KINDS[kind].noun, KINDS[kind].plural)
    panel = full_panel(name, form.results, index.vocabulary)
    hidden = [(key, value) for key, value in query.parameters.items() if key != name]
    values = {"panel": panel, "hidden": hidden, "back": query.url(), "action": query.path}
    return Page(
        "facet.html",
        f"All {panel.total} {panel.plural}",
        f"{query.url()}{'&' if query.parameters else '?'}{SHOW}={name}",
        f"Choose among all {panel.total} {panel.plural} of the {nouns[1]}.",
        SECTIONS[kind],
        values | {"nouns": nouns, "total": form.results.total},
    )


def _form_values(index: Index, kind: str, form: SearchForm) -> dict[str, Any]:
    query = form.results.query
    numbers = number_panels(kind, form.typed, form.faults)
    shown = panels(form.results, index.vocabulary, form.faults)
    own = {*OF_THE_FORM, *(panel.name for panel in shown)}
    own |= {f"{panel.name}_{end}" for panel in numbers for end in ENDS}
    return {
        "nouns": (KINDS[kind].noun, KINDS[kind].plural),
        "kind": kind,
        "action": query.path,
        "typed": form.typed,
        "faults": form.faults,
        "panels": shown,
        "numbers": numbers,
        "hidden": [(key, value) for key, value in query.parameters.items() if key not in own],
        "fields": _field_labels(kind),
        "distances": distances(form.typed["within_km"]),
        "orders": _orders(kind, form),
    }


def _field_labels(kind: str) -> dict[str, str]:
    """What each field of the form is called in a message about it."""
    ranges = {f"{name}_{end}": NUMBERS[name] for name in NUMBERS_BY_KIND[kind] for end in ENDS}
    places = {"near": "Near a place", "within_km": "Near a place"}
    return {"q": "Words", **LABELS, **ranges, **places}


def _orders(kind: str, form: SearchForm) -> list[Order]:
    """The orders of the form. The default has no value, for it changes with the words and the place."""
    query = form.results.query
    now, default = (",".join(map(str, order)) for order in (query.order, query.default_order))
    values = [*ORDERS[kind], *(["distance"] if query.near else [])]
    labels = ORDER_LABELS | {"relevance": "Best match" if query.q else "Strongest evidence"}
    orders = [
        Order("" if value == default else value, labels[value], value == now) for value in values
    ]
    if now not in values:  # by an address that somebody typed
        keys = [labels.get(key, key) for key in now.split(",")]
        orders.append(Order(now, ", ".join(keys), is_selected=True))
    return orders


def _hits(results: Results, kind: str, vocabulary: Vocabulary) -> list[Hit]:
    return [
        HITS[kind](hit.read_card(), vocabulary, hit.snippet, hit.distance_km)
        for hit in results.hits
    ]


def _alternates(results: Results, kind: str) -> list[Alternate]:
    query, path = results.query, KINDS[kind].path
    return [
        Alternate(JSON, "JSON", f"/v1{query.url()}"),
        Alternate(CSV, "CSV", query.url_of_all(f"/v1/exports/{path}.csv")),
        feed_at(feed_address(query)),
    ]
