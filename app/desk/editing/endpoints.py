"""/v1/admin: records, the same operations for each kind; and the log of all changes."""

from collections.abc import Callable
from typing import Annotated, Any

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
from app.desk.editing.answers import record_answer, revision_document, revision_entry, state
from app.desk.editing.drafts import Step
from app.desk.editing.examples import EXAMPLES, PATCH_EXAMPLES
from app.desk.editing.parameters import AUDIT, SINCE, list_parameters
from app.desk.editing.vocabulary import must_write
from app.desk.shapes import next_page
from app.desk.sources import health
from app.errors import Conflict
from app.records import listing, revisions
from app.records.kinds import EDITABLE, KINDS
from app.records.revisions import Revision
from app.web.bodies import MERGE_PATCH, parse_object
from app.web.parameters import openapi, read_parameters, refuse_unknown
from app.web.problem_types import responses
from app.web.state import resource
from app.web.write_queue import WritingRoute

router = APIRouter(prefix="/v1/admin", route_class=WritingRoute)
READING = [may("read")]
Handler = Callable[..., Response]


def _list(kind: str) -> None:
    parameters = list_parameters(kind)
    path = KINDS[kind].path

    def list_records(request: Request) -> Response:
        """Every record of the kind, drafts included; discarded drafts are left out. A list by time of
        update keeps its order from page to page while records are edited."""
        query = listing.ListQuery(kind, **read_parameters(request, parameters))
        with resource(request, Database).reading_primary() as session:
            page = listing.list_records(session, query)
        more = None
        if page.place is not None:
            more = next_page(f"/v1/admin/{path}", request.query_params, after=page.place)
        return json_answer({"data": page.records, "links": {"next": more}})

    _route(
        kind,
        list_records,
        "GET",
        "",
        f"List {KINDS[kind].noun} records",
        f"list_{path.replace('-', '_')}",
        response_model=shapes.RecordList,
        openapi_extra=openapi(parameters),
        dependencies=READING,
        responses=responses(*ALWAYS, 422),
    )


def _create(kind: str) -> None:
    writing = _writing(kind)

    def create(
        request: Request, by: Annotated[Editor, writing], body: Body, key: Key = None
    ) -> Response:
        """Write a new record as a draft. It may be incomplete; `meta.needs` says what publishing
        still needs. All faults come in one answer, by JSON Pointer."""

        document = parse_object(body)
        must_write(by, kind, document.get("slug"))

        def create_record(session: Session) -> Answer:
            revision = drafts.create(session, kind, document, by=by.label, at=now())
            return record_answer(session, kind, revision.slug, status=201)

        return act(request, by, key, body, create_record)

    _route(
        kind,
        create,
        "POST",
        "",
        f"Create {KINDS[kind].with_article}",
        f"create_{_name(kind)}",
        status_code=201,
        response_model=_answer_shape(kind),
        responses=responses(400, 401, 403, 409, 413, 415, 422, 429),
        openapi_extra=request_body(KINDS[kind].shape.__name__, EXAMPLES[kind]),
    )


def _read(kind: str) -> None:
    def get(request: Request, slug: Annotated[str, slug_of(kind)]) -> Response:
        """The newest version, draft or not, with its state and what can be done next."""
        refuse_unknown(request, ())
        with resource(request, Database).reading_primary() as session:
            return answered(record_answer(session, kind, slug))

    _route(
        kind,
        get,
        "GET",
        "/{slug}",
        f"Read {KINDS[kind].with_article}",
        f"get_{_name(kind)}",
        response_model=_answer_shape(kind),
        dependencies=READING,
        responses=responses(*ALWAYS),
    )


def _replace(kind: str) -> None:
    writing = _writing(kind)

    def replace(
        request: Request,
        slug: Annotated[str, slug_of(kind)],
        by: Annotated[Editor, writing],
        version: SeenVersion,
        body: Body,
    ) -> Response:
        """Write the record whole, as a draft. What is public stays so until the draft is published.
        A stale version (412) brings the current record and a three-way comparison."""
        document = parse_object(body)
        must_write(by, kind, slug)
        with resource(request, Database).writing() as session:
            step = Step(kind, slug, version, by, now())
            revision = drafts.replace(session, step, document)
            answer = record_answer(session, kind, revision.slug)
        return answered(answer)

    _route(
        kind,
        replace,
        "PUT",
        "/{slug}",
        f"Replace {KINDS[kind].with_article}",
        f"replace_{_name(kind)}",
        response_model=_answer_shape(kind),
        responses=responses(*WRITES),
        openapi_extra=request_body(KINDS[kind].shape.__name__, EXAMPLES[kind]),
    )


def _amend(kind: str) -> None:
    writing = _writing(kind)

    def amend(
        request: Request,
        slug: Annotated[str, slug_of(kind)],
        by: Annotated[Editor, writing],
        version: SeenVersion,
        body: Annotated[bytes, Depends(patch_body)],
    ) -> Response:
        """Change parts of the record (JSON merge patch, RFC 7396): null removes a field, lists are
        replaced whole. The result is a draft."""
        patch = parse_object(body)
        must_write(by, kind, slug)
        with resource(request, Database).writing() as session:
            step = Step(kind, slug, version, by, now())
            revision = drafts.amend(session, step, patch)
            answer = record_answer(session, kind, revision.slug)
        return answered(answer)

    _route(
        kind,
        amend,
        "PATCH",
        "/{slug}",
        f"Change {KINDS[kind].with_article}",
        f"amend_{_name(kind)}",
        response_model=_answer_shape(kind),
        responses=responses(*WRITES),
        openapi_extra=request_body({"type": "object"}, PATCH_EXAMPLES[kind], *MERGE_PATCH),
    )


def _discard(kind: str) -> None:
    writing = _writing(kind)

    def discard(
        request: Request,
        slug: Annotated[str, slug_of(kind)],
        by: Annotated[Editor, writing],
        version: SeenVersion,
    ) -> Response:
        """Delete a draft that was never public. Its slug and LEAID are free again; its revisions
        stay in the log. Answers the change, with the record as it was."""
        refuse_unknown(request, ())
        must_write(by, kind, slug)
        with resource(request, Database).writing() as session:
            revision = drafts.discard(session, Step(kind, slug, version, by, now()))
        return json_answer({"data": revision_document(revision)})

    _route(
        kind,
        discard,
        "DELETE",
        "/{slug}",
        f"Discard {KINDS[kind].with_article} draft",
        f"discard_{_name(kind)}",
        response_model=shapes.RevisionAnswer,
        responses=responses(*ALWAYS, 409, 412, 428),
    )


def _preview(kind: str) -> None:
    def preview(request: Request, slug: Annotated[str, slug_of(kind)]) -> Response:
        """The document of the newest version exactly as the public would get it."""
        refuse_unknown(request, ())
        with resource(request, Database).reading_primary() as session:
            rendering = history.rendering(session, kind, slug)
        if rendering is None:
            raise Conflict("This record is too incomplete for a preview. Add a summary first.")
        return json_answer({"data": rendering})

    _route(
        kind,
        preview,
        "GET",
        "/{slug}/preview",
        f"Preview {KINDS[kind].with_article}",
        f"preview_{_name(kind)}",
        response_model=shapes.PreviewAnswer,
        dependencies=READING,
        responses=responses(*ALWAYS, 409),
    )


def _review(kind: str) -> None:
    def review(request: Request, slug: Annotated[str, slug_of(kind)]) -> Response:
        """Everything a reviewer needs: the differences from the public version, the public
        rendering, claims whose source changed, and the checks passed and failed."""
        refuse_unknown(request, ())
        with resource(request, Database).reading_primary() as session:
            document = history.review(session, kind, slug)
            stored = drafts.get(session, kind, slug)
            warnings = health.warnings(session, stored)
        data = {
            "state": state(stored),
            "changes": document.changes,
            "rendering": document.rendering,
            "claims_with_new_sources": document.claims_with_new_sources,
            "passed": document.passed,
            "failed": [fault.as_dict() for fault in document.failed],
            "warnings": [fault.as_dict() for fault in warnings],
        }
        return json_answer({"data": data})

    _route(
        kind,
        review,
        "GET",
        "/{slug}/review",
        f"Review {KINDS[kind].with_article}",
        f"review_{_name(kind)}",
        response_model=shapes.ReviewAnswer,
        dependencies=READING,
        responses=responses(*ALWAYS),
    )


def _list_revisions(kind: str) -> None:
    def list_revisions(request: Request, slug: Annotated[str, slug_of(kind)]) -> Response:
        """Every change of the record, newest first, with who, when and why; also of a draft that
        was discarded."""
        refuse_unknown(request, ())
        with resource(request, Database).reading_primary() as session:
            changes = history.list_revisions(session, kind, slug)
        data = [revision_entry(revision) for revision in changes]
        return json_answer({"data": data, "links": {"next": None}})

    _route(
        kind,
        list_revisions,
        "GET",
        "/{slug}/revisions",
        f"List the revisions of {KINDS[kind].with_article}",
        f"list_{_name(kind)}_revisions",
        response_model=shapes.RevisionList,
        dependencies=READING,
        responses=responses(*ALWAYS),
    )


def _read_revision(kind: str) -> None:
    def get_revision(
        request: Request, slug: Annotated[str, slug_of(kind)], version: Version
    ) -> Response:
        """One change, and the whole record after it."""
        refuse_unknown(request, ())
        with resource(request, Database).reading_primary() as session:
            revision = history.read(session, kind, slug, version)
        return json_answer({"data": revision_document(revision)})

    _route(
        kind,
        get_revision,
        "GET",
        "/{slug}/revisions/{version}",
        f"Read a revision of {KINDS[kind].with_article}",
        f"get_{_name(kind)}_revision",
        response_model=shapes.RevisionAnswer,
        dependencies=READING,
        responses=responses(*ALWAYS, 422),
    )


def _compare(kind: str) -> None:
    def compare(
        request: Request, slug: Annotated[str, slug_of(kind)], version: Version
    ) -> Response:
        """How an earlier version (`since`, by default the one before) became this one, by field."""
        since = read_parameters(request, SINCE).get("since", max(1, version - 1))
        with resource(request, Database).reading_primary() as session:
            fields = history.compare(session, kind, slug, before=since, after=version)
        return json_answer({"data": {"before": since, "after": version, "fields": fields}})

    _route(
        kind,
        compare,
        "GET",
        "/{slug}/revisions/{version}/changes",
        f"Compare two revisions of {KINDS[kind].with_article}",
        f"compare_{_name(kind)}_revisions",
        response_model=shapes.ComparisonAnswer,
        openapi_extra=openapi(SINCE),
        dependencies=READING,
        responses=responses(*ALWAYS, 422),
    )


def _route(
    kind: str,
    handler: Handler,
    method: str,
    path: str,
    summary: str,
    operation: str,
    **described: Any,
) -> None:
    router.add_api_route(
        f"/{KINDS[kind].path}{path}",
        handler,
        methods=[method],
        summary=summary,
        operation_id=f"desk_{operation}",
        tags=["desk"],
        **described,
    )


def _name(kind: str) -> str:
    return kind.replace("-", "_")


def _writing(kind: str) -> Any:
    return may("write_vocabulary" if kind in drafts.VOCABULARY else "write")


def _answer_shape(kind: str) -> Any:
    shape: Any = KINDS[kind].shape
    return shapes.RecordAnswer[shape]


OPERATIONS = (
    _list,
    _create,
    _read,
    _replace,
    _amend,
    _discard,
    _preview,
    _review,
    _list_revisions,
    _read_revision,
    _compare,
)
for _kind in EDITABLE:
    for _operation in OPERATIONS:
        _operation(_kind)


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
    """Every change in the directory, newest first: by whom, what, when and why."""
    values = read_parameters(request, AUDIT)
    query = revisions.LogQuery(before_seq=values.pop("before", None), **values)
    with resource(request, Database).reading_primary() as session:
        changes: list[Revision] = revisions.audit(session, query)
    more = None
    if len(changes) == query.limit:
        more = next_page("/v1/admin/audit", request.query_params, before=changes[-1].seq)
    data = [revision_entry(revision) for revision in changes]
    return json_answer({"data": data, "links": {"next": more}})
