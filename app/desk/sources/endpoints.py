"""/v1/admin/sources: whether what case studies rest on is still there. The checks themselves: `model-districts sources check`."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from app.database import Database
from app.desk.access.dependencies import json_answer, may
from app.desk.sources import health, shapes
from app.desk.sources.health import HEALTH_VALUES, ListedSource, SourceQuery
from app.records.kinds import KINDS
from app.web.parameters import limit, one_of, openapi, read_parameters, refuse_unknown, text
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter(prefix="/v1/admin/sources", tags=["desk"], dependencies=[may("read")])
SOURCES = (
    one_of("health", HEALTH_VALUES, "Only sources with this health.", "dead"),
    text("after", 2000, "Only sources after this address; `links.next` carries it.", "https://a"),
    limit("Sources"),
)


@router.get(
    "",
    summary="List the sources",
    operation_id="desk_list_sources",
    response_model=shapes.SourceList,
    responses=responses(400, 401, 403, 422, 429),
    openapi_extra=openapi(SOURCES),
)
def list_sources(request: Request) -> Response:
    """Every address that a case study rests on, drafts included: what its last check found, where it moved, and who rests on it."""
    query = SourceQuery(**read_parameters(request, SOURCES))
    with resource(request, Database).reading_primary() as session:
        listed = health.list_(session, query)
    full = len(listed.sources) == query.limit
    more = urlencode({**request.query_params, "after": listed.sources[-1].url}) if full else None
    return json_answer(
        {
            "data": [_shown(source) for source in listed.sources],
            "meta": {"counts": listed.counts},
            "links": {"next": f"/v1/admin/sources?{more}" if more else None},
        }
    )


@router.get(
    "/flagged",
    summary="List the case studies without a living source",
    operation_id="desk_list_flagged_case_studies",
    response_model=shapes.FlaggedList,
    responses=responses(400, 401, 403, 429),
)
def list_flagged(request: Request) -> Response:
    """The case studies whose every source is dead: in the version that the public reads or, where there is none, in the newest."""
    refuse_unknown(request, ())
    with resource(request, Database).reading_primary() as session:
        cases = [
            {
                "slug": stored.slug,
                "title": stored.record.title,
                "status": stored.status,
                "public": stored.published_version is not None,
                "link": _link(stored.slug),
                "sources": [_shown(source) for source in of_case],
            }
            for stored, of_case in health.flagged(session)
        ]
    return json_answer({"data": cases})


def _shown(source: ListedSource) -> dict[str, Any]:
    names = ("checked_at", "last_alive_at", "failing_since", "status_code", "moved_to", "note")
    return {
        "url": source.url,
        "health": source.health,
        **{name: getattr(source.check, name, None) for name in names},
        "case_studies": [
            {
                "slug": citation.case_study,
                "public": citation.public,
                "link": _link(citation.case_study),
            }
            for citation in source.cited_by
        ],
    }


def _link(slug: str) -> str:
    return f"/v1/admin/{KINDS['case-study'].path}/{slug}"
