"""/map: where the case studies of a search are, drawn and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request, Response

from app.catalog.vocabulary import Vocabulary
from app.records.wording import counted
from app.search.answer import feed_address
from app.search.facets import NOT_STATED_LABEL
from app.search.filters import NOT_STATED
from app.search.index import Index
from app.search.query import OF_A_PAGE, SearchQuery
from app.search.results import all_hits
from app.site import marks, terms
from app.site.cards import card
from app.site.choices import choices
from app.site.chosen import Chip, chips, ways_out
from app.site.map import KINDS, NationalMap, cross_table, national_map
from app.site.marks import Mark
from app.site.page import CSV, JSON, Alternate, Page, feed_at, respond, unknown_parameters
from app.site.search_form import TAKEN, SearchForm, read_form
from app.web.state import resource

router = APIRouter()
ADDRESS = "/map"
FIELDS = ("strategy", "rurality", "evidence")  # of the form; the rest of the search is hidden
CASES = ("case study", "case studies")


@dataclass(frozen=True, slots=True)
class LegendLink:
    """A kind of place with its number of drawn districts. `address`: the map of it alone, or,
    where it is chosen, of all kinds."""

    mark: Mark
    count: int
    address: str
    is_chosen: bool


@router.get(ADDRESS)
async def map_page(request: Request) -> Response:
    """The map of a search of the case studies."""
    index = resource(request, Index)
    await index.follow()
    form = read_form(index, "case-study", ADDRESS, request.query_params.multi_items())
    ignored = unknown_parameters(request, TAKEN)
    return respond(request, replace(_page(index, form), ignored=ignored))


def state_names(vocabulary: Vocabulary) -> dict[str, str]:
    """The name of each state by its USPS code."""
    return {term.code: term.label for term in vocabulary.terms("state")}


def state_addresses(query: SearchQuery, usps: Sequence[str]) -> dict[str, str]:
    """Where a state leads: to what the search finds there."""
    everywhere = replace(query, path="/case-studies", cursor=None, limit=20, sort=())
    if not everywhere.parameters:
        return {code: terms.address("state", code) for code in usps}
    return {code: everywhere.url_with(("state", code)) for code in usps}


def legend_links(
    drawn: NationalMap, query: SearchQuery, vocabulary: Vocabulary
) -> list[LegendLink]:
    """The key of a map; its entries are links."""
    chosen = query.any_of.get("rurality", ())
    return [
        LegendLink(
            kind_mark(vocabulary, entry.kind),
            entry.count,
            query.url_without("rurality", *OF_A_PAGE)
            if entry.kind in chosen
            else replace(query, path=ADDRESS).url_with(("rurality", entry.kind)),
            entry.kind in chosen,
        )
        for entry in drawn.legend
    ]


def kind_mark(vocabulary: Vocabulary, kind: str) -> Mark:
    """The mark of a kind of place, also where it is not stated."""
    return marks.place(vocabulary, kind, NOT_STATED_LABEL if kind == NOT_STATED else None)


def _page(index: Index, form: SearchForm) -> Page:
    results, vocabulary = form.results, index.vocabulary
    query = results.query
    cases = [card(results.collection, number) for number in all_hits(query, index)]
    names = state_names(vocabulary)
    drawn = national_map(cases, names, query.any_of.get("rurality", KINDS))
    filters = chips(query, vocabulary)
    words = [
        Chip(
            f"\N{LEFT DOUBLE QUOTATION MARK}{query.q}\N{RIGHT DOUBLE QUOTATION MARK}",
            query.url_without("q"),
        )
    ]
    what = ", ".join([*([query.q] if query.q else []), *(chip.label for chip in filters)])
    values = {
        "map": drawn,
        "total": len(cases),
        "addresses": state_addresses(query, list(names)),
        "legend": legend_links(drawn, query, vocabulary),
        "kinds": [(kind, kind_mark(vocabulary, kind)) for kind in KINDS],
        "rows": cross_table(cases, names),
        "choices": choices(FIELDS, query, vocabulary),
        "hidden": [
            (name, value)
            for name, value in query.parameters.items()
            if name not in (*FIELDS, *OF_A_PAGE)
        ],
        "chips": [*(words if query.q else []), *filters],
        "list": replace(query, path="/case-studies").url_without(*OF_A_PAGE),
        "clear": ADDRESS,
        "ways_out": ways_out(results, vocabulary),
        "faults": list(form.faults.values()),
    }
    return Page(
        "map.html",
        f"Map: {what}" if what else "Map",
        query.url_without(*OF_A_PAGE),
        _description(len(cases)),
        "map",
        values,
        alternates=[
            Alternate(JSON, "JSON", query.url_of_all("/v1/case-studies")),
            Alternate(CSV, "CSV", query.url_of_all("/v1/exports/case-studies.csv")),
            feed_at(feed_address(query)),
        ],
        status=form.status,
    )


def _description(cases: int) -> str:
    if not cases:
        return "No case study fits this search."
    verb = "is" if cases == 1 else "are"
    return (
        f"Where {counted(cases, *CASES)} of community school districts {verb}, on a map and as a "
        "table."
    )
