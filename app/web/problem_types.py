"""The types of problem documents (RFC 9457): status, title, meaning and OpenAPI shape of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One type of problem. `schema` is the name of its shape in the OpenAPI document."""

    status: int
    slug: str
    title: str
    meaning: str
    schema: str = "Problem"


_TYPES = (
    ProblemType(
        400,
        "bad-request",
        "Bad request",
        "The request has an unknown parameter, a damaged cursor or a malformed body. "
        "`errors` names each fault.",
    ),
    ProblemType(
        401,
        "unauthenticated",
        "Key required",
        "Send a valid key in the header `Authorization: Bearer KEY`.",
    ),
    ProblemType(
        403,
        "forbidden",
        "Insufficient permissions",
        "The key is valid, but its role does not allow this. `needs` names the role that does.",
        "ForbiddenProblem",
    ),
    ProblemType(
        404,
        "not-found",
        "Not found",
        "No endpoint or record has this address. `nearest` lists similar names, if there are any.",
        "NotFoundProblem",
    ),
    ProblemType(
        405,
        "method-not-allowed",
        "Method not allowed",
        "The `Allow` header lists the methods that this address supports.",
    ),
    ProblemType(
        406,
        "not-acceptable",
        "Format not available",
        "The `Accept` header excludes every format of this address. `detail` lists the formats.",
    ),
    ProblemType(
        408,
        "request-timeout",
        "Request not complete in time",
        "The complete request did not arrive while the server waited for it. Send it again.",
    ),
    ProblemType(
        409,
        "conflict",
        "Conflict with the current state",
        "The current state of the record does not allow this step. `detail` says why.",
    ),
    ProblemType(
        410,
        "gone",
        "Withdrawn",
        "This record was published earlier and has been withdrawn. `reason` says why.",
        "GoneProblem",
    ),
    ProblemType(
        412,
        "stale",
        "The record has changed",
        "The record was changed after you read it. Read it again and send your change with its "
        "new ETag.",
        "StaleProblem",
    ),
    ProblemType(
        413,
        "too-large",
        "Body too large",
        "The request body is longer than this address allows. `detail` names the limit.",
    ),
    ProblemType(
        414,
        "address-too-long",
        "Address too long",
        "Path and query are longer than the service reads. `detail` names the limit.",
    ),
    ProblemType(
        415,
        "unsupported-media-type",
        "Unsupported content type",
        "The `Accept` or `Accept-Encoding` header of this response lists what the address takes.",
    ),
    ProblemType(
        422,
        "invalid-input",
        "Invalid input",
        "Each entry of `errors` names a place, what is wrong there and what is allowed.",
    ),
    ProblemType(
        428,
        "precondition-required",
        "If-Match required",
        "Send the ETag of the version that you have read in the `If-Match` header.",
    ),
    ProblemType(
        429,
        "too-many-requests",
        "Too many requests",
        "Wait as many seconds as `Retry-After` says, then try again.",
    ),
    ProblemType(
        431,
        "headers-too-large",
        "Headers too large",
        "The request headers are longer or more than the service reads. `detail` names the limit.",
    ),
    ProblemType(
        500,
        "internal-error",
        "Internal error",
        "This is a fault of the service. It was logged under the request id in `instance`.",
    ),
    ProblemType(
        501,
        "not-supported",
        "Not supported by this server",
        "This server lacks a part that the request needs. `detail` says which, and what to use instead.",
    ),
    ProblemType(
        503,
        "unavailable",
        "Service unavailable",
        "The service cannot answer now. Try again after as many seconds as `Retry-After` says.",
    ),
    ProblemType(
        507,
        "storage-full",
        "No room to write",
        "The disk of the service is full, or its quota is used up. Nothing was changed. Reading works.",
    ),
)
TYPES = {type_.slug: type_ for type_ in _TYPES}
BY_STATUS = {type_.status: type_ for type_ in _TYPES}


class ProblemError(BaseModel):
    """One fault of the input."""

    model_config = ConfigDict(extra="forbid")

    parameter: str | None = Field(
        default=None, description="The query parameter or header at fault."
    )
    pointer: str | None = Field(
        default=None, description="Place in the body (JSON Pointer, RFC 6901)."
    )
    code: str = Field(description="Stable name of the fault, for programs.")
    detail: str = Field(description="What is wrong, and what to do.")
    allowed: list[str] | None = Field(
        default=None,
        description="Every allowed value, where they can be listed; the same list is given once.",
    )
    nearest: list[str] | None = Field(
        default=None, description="The allowed values most similar to the one sent."
    )


class Problem(BaseModel):
    """Why a request failed (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(
        description="Address of a page about this type of problem.",
        examples=["/problems/invalid-input"],
    )
    title: str = Field(description="Name of the type of problem.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What happened, and what to do.")
    instance: str = Field(description="Id of this request, as in `X-Request-Id` and in the log.")
    errors: list[ProblemError] = Field(
        description="Every fault of the input, not only the first; of many, the first 20. Empty if the input has none."
    )


class ForbiddenProblem(Problem):
    """The key is valid, but its role does not allow this."""

    needs: str = Field(description="The role required, or `another reviewer`.")


class NotFoundProblem(Problem):
    """No endpoint or record has this name."""

    nearest: list[str] | None = Field(
        default=None, description="Existing names most similar to the one sent."
    )


class GoneProblem(Problem):
    """The record was published earlier and has been withdrawn."""

    reason: str | None = Field(description="Why it was withdrawn, as the editor put it.")


# The shapes with members of their own; that of 412 belongs to those who write records.
EXTENDED: Mapping[int, type[Problem]] = {
    403: ForbiddenProblem,
    404: NotFoundProblem,
    410: GoneProblem,
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation's OpenAPI entry says of these errors."""
    return {status: _response(BY_STATUS[status]) for status in statuses}


def _response(type_: ProblemType) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{type_.schema}"}
    return {
        "description": f"{type_.title}. {type_.meaning}",
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
