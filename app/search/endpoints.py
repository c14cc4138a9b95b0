"""GET /v1/case-studies and /v1/districts: search."""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from app.database import Database
from app.search import shapes
from app.search.answer import json_answer, links
from app.search.gaps import SearchGaps
from app.search.index import Index
from app.search.parameters import search_parameters
from app.search.past_indexes import PastIndexes
from app.search.results import Results, find, needs_documents, with_documents
from app.settings import Settings
from app.web.admission import ExportPlaces
from app.web.cached_response import CachedResponse
from app.web.clients import address_of
from app.web.links import link_header
from app.web.openapi import EXAMPLE_QUERY
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()


@router.get(
    "/v1/case-studies",
    tags=["case studies"],
    summary="Search the case studies",
    operation_id="search_case_studies",
    response_model=shapes.CaseStudyResults,
    response_description="A page of case studies with facets.",
    responses=responses(400, 406, 422, 429, 503),
    openapi_extra={
        "parameters": search_parameters(
            "case studies", fields=shapes.FIELDS["case-study"], parts=shapes.PARTS["case-study"]
        ),
        EXAMPLE_QUERY: "q=attendance&rurality=rural&limit=1&facets=state,rurality",
    },
)
async def search_case_studies(request: Request) -> Response:
    """Full-text search with filters and facets. `meta` says how the query was understood. The counts
    of a facet ignore that facet's own filter, so each count says how many entries its value would
    give. When little is found, `meta.relaxations` lists wider searches. Unknown parameters and values
    are refused with the closest valid ones."""
    return await _search(request, "case-study")


@router.get(
    "/v1/districts",
    tags=["districts"],
    summary="Search the districts",
    operation_id="search_districts",
    response_model=shapes.DistrictResults,
    response_description="A page of districts with facets.",
    responses=responses(400, 406, 422, 429, 503),
    openapi_extra={
        "parameters": search_parameters(
            "districts", fields=shapes.FIELDS["district"], parts=shapes.PARTS["district"]
        ),
        EXAMPLE_QUERY: "state=OR&limit=1&facets=rurality",
    },
)
async def search_districts(request: Request) -> Response:
    """Districts by the same words and filters as case studies: a district has the strategies,
    outcomes and evidence of its published case studies."""
    return await _search(request, "district")


SEARCHES = {"case-study": search_case_studies, "district": search_districts}


async def _search(request: Request, kind: str) -> Response:
    as_of = request.query_params.get("as_of", "").strip()
    index = await resource(request, PastIndexes).at(as_of, address_of(request.scope))
    query = index.query(kind, request.query_params.multi_items(), takes_as_of=True)
    results = find(query, index)
    if needs_documents(query):
        results = await _with_documents(request, results, index)
    count_gap: Callable[[], None] | None = None
    if results.gap and not as_of:  # what was not found then may be there now
        count_gap = partial(resource(request, SearchGaps).note, results.gap)
        count_gap()
    return CachedResponse(
        json_answer(results, base_url=resource(request, Settings).base_url),
        key=query.url(cursor=query.cursor),
        by_revision=True,
        revision=results.revision,
        permanent_since=results.updated_at if as_of.isdigit() else None,
        on_hit=count_gap,  # the same search answered from memory counts too
        headers=link_header(links(results)),
    )


async def _with_documents(request: Request, results: Results, index: Index) -> Results:
    """The results with what stands in the documents alone."""
    database, places = resource(request, Database), resource(request, ExportPlaces)

    def read() -> Results:
        if not results.studied:
            with database.reading() as session:
                return with_documents(results, session, index)
        with places.place(), database.reading_export() as session:
            return with_documents(results, session, index)

    return await run_in_threadpool(read)
