"""/v1/admin: a record's life. Each state change is a resource."""

from collections.abc import Callable
from dataclasses import dataclass
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
from app.desk.editing.drafts import Step
from app.desk.editing.vocabulary import must_write
from app.desk.shapes import Note
from app.records.kinds import EDITABLE, KINDS, RENAMABLE
from app.records.revisions import Revision
from app.web.problem_types import responses
from app.web.write_queue import WritingRoute

router = APIRouter(prefix="/v1/admin", route_class=WritingRoute)


def _submit(session: Session, step: Step, body: Note) -> Revision:
    """Ask for a review. Refused (422) with everything that publishing still needs; what the record
    refers to may be in review itself."""
    return workflow.submit(session, step, note=body.note)


def _return(session: Session, step: Step, body: shapes.RequiredNote) -> Revision:
    """Give the record back to its editor, with a note that says why. Reviewers."""
    return workflow.return_(session, step, note=body.note)


def _publish(session: Session, step: Step, body: shapes.PublicationRequest) -> Revision:
    """Make the newest version public. Reviewers, except those who wrote, renamed or
    imported part of it (four eyes); an
    admin may bypass the review with a written reason."""
    return workflow.publish(session, step, note=body.note, bypass_reason=body.bypass_reason)


def _withdraw(session: Session, step: Step, body: shapes.Withdrawal) -> Revision:
    """Hide the record from the public: its address answers 410 with the reason. Reviewers."""
    return workflow.withdraw(session, step, reason=body.reason)


def _restore(session: Session, step: Step, body: Note) -> Revision:
    """Make a draft of a withdrawn record, for a new review."""
    return workflow.restore(session, step, note=body.note)


def _rename(session: Session, step: Step, body: shapes.Renaming) -> Revision:
    """Give the record another slug, at once and permanently: the old address answers 308. Reviewers."""
    return drafts.rename(session, step, body.slug)


def _revert(session: Session, step: Step, body: shapes.Reversion) -> Revision:
    """Write the content of an earlier version as a new draft. The history keeps every version."""
    return history.revert(session, step, to=body.version, note=body.note)


@dataclass(frozen=True, slots=True)
class _Route:
    """How a step is taken over HTTP. The docstring of `take` describes it in OpenAPI."""

    name: str
    method: str
    resource: str
    body: type[BaseModel]
    example: dict[str, Any]
    take: Callable[..., Revision]


ROUTES = (
    _Route("submit", "POST", "submission", Note, {"note": "Figures of 2024 added."}, _submit),
    _Route(
        "return",
        "DELETE",
        "submission",
        shapes.RequiredNote,
        {"note": "The second figure needs its year."},
        _return,
    ),
    _Route("publish", "PUT", "publication", shapes.PublicationRequest, {}, _publish),
    _Route(
        "withdraw",
        "DELETE",
        "publication",
        shapes.Withdrawal,
        {"reason": "The district asked us to check its figures."},
        _withdraw,
    ),
    _Route("restore", "POST", "restoration", Note, {"note": "Figures checked."}, _restore),
    _Route(
        "rename",
        "POST",
        "renaming",
        shapes.Renaming,
        {"slug": "boise-community-schools-id"},
        _rename,
    ),
    _Route("revert", "POST", "reversion", shapes.Reversion, {"version": 1}, _revert),
)


def _permission(name: str, kind: str) -> str:
    """The permission that a step requires; reverting is writing."""
    if name != "revert":
        return name
    return "write_vocabulary" if kind in drafts.VOCABULARY else "write"


def _add_route(kind: str, route: _Route) -> None:
    """One state change of one kind of record."""

    def take(
        request: Request,
        slug: Annotated[str, slug_of(kind)],
        by: Annotated[Editor, may(_permission(route.name, kind))],
        version: SeenVersion,
        body: Body,
        key: Key = None,
    ) -> Response:
        values = parsed(route.body, body)

        def take_step(session: Session) -> Answer:
            if route.name == "revert":
                must_write(by, kind, slug)
            revision = route.take(session, Step(kind, slug, version, by, now()), values)
            return record_answer(session, kind, revision.slug)

        return act(request, by, key, body, take_step)

    record_shape: Any = KINDS[kind].shape
    router.add_api_route(
        f"/{KINDS[kind].path}/{{slug}}/{route.resource}",
        take,
        methods=[route.method],
        summary=f"{route.name.capitalize()} {KINDS[kind].with_article}",
        description=route.take.__doc__,
        operation_id=f"desk_{route.name}_{kind.replace('-', '_')}",
        response_model=shapes.RecordAnswer[record_shape],
        tags=["desk"],
        responses=responses(*WRITES),
        openapi_extra=request_body(route.body.__name__, route.example),
    )


for _kind in EDITABLE:
    for _route in ROUTES:
        if _route.name != "rename" or _kind in RENAMABLE:
            _add_route(_kind, _route)
