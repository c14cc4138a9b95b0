"""How an endpoint tells the cache about its response."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

HINTS = "cache_hints"  # a key of the first ASGI message, which servers pass over


@dataclass(frozen=True, slots=True)
class CacheHints:
    """What the cache should know of a response."""

    key: str | None = None  # the normalized question: equal keys mean equal answers
    by_revision: bool = False  # made from published entries alone: drafts do not change it
    revision: int | None = None  # that it was made from, where it is known
    on_hit: Callable[[], None] | None = None  # called when the response is sent from memory
    permanent_since: datetime | None = None  # when it last changed, if it can change no more


NO_HINTS = CacheHints()


class CachedResponse(Response):
    """A response, JSON by default, with hints for the cache; the others are those of CacheHints."""

    def __init__(
        self,
        body: bytes,
        *,
        media_type: str = "application/json",
        key: str | None = None,
        by_revision: bool = False,
        revision: int | None = None,
        on_hit: Callable[[], None] | None = None,
        permanent_since: datetime | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(body, media_type=media_type, headers=headers)
        self.hints = CacheHints(key, by_revision, revision, on_hit, permanent_since)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""

        async def send_with_hints(message: Message) -> None:
            if message["type"] == "http.response.start":
                message[HINTS] = self.hints
            await send(message)

        await super().__call__(scope, receive, send_with_hints)
