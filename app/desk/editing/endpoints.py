"""/v1/admin: records. The same operations made once for each kind."""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from app.clock import now
from app.database import Database
from app.desk.access.dependencies import (
    ALWAYS,
    WRITES,
    Body,
    Key,
    SeenVersion,
    Version,
    act,
    answered,
    json_answer,
    may,
    patch_body,
    request_body,
    slug_of,
)
from app.desk.access.idempotency import Answer
from app.desk.access.permissions import Editor
from app.desk.editing import drafts, history, shapes
from app.desk.editing.answers import record_answer, state
from app.desk.editing.examples import EXAMPLES, PATCH_EXAMPLES
from app.desk.sources import health
from app.errors import Conflict
from app.records import listing, revisions
from app.records.kinds import EDITABLE, KINDS
from app.records.revisions import Revision
from app.records.tables import STATUSES
from app.web.bodies import MERGE_PATCH, parse_object
from app.web.parameters import (
    limit,
    moment,
    one_of,
    openapi,
    read_parameters,
    refuse_unknown,
    text,
    whole_number,
)
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter(prefix="/v1/admin")
READING = [may("read")]
LIST = (
    one_of("status", STATUSES, "Only records in this state.", "in_review"),
    text("owner", 200, "Only records whose content this actor changed last.", "seed"),
    text("q", 200, "Only records that contain all these words.", "boise"),
    text("after", 200, "Only records after this slug; `links.next` carries it.", "a"),
    limit("Records"),
)
SINCE = (whole_number("since", 1, 2**31 - 1, "The older version; by default the one before.", 1),)
AUDIT = (
    text("actor", 200, "Only changes by this actor.", "seed"),
    one_of("kind", tuple(KINDS), "Only changes to this kind of record.", "case-study"),
    text("slug", 200, "Only changes to the record with this slug.", "boise-id"),
    text("action", 200, "Only this action.", "publish"),
    moment("since", "Only changes at or after this time.", "2026-11-01T00:00:00Z"),
    moment("until", "Only changes before this time.", "2027-01-01T00:00:00Z"),
    whole_number(
        "before", 1, 2**62, "Only changes before this number; `links.next` carries it.", 100_000
    ),
    limit("Changes"),
)


def _record_routes(kind: str) -> None:
    """The operations on one kind of record."""
    noun, path = KINDS[kind].noun, f"/{KINDS[kind].path}"
    name, plural = kind.replace("-", "_"), KINDS[kind].path.replace("-", "_")
    shape = KINDS[kind].shape
    answer_shape = shapes.RecordAnswer[shape]  # type: ignore[valid-type]
    body = request_body(shape.__name__, EXAMPLES[kind])
    named = slug_of(kind)
    writing = may("write_vocabulary" if kind in drafts.VOCABULARY else "write")

    def write(request: Request, do: Callable[[Session], Revision]) -> Response:
        with resource(request, Database).writing() as session:
            revision = do(session)
            answer = record_answer(session, kind, revision.slug)
        return answered(answer)

    @router.get(
        path,
        summary=f"List {noun} records",
        operation_id=f"desk_list_{plural}",
        response_model=shapes.RecordList,
        openapi_extra=openapi(LIST),
        dependencies=READING,
        tags=["desk"],
        responses=responses(*ALWAYS, 422),
    )
    def list_records(request: Request) -> Response:
        """Every record of the kind, drafts included, by slug."""
        query = listing.ListQuery(kind, **read_parameters(request, LIST))
        with resource(request, Database).reading_primary() as session:
            found = listing.list_records(session, query)
        more = (
            urlencode({**request.query_params, "after": found[-1].slug})
            if len(found) == query.limit
            else None
        )
        return json_answer(
            {"data": found, "links": {"next": f"/v1/admin{path}?{more}" if more else None}}
        )

    @router.post(
        path,
        status_code=201,
        summary=f"Create a {noun}",
        operation_id=f"desk_create_{name}",
        response_model=answer_shape,
        tags=["desk"],
        responses=responses(400, 401, 403, 409, 413, 415, 422, 429),
        openapi_extra=body,
    )
    def create(
        request: Request, by: Annotated[Editor, writing], body: Body, key: Key = None
    ) -> Response:
        """Write a new record as a draft. It may be incomplete; `meta.needs` says what publishing still takes. All faults come in one answer, by JSON Pointer."""

        def do(session: Session) -> Answer:
            revision = drafts.create(session, kind, parse_object(body), by=by.label, at=now())
            return record_answer(session, kind, revision.slug, status=201)

        return act(request, by, key, body, do)

    @router.get(
        path + "/{slug}",
        summary=f"Read a {noun}",
        operation_id=f"desk_get_{name}",
        response_model=answer_shape,
        dependencies=READING,
        tags=["desk"],
        responses=responses(*ALWAYS),
    )
    def get(request: Request, slug: Annotated[str, named]) -> Response:
        """The newest version, draft or not, with its state and what may come next."""
        refuse_unknown(request, ())
        with resource(request, Database).reading_primary() as session:
            return answered(record_answer(session, kind, slug))

    @router.put(
        path + "/{slug}",
        summary=f"Replace a {noun}",
        operation_id=f"desk_replace_{name}",
        response_model=answer_shape,
        tags=["desk"],
        responses=responses(*WRITES),
        openapi_extra=body,
    )
    def replace(
        request: Request,
        slug: Annotated[str, named],
        by: Annotated[Editor, writing],
        version: SeenVersion,
        body: Body,
    ) -> Response:
        """Write the record whole, as a draft. What is public stays so until the draft is published. A stale version (412) brings the current record and a three-way comparison."""
        return write(
            request,
            lambda session: drafts.replace(
                session, kind, slug, parse_object(body), seen_version=version, by=by.label, at=now()
            ),
        )

    @router.patch(
        path + "/{slug}",
        summary=f"Change a {noun}",
        operation_id=f"desk_amend_{name}",
        response_model=answer_shape,
        tags=["desk"],
        responses=responses(*WRITES),
        openapi_extra=request_body({"type": "object"}, PATCH_EXAMPLES[kind], *MERGE_PATCH),
    )
    def amend(
        request: Request,
        slug: Annotated[str, named],
        by: Annotated[Editor, writing],
        version: SeenVersion,
        body: Annotated[bytes, Depends(patch_body)],
    ) -> Response:
        """Change parts of the record (JSON merge patch, RFC 7396): null takes a field away, lists are replaced whole. The result is a draft."""
        return write(
            request,
            lambda session: drafts.amend(
                session, kind, slug, parse_object(body), seen_version=version, by=by.label, at=now()
            ),
        )

    @router.get(
        path + "/{slug}/preview",
        summary=f"Preview a {noun}",
        operation_id=f"desk_preview_{name}",
        response_model=shapes.PreviewAnswer,
        dependencies=READING,
        tags=["desk"],
        responses=responses(*ALWAYS, 409),
    )
    def preview(request: Request, slug: Annotated[str, named]) -> Response:
        """The document of the newest version exactly as the public would get it."""
        refuse_unknown(request, ())
        with resource(request, Database).reading_primary() as session:
            rendering = history.rendering(session, kind, slug)
        if rendering is None:
            raise Conflict(
                "it lacks what a public document takes; meta.needs of the record says what"
            )
        return json_answer({"data": rendering})

    @router.get(
        path + "/{slug}/review",
        summary=f"Review a {noun}",
        operation_id=f"desk_review_{name}",
        response_model=shapes.ReviewAnswer,
        dependencies=READING,
        tags=["desk"],
        responses=responses(*ALWAYS),
    )
    def review(request: Request, slug: Annotated[str, named]) -> Response:
        """What a reviewer must see in one document: the differences to what is public, the public rendering, claims whose source changed, and the checks passed and failed."""
        refuse_unknown(request, ())
        with resource(request, Database).reading_primary() as session:
            found = history.review(session, kind, slug)
            kept = drafts.get(session, kind, slug)
            warnings = health.warnings(session, kept)
        failed = [fault.as_dict() for fault in found.failed]
        return json_answer(
            {
                "data": {
                    "state": state(kept),
                    "changes": found.changes,
                    "rendering": found.rendering,
                    "claims_with_new_sources": found.claims_with_new_sources,
                    "passed": found.passed,
                    "failed": failed,
                    "warnings": [fault.as_dict() for fault in warnings],
                }
            }
        )

    @router.get(
        path + "/{slug}/revisions",
        summary=f"List the revisions of a {noun}",
        operation_id=f"desk_list_{name}_revisions",
        response_model=shapes.RevisionList,
        dependencies=READING,
        tags=["desk"],
        responses=responses(*ALWAYS),
    )
    def list_revisions(request: Request, slug: Annotated[str, named]) -> Response:
        """Every change of the record, the newest first, with who, when and why."""
        refuse_unknown(request, ())
        with resource(request, Database).reading_primary() as session:
            found = history.list_(session, kind, slug)
        return json_answer(
            {"data": [revision_entry(revision) for revision in found], "links": {"next": None}}
        )

    @router.get(
        path + "/{slug}/revisions/{version}",
        summary=f"Read a revision of a {noun}",
        operation_id=f"desk_get_{name}_revision",
        response_model=shapes.RevisionAnswer,
        dependencies=READING,
        tags=["desk"],
        responses=responses(*ALWAYS, 422),
    )
    def get_revision(request: Request, slug: Annotated[str, named], version: Version) -> Response:
        """One change, and the whole record after it."""
        refuse_unknown(request, ())
        with resource(request, Database).reading_primary() as session:
            revision = history.read(session, kind, slug, version)
        return json_answer({"data": {**revision_entry(revision), "document": revision.document}})

    @router.get(
        path + "/{slug}/revisions/{version}/changes",
        summary=f"Compare two revisions of a {noun}",
        operation_id=f"desk_compare_{name}_revisions",
        response_model=shapes.ComparisonAnswer,
        openapi_extra=openapi(SINCE),
        dependencies=READING,
        tags=["desk"],
        responses=responses(*ALWAYS, 422),
    )
    def compare(request: Request, slug: Annotated[str, named], version: Version) -> Response:
        """How an earlier version (`since`, by default the one before) became this one: field by field."""
        since = read_parameters(request, SINCE).get("since", max(1, version - 1))
        with resource(request, Database).reading_primary() as session:
            fields = history.compare(session, kind, slug, before=since, after=version)
        return json_answer({"data": {"before": since, "after": version, "fields": fields}})


def revision_entry(revision: Revision) -> dict[str, Any]:
    """A change as a list shows it."""
    return {name: getattr(revision, name) for name in shapes.RevisionEntry.model_fields}


for _kind in EDITABLE:
    _record_routes(_kind)


@router.get(
    "/audit",
    tags=["desk"],
    summary="Read the log",
    operation_id="desk_list_audit",
    response_model=shapes.RevisionList,
    responses=responses(400, 401, 403, 422, 429),
    openapi_extra=openapi(AUDIT),
    dependencies=READING,
)
def list_audit(request: Request) -> Response:
    """Every change in the directory, the newest first: by whom, what, when and why."""
    given = read_parameters(request, AUDIT)
    query = revisions.LogQuery(before_seq=given.pop("before", None), **given)
    with resource(request, Database).reading_primary() as session:
        found = revisions.audit(session, query)
    more = (
        urlencode({**request.query_params, "before": found[-1].seq})
        if len(found) == query.limit
        else None
    )
    return json_answer(
        {
            "data": [revision_entry(revision) for revision in found],
            "links": {"next": f"/v1/admin/audit?{more}" if more else None},
        }
    )
