"""Refusals as problem documents (RFC 9457): one table of status, title and type."""

import html
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app import errors
from app.errors import Fault, Invalid, Refusal

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger("model_districts")


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One way to say no over HTTP."""

    status: int
    slug: str
    title: str
    meaning: str


TYPES = {
    type_.slug: type_
    for type_ in (
        ProblemType(
            400,
            "bad-request",
            "The request cannot be read",
            "A parameter is not known here, or a cursor is not one that was given.",
        ),
        ProblemType(
            401,
            "unauthenticated",
            "A valid key is needed",
            "Send a key as `Authorization: Bearer KEY`.",
        ),
        ProblemType(
            403,
            "forbidden",
            "The key does not reach that far",
            "The key is valid; what it may do does not include this.",
        ),
        ProblemType(404, "not-found", "There is nothing here", "No such address or record."),
        ProblemType(
            405,
            "method-not-allowed",
            "This address does not take that method",
            "The Allow header lists those it takes.",
        ),
        ProblemType(
            406,
            "not-acceptable",
            "That form cannot be had here",
            "The Accept header excludes every form that this address gives.",
        ),
        ProblemType(
            409,
            "conflict",
            "That is not possible as things stand",
            "The state of the record does not allow the step.",
        ),
        ProblemType(
            410,
            "gone",
            "It has been withdrawn",
            "It was public once; the change feed and the history still tell of it.",
        ),
        ProblemType(
            412,
            "stale",
            "The record has changed meanwhile",
            "Read it again, and send the step with its new ETag.",
        ),
        ProblemType(413, "too-large", "The body is too large", "The limit is named in the detail."),
        ProblemType(
            415,
            "unsupported-media-type",
            "That kind of body is not taken here",
            "The Accept header of the answer lists what is.",
        ),
        ProblemType(
            422,
            "invalid-input",
            "The input breaks a rule",
            "Each entry of `errors` names the place, what is wrong and what is allowed.",
        ),
        ProblemType(
            428,
            "precondition-required",
            "If-Match is needed",
            "Send the ETag of the version that you have seen.",
        ),
        ProblemType(
            429, "too-many-requests", "Too many requests", "Wait as long as Retry-After says."
        ),
        ProblemType(
            500,
            "internal-error",
            "Something went wrong on our side",
            "It has been logged under the request id in `instance`.",
        ),
        ProblemType(
            503, "unavailable", "The directory cannot answer now", "Try again as Retry-After says."
        ),
    )
}
BY_STATUS = {type_.status: type_ for type_ in TYPES.values()}
STATUS: dict[type[Refusal], int] = {
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.VersionRequired: 428,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
}


class ProblemError(BaseModel):
    """One thing wrong with the input."""

    model_config = ConfigDict(extra="forbid")

    parameter: str | None = Field(
        default=None, description="The query parameter or header at fault."
    )
    pointer: str | None = Field(
        default=None, description="Where in the body (JSON Pointer, RFC 6901)."
    )
    code: str = Field(description="Stable name of the fault, for programs.")
    detail: str = Field(description="What is wrong, in words.")
    allowed: list[str] | None = Field(
        default=None, description="What would have been right, where that can be listed."
    )
    nearest: list[str] | None = Field(
        default=None, description="Valid values that look most like the one given."
    )


class Problem(BaseModel):
    """Why the request was not answered as asked (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(
        description="Address of a page about this kind of problem.",
        examples=["/problems/invalid-input"],
    )
    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What happened in this case.")
    instance: str = Field(description="Id of this request; the log has it too.")
    errors: list[ProblemError] = Field(
        description="Every fault found, not only the first; empty where the request had none."
    )


class ForbiddenProblem(Problem):
    """The key is valid, and its role does not reach that far."""

    needs: str = Field(description="The role that it takes, or whose eyes.")


class NotFoundProblem(Problem):
    """There is nothing under this name."""

    nearest: list[str] | None = Field(
        default=None, description="Names that exist and look most like the one given."
    )


class GoneProblem(Problem):
    """It was public and has been withdrawn."""

    reason: str | None = Field(description="Why, in the words of who withdrew it.")


class FieldComparison(BaseModel):
    """A field that changed since it was read, or was to be changed."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="Name of the field.")
    base: JsonValue = Field(description="What it was in the version that was seen.")
    current: JsonValue = Field(description="What it is now.")
    yours: JsonValue = Field(description="What it was to become.")
    conflict: bool = Field(description="Whether both changed it, each otherwise.")


class RowComparison(BaseModel):
    """A row of an import that would not do any more what was shown."""

    model_config = ConfigDict(extra="forbid")

    row: int = Field(description="Number of the row.")
    origin: str = Field(description="Where it stands in the file.")
    slug: str = Field(description="The record it is about.")
    detail: str = Field(description="What has changed.")


class StaleProblem(Problem):
    """The record has changed since it was read."""

    version: int = Field(description="Its newest version; the ETag names it.")
    current: dict[str, JsonValue] | None = Field(description="The record as it is now.")
    comparison: list[FieldComparison | RowComparison] = Field(
        description="What was seen, what is there now and what was to be written, by field; for an import, the rows concerned."
    )


# What some problems tell besides (RFC 9457, extension members).
EXTENDED: Mapping[int, type[Problem]] = {
    403: ForbiddenProblem,
    404: NotFoundProblem,
    410: GoneProblem,
    412: StaleProblem,
}


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    faults: tuple[Fault, ...] = (),
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as an answer."""
    type_ = BY_STATUS.get(status, BY_STATUS[500 if status >= 500 else 400])
    body = {
        "type": f"/problems/{type_.slug}",
        "title": type_.title,
        "status": status,
        "detail": detail,
        "instance": request.scope.get("request_id", ""),
        "errors": [fault.as_dict() for fault in faults],
        **(more or {}),
    }
    return Response(
        orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def install(app: FastAPI) -> None:
    """Answer every refusal, and every error, with a problem document; serve the pages that their types name."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> Response:
        return answer(request, refusal)

    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> Response:
        faults = [
            Fault(
                fault["type"],
                fault["msg"],
                parameter=str(fault["loc"][-1]) if fault["loc"][0] != "body" else None,
                pointer="/" + "/".join(map(str, fault["loc"][1:]))
                if fault["loc"][0] == "body"
                else None,
            )
            for fault in error.errors()
        ]
        return answer(request, Invalid(faults))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        detail = {
            404: f"There is nothing at {request.url.path}. The addresses are listed at / and described at /docs.",
            405: f"{request.url.path} does not take {request.method}.",
        }.get(error.status_code, error.detail)
        headers = (
            {"Allow": ", ".join(_methods_at(request))}
            if error.status_code == 405
            else error.headers
        )
        return problem(request, error.status_code, detail, headers=headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        log.error("request %s failed", request.scope.get("request_id"), exc_info=error)
        return problem(request, 500, "The request could not be answered. It has been logged.")

    @app.get("/problems/{slug}", include_in_schema=False)
    async def problem_page(slug: str) -> HTMLResponse:
        if slug not in TYPES:
            raise errors.NotFound(f"no problem type {slug!r}", nearest=list(TYPES))
        type_ = TYPES[slug]
        title = html.escape(type_.title)
        return HTMLResponse(
            f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>{title}</title>"
            f"<h1>{title}</h1><p>HTTP status {type_.status}. {html.escape(type_.meaning)}</p><p><a href='/docs'>API documentation</a></p></html>"
        )


def answer(request: Request, refusal: Refusal) -> Response:
    """The problem document for a refusal."""
    match refusal:
        case errors.Malformed(faults=faults):
            return problem(request, 400, str(refusal), faults=faults)
        case Invalid(faults=faults):
            return problem(request, 422, str(refusal), faults=faults)
        case errors.Moved(slug=slug):
            return Response(status_code=308, headers={"Location": _same_address_of(request, slug)})
        case errors.NotFound(nearest=nearest) if nearest:
            return problem(
                request,
                404,
                f"{refusal}; the nearest are {', '.join(nearest)}",
                more={"nearest": list(nearest)},
            )
        case errors.Gone(reason=reason):
            return problem(request, 410, str(refusal), more={"reason": reason})
        case errors.Stale(version=version):
            more = {
                "version": version,
                "current": refusal.current,
                "comparison": refusal.comparison,
            }
            return problem(request, 412, str(refusal), more=more, headers={"ETag": f'"{version}"'})
        case errors.TooMany(retry_after=seconds):
            return problem(request, 429, str(refusal), headers={"Retry-After": str(seconds)})
        case errors.Busy(retry_after=seconds):
            return problem(request, 503, str(refusal), headers={"Retry-After": str(seconds)})
        case errors.Unauthenticated():
            return problem(
                request,
                401,
                str(refusal),
                headers={"WWW-Authenticate": 'Bearer realm="Model Districts"'},
            )
        case errors.Forbidden(needs=needs):
            return problem(request, 403, str(refusal), more={"needs": needs})
    return problem(request, STATUS[type(refusal)], str(refusal))


def _same_address_of(request: Request, slug: str) -> str:
    path: str = request.scope["route"].path.format(**request.path_params | {"slug": slug})
    return f"{path}?{request.url.query}" if request.url.query else path


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation's OpenAPI entry says of its errors."""
    return {
        status: {
            "description": f"{BY_STATUS[status].title}. {BY_STATUS[status].meaning}",
            "content": {
                MEDIA_TYPE: {
                    "schema": {
                        "$ref": f"#/components/schemas/{EXTENDED.get(status, Problem).__name__}"
                    }
                }
            },
        }
        for status in statuses
    }


def _methods_at(request: Request) -> list[str]:
    """The methods that this address takes; several routes may share it."""
    routes = request.app.routes
    taken = [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes
        )
    ]
    return [*taken, *(["HEAD"] if "GET" in taken else []), "OPTIONS"]
