"""GET /v1/case-studies/{slug} and /v1/districts/{slug}: one prepared document, as it is or was."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from app.catalog import as_of
from app.catalog.citation import CSL_JSON, citation_of
from app.catalog.provenance import CaseStudyAnswer, DistrictAnswer, page_of, provenance_of
from app.catalog.published import published
from app.database import Database
from app.records.kinds import KINDS
from app.settings import Settings
from app.web.cached_response import CachedResponse
from app.web.parameters import openapi, read_parameters
from app.web.problem_types import responses
from app.web.state import resource


async def _takes_as_of(request: Request) -> None:
    """Refuse every other parameter. On the event loop: a thread may be long in coming."""
    read_parameters(request, (as_of.PARAMETER,))


router = APIRouter(dependencies=[Depends(_takes_as_of)])


@router.get(
    "/v1/case-studies/{slug}",
    tags=["case studies"],
    summary="Read a case study",
    operation_id="get_case_study",
    response_model=CaseStudyAnswer,
    response_description="The case study.",
    responses=responses(400, 404, 406, 410, 422, 429),
    openapi_extra=openapi((as_of.PARAMETER,)),
)
def get_case_study(
    request: Request, slug: Annotated[str, Path(description="Public id.", examples=["boise-id"])]
) -> Response:
    """The full document: challenge, approach, results and lessons by paragraph, each with the ids of
    its sources; every outcome with its study design and source; scale, funding and partners; and
    the sources themselves. A withdrawn case study answers 410, a renamed one 308, and a 404 names
    similar slugs. With `as_of`, all of that is as it was then."""
    return _document(request, "case-study", slug)


@router.get(
    "/v1/districts/{slug}",
    tags=["districts"],
    summary="Read a district",
    operation_id="get_district",
    response_model=DistrictAnswer,
    response_description="The district.",
    responses=responses(400, 404, 406, 410, 422, 429),
    openapi_extra=openapi((as_of.PARAMETER,)),
)
def get_district(
    request: Request,
    slug: Annotated[
        str,
        Path(
            description="Public id, or the 7-digit NCES LEAID.",
            examples=["oakland-unified-school-district-ca"],
        ),
    ],
) -> Response:
    """The district with its federal figures, each with year and source, and its published case
    studies. A withdrawn district answers 410, a renamed one 308, and a 404 names similar slugs. With
    `as_of`, all of that is as it was then."""
    return _document(request, "district", slug)


def _document(request: Request, kind: str, slug: str) -> Response:
    moment = read_parameters(request, (as_of.PARAMETER,)).get(as_of.PARAMETER.name)
    with resource(request, Database).reading() as session:
        public, document = published(session, kind, slug, moment)
    collection = f"/v1/{KINDS[kind].path}"
    address = f"{collection}/{public.slug}"
    citation = citation_of(public, orjson.loads(document), resource(request, Settings).base_url)
    then = f"?{as_of.PARAMETER.name}={public.seq}" if moment is not None else ""
    links = {
        "self": f"{address}{then}",
        "collection": collection,
        "page": f"{page_of(address)}{then}",
        "citation": f"{address}/citation{then}",
    }
    body = b'{"data":%s,"meta":%s,"links":%s}' % (
        document.encode(),
        orjson.dumps(provenance_of(citation), option=orjson.OPT_UTC_Z),
        orjson.dumps(links),
    )
    cite_as = f'<{citation.permanent_address}>; rel="cite-as"'
    described = f'<{links["citation"]}>; rel="describedby"; type="{CSL_JSON}"'
    return CachedResponse(
        body,
        revision=public.seq,
        permanent_since=public.updated_at if isinstance(moment, int) else None,
        headers={"Link": f"{cite_as}, {described}"},
    )
