"""/v1/admin/keys: keys are made, listed and revoked by administrators."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session

from app.clock import now
from app.database import Database
from app.desk.access import keys, shapes
from app.desk.access.dependencies import Body, Key, act, json_answer, may, parsed, request_body
from app.desk.access.idempotency import Answer
from app.desk.access.keys import ApiKeyRow
from app.desk.access.permissions import Editor
from app.errors import Fault, Invalid
from app.web.parameters import refuse_unknown
from app.web.problem_types import responses
from app.web.state import resource

MANAGING = may("manage_keys")
router = APIRouter(prefix="/v1/admin/keys", tags=["desk"], dependencies=[MANAGING])
EXAMPLE = {"label": "ada@example.org", "role": "editor", "expires_at": "2027-12-31T00:00:00Z"}


@router.get(
    "",
    summary="List the keys",
    operation_id="desk_list_keys",
    response_model=shapes.KeyList,
    responses=responses(400, 401, 403, 429),
)
def list_keys(request: Request) -> Response:
    """Every key with role, holder, expiry and last use; never a secret. Admins."""
    refuse_unknown(request, ())
    with resource(request, Database).reading_primary() as session:
        found = [_shown(row) for row in keys.list_keys(session)]
    return json_answer({"data": found})


@router.post(
    "",
    status_code=201,
    summary="Make a key",
    operation_id="desk_create_key",
    response_model=shapes.NewKeyAnswer,
    responses=responses(400, 401, 403, 409, 413, 415, 422, 429),
    openapi_extra=request_body("KeyRequest", EXAMPLE),
)
def create_key(
    request: Request, by: Annotated[Editor, MANAGING], body: Body, key: Key = None
) -> Response:
    """Make a key. Its secret is in this answer and nowhere else: an Idempotency-Key is not taken, since the answer would have to be kept. Admins."""
    if key is not None:
        raise Invalid(
            [
                Fault(
                    "not_taken",
                    "an answer that holds a secret is not kept, so this address takes no Idempotency-Key",
                    parameter="Idempotency-Key",
                )
            ]
        )
    asked = parsed(shapes.KeyRequest, body)
    at = now()
    if asked.expires_at is not None and asked.expires_at <= at:
        raise Invalid([Fault("out_of_range", "expires_at lies in the past", pointer="/expires_at")])

    def do(session: Session) -> Answer:
        row, secret = keys.issue(
            session,
            label=asked.label,
            role=asked.role,
            by=by.label,
            at=at,
            expires_at=asked.expires_at,
        )
        content = {"data": {**_shown(row), "secret": secret}}
        return Answer(
            201,
            {"Location": f"/v1/admin/keys/{row.id}"},
            orjson.dumps(content, option=orjson.OPT_UTC_Z),
        )

    return act(request, by, None, body, do)


@router.delete(
    "/{key_id}",
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
) -> Response:
    """Let a key work no longer, from the next request on. Revoking it again changes nothing. Admins."""
    refuse_unknown(request, ())
    with resource(request, Database).writing() as session:
        content = {"data": _shown(keys.revoke(session, key_id, at=now()))}
    return json_answer(content)


def _shown(row: ApiKeyRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shapes.KeyState.model_fields}
