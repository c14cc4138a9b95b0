"""/v1/admin: a record's life. Each state change is a resource."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlmodel import Session

from app.clock import now
from app.desk.access.dependencies import (
    WRITES,
    Body,
    Key,
    SeenVersion,
    act,
    may,
    parsed,
    request_body,
    slug_of,
)
from app.desk.access.idempotency import Answer
from app.desk.access.permissions import Editor
from app.desk.editing import drafts, history, shapes, workflow
from app.desk.editing.answers import record_answer
from app.desk.shapes import Note
from app.records.kinds import EDITABLE, KINDS
from app.records.revisions import Revision
from app.web.problem_types import responses

router = APIRouter(prefix="/v1/admin")


def _submit(
    session: Session, kind: str, slug: str, body: Note, *, seen_version: int, by: Editor
) -> Revision:
    """Ask for a review. Refused (422) with everything that publishing still needs; what the record
    refers to may be in review itself."""
    return workflow.submit(
        session, kind, slug, seen_version=seen_version, by=by, at=now(), note=body.note
    )


def _return(
    session: Session,
    kind: str,
    slug: str,
    body: shapes.RequiredNote,
    *,
    seen_version: int,
    by: Editor,
) -> Revision:
    """Give the record back to its editor, with a note that says why. Reviewers."""
    return workflow.return_(
        session, kind, slug, seen_version=seen_version, by=by, at=now(), note=body.note
    )


def _publish(
    session: Session,
    kind: str,
    slug: str,
    body: shapes.PublicationRequest,
    *,
    seen_version: int,
    by: Editor,
) -> Revision:
    """Make the newest version public. Reviewers, except the one who edited it last (four eyes); an
    admin may bypass the review with a written reason."""
    return workflow.publish(
        session,
        kind,
        slug,
        seen_version=seen_version,
        by=by,
        at=now(),
        note=body.note,
        bypass_reason=body.bypass_reason,
    )


def _withdraw(
    session: Session, kind: str, slug: str, body: shapes.Reason, *, seen_version: int, by: Editor
) -> Revision:
    """Hide the record from the public: its address answers 410 with the reason. Reviewers."""
    return workflow.withdraw(
        session, kind, slug, seen_version=seen_version, by=by, at=now(), reason=body.reason
    )


def _restore(
    session: Session, kind: str, slug: str, body: Note, *, seen_version: int, by: Editor
) -> Revision:
    """Make a draft of a withdrawn record, for a new review."""
    return workflow.restore(
        session, kind, slug, seen_version=seen_version, by=by, at=now(), note=body.note
    )


def _rename(
    session: Session, kind: str, slug: str, body: shapes.Renaming, *, seen_version: int, by: Editor
) -> Revision:
    """Give the record another slug, at once and permanently: the old address answers 308. Reviewers."""
    return drafts.rename(
        session, kind, slug, body.slug, seen_version=seen_version, by=by.label, at=now()
    )


def _revert(
    session: Session,
    kind: str,
    slug: str,
    body: shapes.Reversion,
    *,
    seen_version: int,
    by: Editor,
) -> Revision:
    """Write the content of an earlier version as a new draft. The history keeps every version."""
    return history.revert(
        session,
        kind,
        slug,
        to=body.version,
        seen_version=seen_version,
        by=by.label,
        at=now(),
        note=body.note,
    )


STEPS: tuple[tuple[str, str, str, str, type[BaseModel], Any, Callable[..., Revision]], ...] = (
    (
        "submit",
        "POST",
        "submission",
        "Submit",
        Note,
        {"note": "Figures of 2024 added."},
        _submit,
    ),
    (
        "return",
        "DELETE",
        "submission",
        "Return",
        shapes.RequiredNote,
        {"note": "The second figure needs its year."},
        _return,
    ),
    ("publish", "PUT", "publication", "Publish", shapes.PublicationRequest, {}, _publish),
    (
        "withdraw",
        "DELETE",
        "publication",
        "Withdraw",
        shapes.Reason,
        {"reason": "The district asked us to check its figures."},
        _withdraw,
    ),
    (
        "restore",
        "POST",
        "restoration",
        "Restore",
        Note,
        {"note": "Figures checked."},
        _restore,
    ),
    (
        "rename",
        "POST",
        "renaming",
        "Rename",
        shapes.Renaming,
        {"slug": "boise-community-schools-id"},
        _rename,
    ),
    ("revert", "POST", "reversion", "Revert", shapes.Reversion, {"version": 1}, _revert),
)


def _step_route(
    kind: str,
    name: str,
    method: str,
    resource: str,
    verb: str,
    body_shape: type[BaseModel],
    example: Any,
    do: Callable[..., Revision],
) -> None:
    """One state change of one kind of record."""
    named = slug_of(kind)
    permission = (
        name if name != "revert" else "write_vocabulary" if kind in drafts.VOCABULARY else "write"
    )

    def take(
        request: Request,
        slug: Annotated[str, named],
        by: Annotated[Editor, may(permission)],
        version: SeenVersion,
        body: Body,
        key: Key = None,
    ) -> Response:
        step_body = parsed(body_shape, body)

        def take_step(session: Session) -> Answer:
            revision = do(session, kind, slug, step_body, seen_version=version, by=by)
            return record_answer(session, kind, revision.slug)

        return act(request, by, key if method == "POST" else None, body, take_step)

    record_shape: Any = KINDS[kind].shape
    router.add_api_route(
        f"/{KINDS[kind].path}/{{slug}}/{resource}",
        take,
        methods=[method],
        summary=f"{verb} {KINDS[kind].with_article}",
        description=do.__doc__,
        operation_id=f"desk_{name}_{kind.replace('-', '_')}",
        response_model=shapes.RecordAnswer[record_shape],
        tags=["desk"],
        responses=responses(*WRITES),
        openapi_extra=request_body(body_shape.__name__, example),
    )


for _kind in EDITABLE:
    for _step in STEPS:
        _step_route(_kind, *_step)
