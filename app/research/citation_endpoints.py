"""How to cite a record or a result: GET .../citation and /v1/citations, in four formats."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from app.catalog import as_of
from app.catalog.citation import CSL_JSON, Citation, citation_of
from app.catalog.published import published
from app.database import Database
from app.records.kinds import KINDS
from app.research import snapshot_store, snapshots
from app.research.citations import DEFAULT, FORMATS, CslItem
from app.search.answer import citation_of_search
from app.search.parameters import search_parameters
from app.search.past_indexes import PastIndexes
from app.search.query import OF_A_PAGE
from app.search.shapes import FIELDS
from app.settings import Settings
from app.web.clients import address_of
from app.web.openapi import EXAMPLE_QUERY
from app.web.parameters import one_of, openapi, read_parameters, read_values, refuse_repeated
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()
FORMAT = one_of(
    "format",
    tuple(FORMATS),
    f"Format of the citation, {DEFAULT.name} by default. "
    + "; ".join(f"{format_.name}: {format_.meaning}" for format_ in FORMATS.values())
    + ". Without it, the `Accept` header chooses.",
    "bibtex",
)
SUCCESS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The citation.",
        "content": {
            format_.media_type: {"schema": {"type": "string"}}
            for format_ in FORMATS.values()
            if format_ is not DEFAULT
        },
    }
}


class CslResponse(JSONResponse):
    """Says in the OpenAPI document that the shape is that of CSL-JSON."""

    media_type = CSL_JSON


@router.get(
    "/v1/case-studies/{slug}/citation",
    tags=["citations"],
    summary="Cite a case study",
    operation_id="cite_case_study",
    response_model=CslItem,
    response_class=CslResponse,
    responses=SUCCESS | responses(400, 404, 406, 410, 422, 429),
    openapi_extra=openapi((FORMAT, as_of.PARAMETER)),
)
def cite_case_study(
    request: Request, slug: Annotated[str, Path(description="Public id.", examples=["boise-id"])]
) -> Response:
    """How to cite a case study: title, version, revision, date of its last change, address and
    license. An address of a case study leads here if `Accept` takes a citation and no JSON."""
    return _record(request, "case-study", slug)


@router.get(
    "/v1/districts/{slug}/citation",
    tags=["citations"],
    summary="Cite a district",
    operation_id="cite_district",
    response_model=CslItem,
    response_class=CslResponse,
    responses=SUCCESS | responses(400, 404, 406, 410, 422, 429),
    openapi_extra=openapi((FORMAT, as_of.PARAMETER)),
)
def cite_district(
    request: Request,
    slug: Annotated[
        str,
        Path(
            description="Public id, or the 7-digit NCES LEAID.",
            examples=["oakland-unified-school-district-ca"],
        ),
    ],
) -> Response:
    """How to cite a district: name, version, revision, date of its last change, address and license.
    An address of a district leads here if `Accept` takes a citation and no JSON."""
    return _record(request, "district", slug)


@router.get(
    "/v1/snapshots/{version}/citation",
    tags=["citations"],
    summary="Cite a snapshot",
    operation_id="cite_snapshot",
    response_model=CslItem,
    response_class=CslResponse,
    responses=SUCCESS | responses(400, 404, 406, 422, 429),
    openapi_extra=openapi((FORMAT,)),
)
def cite_snapshot(
    request: Request,
    version: Annotated[
        str,
        Path(description=f"Version of the snapshot, or `{snapshots.LATEST}`.", examples=["2026.1"]),
    ],
) -> Response:
    """How to cite a release of the whole directory: version, revision, date of its last change, address
    and license."""
    values = read_parameters(request, [FORMAT])
    with resource(request, Database).reading() as session:
        every = snapshot_store.list_newest_first(session)
    snapshot, base_url = snapshots.find(every, version), resource(request, Settings).base_url
    return _answer(snapshots.citation_of(snapshot, base_url), values)


def _record(request: Request, kind: str, slug: str) -> Response:
    values = read_parameters(request, [FORMAT, as_of.PARAMETER])
    moment = values.get(as_of.PARAMETER.name)
    with resource(request, Database).reading() as session:
        public, document = published(session, kind, slug, moment)
    base_url = resource(request, Settings).base_url
    return _answer(citation_of(public, orjson.loads(document), base_url), values)


def _result_route(kind: str) -> None:
    noun, path = KINDS[kind].plural, KINDS[kind].path
    filters = search_parameters(noun, fields=FIELDS[kind], without=OF_A_PAGE)

    @router.get(
        f"/v1/citations/{path}",
        tags=["citations"],
        summary=f"Cite a search of {noun}",
        operation_id=f"cite_{path.replace('-', '_')}",
        description=f"How to cite the {noun} that a search finds: its filters, the revision, the "
        "date of the last change, the address and the license. Takes the filters of a search.",
        response_model=CslItem,
        response_class=CslResponse,
        responses=SUCCESS | responses(400, 406, 422, 429, 503),
        openapi_extra={
            "parameters": [FORMAT.openapi(), *filters],
            EXAMPLE_QUERY: "strategy=food-security&rurality=rural",
        },
    )
    async def cite_results(request: Request) -> Response:
        return await _result(request, kind)


async def _result(request: Request, kind: str) -> Response:
    refuse_repeated(request, [FORMAT])
    values = read_values(request, [FORMAT])
    as_of = request.query_params.get("as_of", "").strip()
    index = await resource(request, PastIndexes).at(as_of, address_of(request.scope))
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != FORMAT.name]
    query = index.query(kind, pairs, without=OF_A_PAGE, takes_as_of=True)
    base_url = resource(request, Settings).base_url
    return _answer(citation_of_search(query, index.revision, index.updated_at, base_url), values)


def _answer(citation: Citation, values: Mapping[str, str]) -> Response:
    format_ = FORMATS[values.get(FORMAT.name, DEFAULT.name)]
    headers = {}
    if format_.extension:
        name = f"{citation.key}.{format_.extension}"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    media_type = f"{format_.media_type}; charset=utf-8"
    if format_ is DEFAULT:  # JSON is UTF-8
        media_type = format_.media_type
    return Response(format_.write(citation), media_type=media_type, headers=headers)


for _kind in FIELDS:
    _result_route(_kind)
