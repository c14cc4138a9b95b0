"""GET /v1/organizations/{slug}: an organization, and the case studies that name it."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.catalog import entry
from app.catalog.provenance import provenance
from app.catalog.vocabulary import Term
from app.database import Database
from app.errors import Refusal
from app.search import shapes
from app.search.index import Index
from app.search.organizations import KIND, Partnerships, case_lines, partnerships, refusal
from app.search.vocabularies import page_of
from app.settings import Settings
from app.web.parameters import refuse_unknown
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()
COLLECTION = "/v1/organizations"


@router.get(
    COLLECTION + "/{slug}",
    tags=["vocabularies"],
    summary="Read an organization",
    operation_id="get_organization",
    response_model=shapes.OrganizationAnswer,
    response_description="The organization.",
    responses=responses(400, 404, 406, 410, 429),
)
async def get_organization(
    request: Request,
    slug: Annotated[str, Path(description="Public id.", examples=["communities-in-schools"])],
) -> Response:
    """The organization, and up to 100 published case studies that name it as a partner, each with
    its role as the source states it. `links.case_studies` is the search for all of them. A withdrawn
    organization answers 410, a renamed one 308, and a 404 names similar slugs."""
    refuse_unknown(request, ())
    database, index = resource(request, Database), resource(request, Index)
    await index.follow()
    revision, updated_at = index.revision, index.updated_at
    term = index.vocabulary.terms_by_code(KIND).get(slug)
    if term is None:
        nearest = index.vocabulary.nearest(KIND, slug[: entry.MAX_SLUG])
        raise await run_in_threadpool(_refusal, database, slug, nearest)
    named = partnerships(index, slug)
    lines = await run_in_threadpool(_case_lines, database, named.slugs, slug)
    address = f"{COLLECTION}/{slug}"
    base_url = resource(request, Settings).base_url
    answer = {
        "data": _document(term, named, lines),
        "meta": provenance(revision, updated_at, term.label, base_url + address),
        "links": {
            "self": address,
            "collection": COLLECTION,
            "case_studies": f"/v1/case-studies?partner={slug}",
            "districts": f"/v1/districts?partner={slug}",
            "page": page_of(KIND, slug),
        },
    }
    return Response(orjson.dumps(answer, option=orjson.OPT_UTC_Z), media_type="application/json")


def _refusal(database: Database, slug: str, nearest: Sequence[str]) -> Refusal:
    with database.reading() as session:
        return refusal(session, slug, nearest)


def _case_lines(database: Database, slugs: Sequence[str], slug: str) -> list[dict[str, Any]]:
    with database.reading() as session:
        return case_lines(session, slugs, slug)


def _document(term: Term, named: Partnerships, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "slug": term.code,
        "name": term.label,
        "type": term.record["type"],
        "aliases": term.record["aliases"],
        "website": term.record["website"],
        "case_studies_total": named.case_studies,
        "districts_total": named.districts,
        "case_studies": lines,
        "url": f"{COLLECTION}/{term.code}",
    }
