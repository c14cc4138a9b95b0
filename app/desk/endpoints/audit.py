"""/v1/admin/audit: the log, by actor, kind, action and time."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from app.desk import shapes
from app.desk.endpoints.door import json_answer, may
from app.desk.endpoints.examples import AUDIT
from app.desk.endpoints.records import revision_entry
from app.records import revisions
from app.records.kinds import KINDS
from app.web.parameters import moment, one_of, read_parameters, text, whole_number
from app.web.problems import responses

router = APIRouter(prefix="/v1/admin", dependencies=[may("read")])
READERS = {
    "actor": text("actor", 200),
    "kind": one_of("kind", tuple(KINDS)),
    "slug": text("slug", 200),
    "action": text("action", 200),
    "since": moment("since"),
    "until": moment("until"),
    "before": whole_number("before", 1, 2**62),
    "limit": whole_number("limit", 1, 200),
}


@router.get(
    "/audit",
    tags=["desk"],
    summary="Read the log",
    operation_id="desk_list_audit",
    response_model=shapes.RevisionList,
    responses=responses(400, 401, 403, 422, 429),
    openapi_extra={"parameters": AUDIT},
)
def list_audit(request: Request) -> Response:
    """Every change in the directory, the newest first: by whom, what, when and why."""
    given = read_parameters(request, READERS)
    query = revisions.LogQuery(before_seq=given.pop("before", None), **given)
    with request.state.database.reading() as session:
        found = revisions.audit(session, query)
    more = urlencode({**request.query_params, "before": found[-1].seq}) if len(found) == query.limit else None
    return json_answer(
        {"data": [revision_entry(revision) for revision in found], "links": {"next": f"/v1/admin/audit?{more}" if more else None}}
    )
