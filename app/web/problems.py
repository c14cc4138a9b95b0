"""Refusals and failures as problem documents (RFC 9457), and the pages about their types."""

import html
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from app import errors
from app.engines.failures import AGAIN_SECONDS, FULL, is_full
from app.errors import MAX_FAULTS, Fault, Invalid, Refusal
from app.web.clients import CLIENT_LEFT
from app.web.problem_types import BY_STATUS, MEDIA_TYPE, TYPES, ProblemType

STATUS: dict[type[Refusal], int] = {
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.VersionRequired: 428,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.StorageFull: 507,
}
MAX_LISTED = 20  # allowed values that are listed for each parameter anew
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
log = logging.getLogger("model_districts")
# An error as a page for people; None where the client or the address wants a problem document.
ErrorPage = Callable[[Request, Exception], Response | None]


def install(app: FastAPI, error_page: ErrorPage) -> None:
    """Answer every refusal and every failure, as a page or as a problem document; serve the pages
    about the types of problems."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> Response:
        return error_page(request, refusal) or answer(request, refusal)

    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> Response:
        return answer(request, Invalid([_fault(fault) for fault in error.errors()]))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        detail, headers = error.detail, error.headers
        if page := error_page(request, error):
            return page
        if error.status_code == 404:
            detail = f"No endpoint at {request.url.path[:200]}. See /v1 for all endpoints."
        elif error.status_code == 405:
            methods = ", ".join(_methods_at(request))
            detail = f"{request.url.path} does not support {request.method}. Use {methods}."
            headers = {"Allow": methods}
        return problem(request, error.status_code, detail, headers=headers)

    @app.exception_handler(ClientDisconnect)
    async def client_left(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=CLIENT_LEFT)  # nobody reads it; the log has one line

    @app.exception_handler(OSError)
    @app.exception_handler(DBAPIError)
    @app.exception_handler(PoolTimeout)
    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        problem_document = failure(request, error)
        page = error_page(request, error)
        if page is None:
            return problem_document
        page.status_code = problem_document.status_code
        if "Retry-After" in problem_document.headers:
            page.headers["Retry-After"] = problem_document.headers["Retry-After"]
        return page

    @app.get("/problems/{slug}", include_in_schema=False)
    async def problem_page(slug: str) -> HTMLResponse:
        type_ = TYPES.get(slug)
        if type_ is None:
            raise errors.NotFound(f"No problem type is called {slug[:60]!r}.", nearest=list(TYPES))
        return HTMLResponse(_page(type_))


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    faults: Sequence[Fault] = (),
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as a response. `more`: members of this type alone."""
    shown = _bounded(faults)
    type_ = BY_STATUS.get(status, BY_STATUS[500 if status >= 500 else 400])
    body = {
        "type": f"/problems/{type_.slug}",
        "title": type_.title,
        "status": status,
        "detail": detail,
        "instance": request.scope.get("request_id", ""),
        "errors": [fault.as_dict() for fault in shown],
        **(more or {}),
    }
    return Response(
        orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def failure(request: Request, error: Exception) -> Response:
    """The problem document for an error that nobody expected; the log has the error itself."""
    if isinstance(error, OSError) and is_full(error):
        return answer(request, errors.StorageFull(FULL))
    log.error("request %s failed", request.scope.get("request_id"), exc_info=error)
    detail = "The service failed on this request. The error was logged under the id in `instance`."
    if isinstance(error, DBAPIError | PoolTimeout):
        return problem(request, 503, detail, headers={"Retry-After": str(AGAIN_SECONDS)})
    return problem(request, 500, detail)


def answer(request: Request, refusal: Refusal) -> Response:
    """The problem document for a refusal; for a moved record, the redirect."""
    detail = str(refusal)
    if isinstance(refusal, Invalid):
        detail = _detail(refusal.faults)
    match refusal:
        case errors.Moved(slug=slug):
            return Response(status_code=308, headers={"Location": _same_address_of(request, slug)})
        case errors.Malformed(faults=faults):
            return problem(request, 400, detail, faults=faults)
        case Invalid(faults=faults):
            return problem(request, 422, detail, faults=faults)
        case errors.TooMany(retry_after=seconds):
            return problem(request, 429, detail, headers={"Retry-After": str(seconds)})
        case errors.Busy(retry_after=seconds) | errors.Unavailable(retry_after=seconds):
            return problem(request, 503, detail, headers={"Retry-After": str(seconds)})
    headers, more = _extras(refusal)
    if isinstance(refusal, errors.NotFound) and refusal.nearest:
        detail = f"{detail.rstrip('.')}. Similar names: {', '.join(refusal.nearest)}."
    return problem(request, STATUS[type(refusal)], detail, more=more, headers=headers)


def _detail(faults: Sequence[Fault]) -> str:
    """What is wrong, in words: of many faults, the first ones and the number of the others."""
    details = str(Invalid(faults[:MAX_FAULTS]))
    more = len(faults) - MAX_FAULTS
    return f"{details}; and {more} more" if more > 0 else details


def _bounded(faults: Sequence[Fault]) -> list[Fault]:
    """The first faults. The allowed values of a parameter are listed once, long lists once in all."""
    shown = []
    listed: set[object] = set()
    for fault in faults[:MAX_FAULTS]:
        is_long = fault.allowed is not None and len(fault.allowed) > MAX_LISTED
        key = fault.allowed if is_long else (fault.where, fault.allowed)
        shown.append(replace(fault, allowed=None) if fault.allowed and key in listed else fault)
        listed.add(key)
    return shown


def _extras(refusal: Refusal) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers and members that only this type of problem has."""
    match refusal:
        case errors.NotFound(nearest=nearest) if nearest:
            return {}, {"nearest": list(nearest)}
        case errors.Gone(reason=reason):
            return {}, {"reason": reason}
        case errors.Forbidden(needs=needs):
            return {}, {"needs": needs}
        case errors.Unauthenticated():
            return {"WWW-Authenticate": 'Bearer realm="Model Districts"'}, {}
        case errors.Stale(version=version, current=current, comparison=comparison):
            members = {"version": version, "current": current, "comparison": comparison}
            return {"ETag": f'"{version}"'}, members
    return {}, {}


def _fault(error: Mapping[str, Any]) -> Fault:
    """A fault as the framework found it."""
    source, *path = error["loc"]
    if source == "body":
        return Fault(error["type"], error["msg"], pointer="/" + "/".join(map(str, path)))
    return Fault(error["type"], error["msg"], parameter=str(error["loc"][-1]))


def _page(type_: ProblemType) -> str:
    title, meaning = html.escape(type_.title), html.escape(type_.meaning)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<meta name=viewport content='width=device-width'><title>{title}</title>"
        f"<h1>{title}</h1><p>HTTP status {type_.status}. {meaning}</p>"
        "<p><a href='/docs'>API documentation</a></p></html>"
    )


def _same_address_of(request: Request, slug: str) -> str:
    path: str = request.scope["route"].path.format(**request.path_params | {"slug": slug})
    return f"{path}?{request.url.query}" if request.url.query else path


def _methods_at(request: Request) -> list[str]:
    """The methods that this address supports; several routes may share it."""
    methods = [
        method
        for method in METHODS
        if any(_takes(route, {**request.scope, "method": method}) for route in request.app.routes)
    ]
    return [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]


def _takes(route: Any, scope: dict[str, Any]) -> bool:
    return bool(route.matches(scope)[0] is Match.FULL)
