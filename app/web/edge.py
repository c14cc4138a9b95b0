"""The outermost layer, pure ASGI: request id, CORS on every answer, HEAD as GET without a body, OPTIONS, and what a client accepts."""

import logging
import re
import time
import uuid
from collections.abc import Iterable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.problems import problem

CORS = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Link, Retry-After, RateLimit, RateLimit-Policy, Repr-Digest, Deprecation, Sunset",
    ),
    (b"vary", b"Accept, Accept-Encoding"),
]
PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    (b"access-control-allow-headers", b"Accept, Content-Type, If-None-Match, If-Modified-Since"),
    (b"access-control-max-age", b"86400"),
]
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]
PUBLIC = [*CORS, *SECURITY]
access = logging.getLogger("model_districts.access")


class Edge:
    """Wraps the whole application from outside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        method, public = scope["method"], not scope["path"].startswith("/v1/admin")
        scope = dict(scope, request_id=f"urn:uuid:{uuid.uuid4()}")
        extra = [*(PUBLIC if public else SECURITY), (b"x-request-id", scope["request_id"].encode())]
        status = 0

        async def decorated(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], *extra]
                if not public and not any(name.lower() == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                if method == "OPTIONS" and status == 405:
                    status, headers = (
                        204,
                        [
                            *_without(headers, b"content-type", b"content-length"),
                            *(PREFLIGHT if public else ()),
                        ],
                    )
                message = {**message, "status": status, "headers": headers}
            elif method == "HEAD" or (method == "OPTIONS" and status == 204):
                message = {**message, "body": b""}
            await send(message)

        if method == "HEAD":
            scope["method"] = "GET"
        if "\0" in scope["path"]:  # no name holds one, and PostgreSQL will not be asked for it
            await problem(Request(scope), 404, "There is nothing at an address that holds a NUL.")(
                scope, receive, decorated
            )
        elif refusal := _not_acceptable(scope):
            await problem(Request(scope), 406, refusal)(scope, receive, decorated)
        else:
            await self.app(scope, receive, decorated)
        access.info(
            "%s %s %d %.1f ms", method, scope["path"], status, (time.perf_counter() - began) * 1000
        )


def _not_acceptable(scope: Scope) -> str | None:
    """Why none of the forms that the address gives is accepted; None if one is (RFC 9110, 12.5.1)."""
    if not scope["path"].startswith("/v1/"):
        return None
    if not (
        accept := ",".join(
            [value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"]
        ).strip()
    ):
        return None
    given = _given(scope["path"])
    return (
        None
        if any(_accepts(accept, form) for form in given)
        else f"This address gives {' or '.join(given)}."
    )


def _given(path: str) -> tuple[str, ...]:
    if path.startswith("/v1/exports/"):
        return {"csv": ("text/csv",), "ndjson": ("application/x-ndjson", "application/json")}.get(
            path.rpartition(".")[2], ("application/json",)
        )
    return ("application/json", "application/problem+json")


def _accepts(accept: str, form: str) -> bool:
    kind = form.split("/")[0]
    quality = {"": -1.0}
    for item in accept.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        weights = [re.fullmatch(r"q=([01](?:\.\d{0,3})?)", parameter) for parameter in parameters]
        quality[name] = next((float(weight[1]) for weight in weights if weight), 1.0)
    return next((quality[name] for name in (form, f"{kind}/*", "*/*") if name in quality), 0.0) > 0


def _without(headers: Iterable[tuple[bytes, bytes]], *names: bytes) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() not in names]
