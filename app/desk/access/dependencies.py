"""What every operation of the desk asks first: who sent the request, and which version they have seen."""

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Header, Path, Request, Response, Security
from fastapi.security import HTTPBearer, SecurityScopes
from pydantic import BaseModel
from sqlmodel import Session

from app.clock import now
from app.database import Database
from app.desk.access.failed_attempts import FailedAttempts
from app.desk.access.idempotency import Answer, once, parse_key
from app.desk.access.key_ring import KeyRing
from app.desk.access.permissions import Editor
from app.errors import Fault, Malformed, Unauthenticated, VersionRequired
from app.records import parsing
from app.records.kinds import KINDS
from app.web.bodies import JSON, MERGE_PATCH, parse_object, read_body
from app.web.clients import address_of
from app.web.parameters import refuse_unknown
from app.web.state import resource

NO_STORE = {"Cache-Control": "no-store"}
KEY = HTTPBearer(
    scheme_name="key",
    bearerFormat="md_...",
    description="A key of the desk. Each operation requires a permission; docs/permissions.md lists the roles that have it.",
    auto_error=False,
)

VERSION_TAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')

_Body = TypeVar("_Body", bound=BaseModel)


def may(permission: str) -> Any:
    """Declare the permission that an operation requires, for OpenAPI and for `authenticated`."""
    return Security(authenticated, scopes=[permission])


async def authenticated(
    request: Request, needs: SecurityScopes, _shown_in_openapi: Annotated[object, Depends(KEY)]
) -> Editor:
    """The editor who sent the request.

    Raises Unauthenticated, TooMany instead after too many failures, or Forbidden if the role does
    not allow it. A valid key is let in, whatever others sent from the same address.
    """
    address = address_of(request.scope)
    authorization = request.headers.get("authorization")
    try:
        editor = await resource(request, KeyRing).editor(authorization, address)
    except Unauthenticated:
        if authorization is not None:  # without a key nothing was attempted
            failures = resource(request, FailedAttempts)
            failures.check(address)
            failures.count(address)
        raise
    for permission in needs.scopes:
        editor.must(permission)
    return editor


async def seen_version(
    request: Request,
    _shown_in_openapi: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description='ETag of the version that was seen, such as `"7"`.',
            examples=['"7"'],
        ),
    ] = None,
) -> int:
    """The version that the If-Match header names; of several, the newest, as versions only rise.

    A proxy that compresses makes a tag weak, which changes nothing. Raises VersionRequired without
    the header.
    """
    lines = request.headers.getlist("if-match")
    if not lines:
        raise VersionRequired("Send If-Match with the ETag of the version that you read")
    tags = [VERSION_TAG.fullmatch(tag.strip()) for tag in ",".join(lines).split(",")]
    versions = [int(tag[1]) for tag in tags if tag]
    if len(versions) == len(tags):
        return max(versions)
    detail = 'If-Match must be the ETag of the version that you read, such as "7".'
    if "*" in map(str.strip, lines):
        detail += " `*` would overwrite what you have not seen."
    raise Malformed([Fault("not_an_etag", detail, parameter="If-Match")])


async def json_body(request: Request) -> bytes:
    """A JSON body, bounded. What is asked stands in it, so the address takes no parameters."""
    refuse_unknown(request, ())
    return await read_body(request, types=JSON)


async def patch_body(request: Request) -> bytes:
    """A JSON merge patch, bounded."""
    refuse_unknown(request, ())
    return await read_body(request, types=MERGE_PATCH)


SeenVersion = Annotated[int, Depends(seen_version)]
Body = Annotated[bytes, Depends(json_body)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A key of your choice: a request sent twice with it is done once.",
    ),
]
ALWAYS = (400, 401, 403, 404, 429)
Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="Number of a version.", examples=[1])]
WRITES = (*ALWAYS, 409, 412, 413, 415, 422, 428)


def slug_of(kind: str) -> Any:
    """The path parameter that names a record of a kind."""
    return Path(description="Public id.", examples=[KINDS[kind].example])


def act(
    request: Request, by: Editor, key: str | None, body: bytes, do: Callable[[Session], Answer]
) -> Response:
    """Do a write in one transaction, once for each Idempotency-Key."""
    if_match = request.headers.get("if-match", "").encode()
    fingerprint = b"%s %s %s %s" % (
        request.method.encode(),
        request.url.path.encode(),
        if_match,
        body,
    )
    answer, again = once(
        resource(request, Database), by.key_id, parse_key(key), fingerprint, do, at=now()
    )
    headers = {**NO_STORE, **answer.headers, **({"Idempotency-Replayed": "true"} if again else {})}
    return Response(answer.body, answer.status, headers, "application/json")


def answered(answer: Answer) -> Response:
    """An answer of the desk, never to be cached."""
    return Response(answer.body, answer.status, {**NO_STORE, **answer.headers}, "application/json")


def json_answer(content: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer of the desk, never to be cached."""
    return Response(
        orjson.dumps(content, option=orjson.OPT_UTC_Z), status, NO_STORE, "application/json"
    )


def parsed(shape: type[_Body], body: bytes) -> _Body:
    """What a JSON body asks, in its shape. Raises Invalid."""
    return parsing.parse_shape(shape, parse_object(body))


def request_body(schema: str | dict[str, Any], example: Any, *types: str) -> dict[str, Any]:
    """The OpenAPI entry of a request body."""
    reference = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
    return {
        "requestBody": {
            "required": True,
            "content": {
                type_: {"schema": reference, "example": example} for type_ in types or JSON
            },
        }
    }
