"""The addresses that are asked most go straight to their endpoint: the framework's routing costs more than a search.

The framework still has the same endpoints, for its OpenAPI document; what they answer is the same either way.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Refusal
from app.web.problems import answer

Endpoint = Callable[[Request], Awaitable[Response]]


class Straight:
    """Stands in front of the framework."""

    def __init__(self, app: ASGIApp, endpoints: Mapping[str, Endpoint]) -> None:
        self.app, self._endpoints = app, endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        endpoint = self._endpoints.get(scope.get("path", ""))
        if endpoint is None or scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except Refusal as refusal:
            response = answer(request, refusal)
        await response(scope, receive, send)
