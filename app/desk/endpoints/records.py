"""/v1/admin: records. The same operations made once for each kind."""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from app.desk import drafts, history, shapes
from app.desk.access import now
from app.desk.endpoints.door import (
    ALWAYS,
    PATHS,
    WRITES,
    Body,
    By,
    Key,
    SeenVersion,
    Slug,
    Version,
    act,
    answered,
    json_answer,
    patch_body,
    record_answer,
    request_body,
    state,
)
from app.desk.endpoints.examples import EXAMPLES, LIST, PATCH_EXAMPLES, SINCE
from app.desk.idempotency import Answer
from app.errors import Conflict, Fault, Invalid
from app.records import listing
from app.records.kinds import KINDS
from app.records.revisions import Revision
from app.records.tables import STATUSES
from app.web.bodies import MERGE_PATCH, parse_object
from app.web.parameters import refuse_unknown
from app.web.problems import error_parts, responses

router = APIRouter(prefix="/v1/admin")


def _record_routes(kind: str) -> None:
    """The operations on one kind of record."""
    noun, path = kind.replace("_", " "), f"/{PATHS[kind]}"
    shape = KINDS[kind].shape
    answer_shape = shapes.RecordAnswer[shape]  # type: ignore[valid-type]
    body = request_body(shape.__name__, EXAMPLES[kind])
    permission = "write_vocabulary" if kind in drafts.VOCABULARY else "write"

    def write(request: Request, do: Callable[[Session], Revision]) -> Response:
        with request.state.database.writing() as session:
            revision = do(session)
            answer = record_answer(session, kind, revision.slug)
        return answered(answer)

    @router.get(
        path,
        summary=f"List {noun} records",
        operation_id=f"desk_list_{kind}",
        response_model=shapes.RecordList,
        openapi_extra={"parameters": LIST},
        tags=["desk"],
        responses=responses(*ALWAYS, 422),
    )
    def list_records(request: Request, by: By) -> Response:
        """Every record of the kind, drafts included, by slug."""
        by.must("read")
        query = _listed_query(request, kind)
        with request.state.database.reading() as session:
            found = listing.list_records(session, query)
        more = urlencode({**request.query_params, "after": found[-1].slug}) if len(found) == query.limit else None
        return json_answer({"data": found, "links": {"next": f"/v1/admin{path}?{more}" if more else None}})

    @router.post(
        path,
        status_code=201,
        summary=f"Create a {noun}",
        operation_id=f"desk_create_{kind}",
        response_model=answer_shape,
        tags=["desk"],
        responses=responses(400, 401, 403, 409, 413, 415, 422, 429),
        openapi_extra=body,
    )
    def create(request: Request, by: By, body: Body, key: Key = None) -> Response:
        """Write a new record as a draft. It may be incomplete; `meta.needs` says what publishing still takes. All faults come in one answer, by JSON Pointer."""
        by.must(permission)

        def do(session: Session) -> Answer:
            revision = drafts.create(session, kind, parse_object(body), by=by.label, at=now())
            return record_answer(session, kind, revision.slug, status=201)

        return act(request, by, key, body, do)

    @router.get(
        path + "/{slug}",
        summary=f"Read a {noun}",
        operation_id=f"desk_get_{kind}",
        response_model=answer_shape,
        tags=["desk"],
        responses=responses(*ALWAYS),
    )
    def get(request: Request, slug: Slug, by: By) -> Response:
        """The newest version, draft or not, with its state and what may come next."""
        by.must("read")
        refuse_unknown(request, ())
        with request.state.database.reading() as session:
            return answered(record_answer(session, kind, slug))

    @router.put(
        path + "/{slug}",
        summary=f"Replace a {noun}",
        operation_id=f"desk_replace_{kind}",
        response_model=answer_shape,
        tags=["desk"],
        responses=responses(*WRITES),
        openapi_extra=body,
    )
    def replace(request: Request, slug: Slug, by: By, version: SeenVersion, body: Body) -> Response:
        """Write the record whole, as a draft. What is public stays so until the draft is published. A stale version (412) brings the current record and a three-way comparison."""
        by.must(permission)
        return write(
            request,
            lambda session: drafts.replace(session, kind, slug, parse_object(body), seen_version=version, by=by.label, at=now()),
        )

    @router.patch(
        path + "/{slug}",
        summary=f"Change a {noun}",
        operation_id=f"desk_amend_{kind}",
        response_model=answer_shape,
        tags=["desk"],
        responses=responses(*WRITES),
        openapi_extra=request_body({"type": "object"}, PATCH_EXAMPLES[kind], *MERGE_PATCH),
    )
    def amend(request: Request, slug: Slug, by: By, version: SeenVersion, body: Annotated[bytes, Depends(patch_body)]) -> Response:
        """Change parts of the record (JSON merge patch, RFC 7396): null takes a field away, lists are replaced whole. The result is a draft."""
        by.must(permission)
        return write(
            request, lambda session: drafts.amend(session, kind, slug, parse_object(body), seen_version=version, by=by.label, at=now())
        )

    @router.get(
        path + "/{slug}/preview",
        summary=f"Preview a {noun}",
        operation_id=f"desk_preview_{kind}",
        response_model=shapes.PreviewAnswer,
        tags=["desk"],
        responses=responses(*ALWAYS, 409),
    )
    def preview(request: Request, slug: Slug, by: By) -> Response:
        """The document of the newest version exactly as the public would get it."""
        by.must("read")
        refuse_unknown(request, ())
        with request.state.database.reading() as session:
            rendering = history.rendering(session, kind, slug)
        if rendering is None:
            raise Conflict("it lacks what a public document takes; meta.needs of the record says what")
        return json_answer({"data": rendering})

    @router.get(
        path + "/{slug}/review",
        summary=f"Review a {noun}",
        operation_id=f"desk_review_{kind}",
        response_model=shapes.ReviewAnswer,
        tags=["desk"],
        responses=responses(*ALWAYS),
    )
    def review(request: Request, slug: Slug, by: By) -> Response:
        """What a reviewer must see in one document: the differences to what is public, the public rendering, claims whose source changed, and the checks passed and failed."""
        by.must("read")
        refuse_unknown(request, ())
        with request.state.database.reading() as session:
            found = history.review(session, kind, slug)
            kept = drafts.get(session, kind, slug)
        failed = [error_parts(fault) for fault in found.failed]
        return json_answer(
            {
                "data": {
                    "state": state(kept),
                    "changes": found.changes,
                    "rendering": found.rendering,
                    "claims_with_new_sources": found.claims_with_new_sources,
                    "passed": found.passed,
                    "failed": failed,
                }
            }
        )

    @router.get(
        path + "/{slug}/revisions",
        summary=f"List the revisions of a {noun}",
        operation_id=f"desk_list_{kind}_revisions",
        response_model=shapes.RevisionList,
        tags=["desk"],
        responses=responses(*ALWAYS),
    )
    def list_revisions(request: Request, slug: Slug, by: By) -> Response:
        """Every change of the record, the newest first, with who, when and why."""
        by.must("read")
        refuse_unknown(request, ())
        with request.state.database.reading() as session:
            found = history.list_(session, kind, slug)
        return json_answer({"data": [revision_entry(revision) for revision in found], "links": {"next": None}})

    @router.get(
        path + "/{slug}/revisions/{version}",
        summary=f"Read a revision of a {noun}",
        operation_id=f"desk_get_{kind}_revision",
        response_model=shapes.RevisionAnswer,
        tags=["desk"],
        responses=responses(*ALWAYS, 422),
    )
    def get_revision(request: Request, slug: Slug, version: Version, by: By) -> Response:
        """One change, and the whole record after it."""
        by.must("read")
        refuse_unknown(request, ())
        with request.state.database.reading() as session:
            revision = history.read(session, kind, slug, version)
        return json_answer({"data": {**revision_entry(revision), "document": revision.document}})

    @router.get(
        path + "/{slug}/revisions/{version}/changes",
        summary=f"Compare two revisions of a {noun}",
        operation_id=f"desk_compare_{kind}_revisions",
        response_model=shapes.ComparisonAnswer,
        openapi_extra={"parameters": SINCE},
        tags=["desk"],
        responses=responses(*ALWAYS, 422),
    )
    def compare(request: Request, slug: Slug, version: Version, by: By) -> Response:
        """How an earlier version (`since`, by default the one before) became this one: as a JSON Patch (RFC 6902), and field by field."""
        by.must("read")
        refuse_unknown(request, ("since",))
        since = request.query_params.get("since", str(max(1, version - 1)))
        if not (since.isascii() and since.isdecimal() and 1 <= int(since) < 2**31):
            raise Invalid([Fault("out_of_range", "since is the number of a version", parameter="since")])
        with request.state.database.reading() as session:
            patch, fields = history.compare(session, kind, slug, before=int(since), after=version)
        return json_answer({"data": {"before": int(since), "after": version, "patch": patch, "fields": fields}})


def _listed_query(request: Request, kind: str) -> listing.ListQuery:
    """The list that query parameters ask for. Raises Invalid."""
    refuse_unknown(request, tuple(parameter["name"] for parameter in LIST))
    given = request.query_params
    faults = []
    if (status := given.get("status")) is not None and status not in STATUSES:
        faults.append(Fault("unknown_value", f"status has no value {status[:40]!r}", parameter="status", allowed=STATUSES))
    if not (limit := given.get("limit", "50")).isdecimal() or not limit.isascii() or not 1 <= int(limit) <= 200:
        faults.append(Fault("out_of_range", "limit is a whole number from 1 to 200", parameter="limit"))
    faults += [
        Fault("not_text", f"{name} is a text of up to 200 characters", parameter=name)
        for name in ("q", "owner", "after")
        if (value := given.get(name)) is not None and (len(value) > 200 or "\0" in value)
    ]
    if faults:
        raise Invalid(faults)
    return listing.ListQuery(kind, status, given.get("owner"), given.get("q"), given.get("after"), int(limit))


def revision_entry(revision: Revision) -> dict[str, Any]:
    """A change as a list shows it."""
    return {name: getattr(revision, name) for name in shapes.RevisionEntry.model_fields}


for _kind in PATHS:
    _record_routes(_kind)
