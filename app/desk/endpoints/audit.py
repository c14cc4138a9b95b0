"""/v1/admin/audit: the log, by actor, kind, action and time."""

from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from app.desk import shapes
from app.desk.endpoints.door import By, json_answer
from app.desk.endpoints.examples import AUDIT
from app.desk.endpoints.records import revision_entry
from app.errors import Fault, Invalid
from app.records import revisions
from app.records.kinds import KINDS
from app.web.parameters import refuse_unknown
from app.web.problems import responses

router = APIRouter(prefix="/v1/admin")


@router.get(
    "/audit",
    tags=["desk"],
    summary="Read the log",
    operation_id="desk_list_audit",
    response_model=shapes.RevisionList,
    responses=responses(400, 401, 403, 422, 429),
    openapi_extra={"parameters": AUDIT},
)
def list_audit(request: Request, by: By) -> Response:
    """Every change in the directory, the newest first: by whom, what, when and why."""
    by.must("read")
    query = _log_query(request)
    with request.state.database.reading() as session:
        found = revisions.audit(session, query)
    more = urlencode({**request.query_params, "before": found[-1].seq}) if len(found) == query.limit else None
    return json_answer(
        {"data": [revision_entry(revision) for revision in found], "links": {"next": f"/v1/admin/audit?{more}" if more else None}}
    )


def _log_query(request: Request) -> revisions.LogQuery:
    """The part of the log that query parameters ask for. Raises Invalid."""
    refuse_unknown(request, tuple(parameter["name"] for parameter in AUDIT))
    given = request.query_params
    faults: list[Fault] = []
    numbers: dict[str, int] = {}
    times: dict[str, datetime] = {}
    for name, most in (("before", 2**62), ("limit", 200)):
        value = given.get(name)
        if value is not None and not (value.isascii() and value.isdecimal() and 1 <= int(value[:20]) <= most):
            faults.append(Fault("out_of_range", f"{name} is a whole number from 1 to {most}", parameter=name))
        elif value is not None:
            numbers[name] = int(value)
    for name in ("since", "until"):
        if (value := given.get(name)) is not None:
            try:
                times[name] = datetime.fromisoformat(value)
                if times[name].tzinfo is None:
                    raise ValueError
            except ValueError:
                faults.append(
                    Fault("not_a_time", f"{name} is an RFC 3339 time with its zone, such as 2026-11-25T00:00:00Z", parameter=name)
                )
    if (kind := given.get("kind")) is not None and kind not in KINDS:
        faults.append(Fault("unknown_value", f"kind has no value {kind[:40]!r}", parameter="kind", allowed=tuple(KINDS)))
    faults += [
        Fault("not_text", f"{name} holds a NUL", parameter=name) for name in ("actor", "slug", "action") if "\0" in given.get(name, "")
    ]
    if faults:
        raise Invalid(faults)
    return revisions.LogQuery(
        actor=given.get("actor"),
        kind=kind,
        slug=given.get("slug"),
        action=given.get("action"),
        since=times.get("since"),
        until=times.get("until"),
        before_seq=numbers.get("before"),
        limit=numbers.get("limit", 50),
    )
