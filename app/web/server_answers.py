"""How the server answers old clients, clients that still send, and those that it cannot let in."""

import asyncio
import uuid
from http import HTTPStatus
from typing import Protocol

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.web.problem_types import BY_STATUS, MEDIA_TYPE
from app.web.problems import problem

MAX_TARGET = 8192  # bytes of path and query; RFC 9110 (4.1) asks for 8000
MAX_HEAD = 32 * 1024  # bytes of the request line and all headers; clients send 1 to 8 KB
HEADERS = {
    "access-control-allow-origin": "*",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "connection": "close",
}
_DETAILS = {
    400: "The request is not HTTP. Check the client that sent it.",
    408: "The request was not complete in time. Send it again without pauses.",
    414: f"Path and query are longer than {MAX_TARGET:,} bytes. Ask for fewer values at once.",
    503: "Too many connections are open. Try again in 5 seconds.",
    431: f"The headers are longer than {MAX_HEAD:,} bytes. Send fewer or shorter ones.",
}


class Connection(Protocol):
    """What is needed of a connection here."""

    cycle: RequestResponseCycle
    transport: asyncio.Transport

    def close_unread(self) -> None:
        """Close it while the client still sends."""

    def watch_sending(self) -> None:
        """Cut it off unless the client takes a little in every span of time."""


class ClosingTransport:
    """The transport of a request whose connection may be closed behind the answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.write = connection.transport.write
        self.is_closing = connection.transport.is_closing

    def close(self) -> None:
        """Close the connection, unread or unsent parts notwithstanding."""
        if self._connection.cycle.more_body:
            self._connection.close_unread()
            return
        self._connection.transport.close()
        if self._connection.transport.get_write_buffer_size():
            self._connection.watch_sending()


class NotKeptUnread:
    """Says `Connection: close` where an answer comes before the whole body was read."""

    def __init__(self, app: ASGIApp, cycle: RequestResponseCycle) -> None:
        self._app, self._cycle = app, cycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_message(message: Message) -> None:
            if message["type"] == "http.response.start" and self._cycle.more_body:
                self._cycle.keep_alive = False
            await send(message)

        await self._app(scope, receive, send_message)


class Plain:
    """Sends the body as it is, until the connection closes: HTTP/1.0 knows no chunks."""

    def __init__(self, app: ASGIApp, cycle: RequestResponseCycle) -> None:
        self._app, self._cycle = app, cycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bounded = True

        async def send_message(message: Message) -> None:
            nonlocal bounded
            if message["type"] == "http.response.start":
                bounded = any(name.lower() == b"content-length" for name, _ in message["headers"])
                if not bounded:
                    self._cycle.chunked_encoding = False
            elif not bounded:
                self._cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, send_message)


class Refused:
    """Answers with a problem document in place of the application, and closes the connection."""

    def __init__(self, status: int) -> None:
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        instance = scope["request_id"] = f"urn:uuid:{uuid.uuid4()}"
        headers = {**HEADERS, "x-request-id": instance}
        if self._status == 503:
            headers["retry-after"] = "5"
        response = problem(Request(scope), self._status, _DETAILS[self._status], headers=headers)
        await response(scope, receive, send)


def refusal(status: int) -> bytes:
    """A whole answer, for a request that never reaches the application."""
    type_, instance = BY_STATUS[status], f"urn:uuid:{uuid.uuid4()}"
    body = orjson.dumps(
        {
            "type": f"/problems/{type_.slug}",
            "title": type_.title,
            "status": status,
            "detail": _DETAILS[status],
            "instance": instance,
            "errors": [],
        }
    )
    lines = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"content-type: {MEDIA_TYPE}",
        f"content-length: {len(body)}",
        f"x-request-id: {instance}",
        *(f"{name}: {value}" for name, value in HEADERS.items()),
    )
    return "\r\n".join([*lines, "", ""]).encode() + body
