"""/v1/admin/keys, where administrators manage keys, and /v1/admin/whoami, which describes one's own."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session

from app.clock import now
from app.database import Database
from app.desk.access import keys, shapes
from app.desk.access.dependencies import Body, Key, act, json_answer, may, parsed, request_body
from app.desk.access.idempotency import Answer
from app.desk.access.key_ring import KeyRing
from app.desk.access.keys import ApiKeyRow
from app.desk.access.permissions import PERMISSIONS, Editor
from app.errors import Fault, Invalid
from app.web.parameters import refuse_unknown
from app.web.problem_types import responses
from app.web.state import resource
from app.web.write_queue import WritingRoute

MANAGING = may("manage_keys")
router = APIRouter(prefix="/v1/admin", tags=["desk"], route_class=WritingRoute)
EXAMPLE = {"label": "ada@example.org", "role": "editor", "expires_at": "2027-12-31T00:00:00Z"}


@router.get(
    "/whoami",
    summary="Read your own key",
    operation_id="desk_whoami",
    response_model=shapes.WhoAmIAnswer,
    responses=responses(400, 401, 403, 429),
)
def whoami(request: Request, by: Annotated[Editor, may("read")]) -> Response:
    """The label and role of the key that sent the request, what it may do, and when it expires."""
    refuse_unknown(request, ())
    with resource(request, Database).reading_primary() as session:
        expires_at = keys.get(session, by.key_id).expires_at
    permissions = [permission for permission in PERMISSIONS if by.may(permission)]
    data = {"label": by.label, "role": by.role, "permissions": permissions}
    return json_answer({"data": {**data, "expires_at": expires_at}})


@router.get(
    "/keys",
    summary="List the keys",
    operation_id="desk_list_keys",
    dependencies=[MANAGING],
    response_model=shapes.KeyList,
    responses=responses(400, 401, 403, 429),
)
def list_keys(request: Request) -> Response:
    """Every key, revoked ones too: its role, holder, expiry and last use, and who made and revoked
    it, when. Never its secret. Admins."""
    refuse_unknown(request, ())
    uses = resource(request, KeyRing).used_at()
    with resource(request, Database).reading_primary() as session:
        data = [_shown(row) for row in keys.list_keys(session)]
    for shown in data:
        shown["used_at"] = uses.get(shown["id"], shown["used_at"])
    return json_answer({"data": data})


@router.post(
    "/keys",
    status_code=201,
    summary="Create a key",
    operation_id="desk_create_key",
    response_model=shapes.NewKeyAnswer,
    responses=responses(400, 401, 403, 409, 413, 415, 422, 429),
    openapi_extra=request_body("KeyRequest", EXAMPLE),
)
def create_key(
    request: Request, by: Annotated[Editor, MANAGING], body: Body, key: Key = None
) -> Response:
    """Create a key. Only this answer holds its secret. Idempotency-Key is refused, because the
    answer, secret included, would have to be stored. Admins."""
    if key is not None:
        detail = (
            "This endpoint does not take an Idempotency-Key, because its answer holds a secret."
        )
        raise Invalid([Fault("not_taken", detail, parameter="Idempotency-Key")])
    asked_for = parsed(shapes.KeyRequest, body)
    at = now()
    if asked_for.expires_at is not None and asked_for.expires_at <= at:
        detail = "expires_at is in the past. Give a later time, or leave it out."
        raise Invalid([Fault("out_of_range", detail, pointer="/expires_at")])

    def create(session: Session) -> Answer:
        row, secret = keys.issue(
            session,
            label=asked_for.label,
            role=asked_for.role,
            by=by.label,
            at=at,
            expires_at=asked_for.expires_at,
        )
        content = {"data": {**_shown(row), "secret": secret}}
        return Answer(
            201,
            {"Location": f"/v1/admin/keys/{row.id}"},
            orjson.dumps(content, option=orjson.OPT_UTC_Z),
        )

    return act(request, by, None, body, create)


@router.delete(
    "/keys/{key_id}",
    summary="Revoke a key",
    operation_id="desk_revoke_key",
    response_model=shapes.KeyAnswer,
    responses=responses(400, 401, 403, 404, 429),
)
def revoke_key(
    request: Request,
    key_id: Annotated[
        str,
        Path(
            description="Id of the key: the first characters of its secret.",
            examples=["md_Xq3vA9Zk"],
        ),
    ],
    by: Annotated[Editor, MANAGING],
) -> Response:
    """Revoke a key, from the next request on. Revoking it twice is harmless. Admins."""
    refuse_unknown(request, ())
    with resource(request, Database).writing() as session:
        content = {"data": _shown(keys.revoke(session, key_id, by=by.label, at=now()))}
    return json_answer(content)


def _shown(row: ApiKeyRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shapes.KeyState.model_fields}
