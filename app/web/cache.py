"""Whole answers kept in memory, pure ASGI, outside the application: one dictionary look-up stands between a repeated question and its bytes.

An answer is kept for the state of the directory that it was made at, so a stale one cannot be given. HTTP caching
(RFC 9111), conditional requests (RFC 9110), Cache-Status (RFC 9211).
"""

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Protocol

import brotli
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.state import resource_of_state

CACHEABLE = (200, 404, 410)
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
WORTH_COMPRESSING = 600  # bytes
MAX_KEY = 4000  # bytes of path and query; longer ones are asked once
MAX_SORTED = 1000  # questions whose sorted form is remembered
MAX_NEGOTIATED = 1000  # spellings of Accept-Encoding that are remembered
MAX_ACCEPT = 200  # bytes of an Accept-Encoding that is remembered; no browser sends so many
OVERHEAD = 800  # bytes that an answer takes beside its bodies
# What a 304 says beside its ETag: what caches need (RFC 9110, 15.4.5) and what lets a web page read it; the rest they have.
WITH_NOT_MODIFIED = {b"vary", b"access-control-allow-origin", b"access-control-expose-headers"}
REPLACED = {b"content-length", b"cache-control", b"etag", b"last-modified", b"content-encoding"}
REPLACED_IN_200 = REPLACED | {b"x-request-id"}  # it is the answer of many requests
CACHE_CONTROL = b"public, max-age=60, stale-while-revalidate=600"
NAME = b"ModelDistricts"


class Directory(Protocol):
    """What answers are made from, as the cache sees it."""

    revision: int
    generation: int
    updated_at: datetime
    looked: bool  # whether it has taken notice of all that was committed before the requests at hand came

    def look(self) -> None:
        """Take notice of what was committed since."""


@dataclass(frozen=True, slots=True)
class CacheHints:
    """What an endpoint tells the cache about its response."""

    key: str | None = None  # the normalized question: equal keys mean equal answers
    by_revision: bool = False  # made from published entries alone: drafts do not change it
    on_hit: Callable[[], None] | None = None  # called when the response is sent from memory


NO_HINTS = CacheHints()


class CachedResponse(Response):
    """A JSON response that tells the cache how to keep it; the arguments are those of CacheHints."""

    media_type = "application/json"

    def __init__(
        self,
        body: bytes,
        *,
        key: str | None = None,
        by_revision: bool = False,
        on_hit: Callable[[], None] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(body, headers=headers)
        self.hints = CacheHints(key, by_revision, on_hit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; the hints travel with the first message, where servers pass over them."""

        async def send_with_hints(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["cache_hints"] = self.hints
            await send(message)

        await super().__call__(scope, receive, send_with_hints)


@dataclass(slots=True)
class Variant:
    """An answer in one encoding, as it is sent."""

    etag: bytes
    start: Message
    body: Message
    not_modified: Message


@dataclass(slots=True)
class Kept:
    """An answer as it was made."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    hints: CacheHints
    revision: int
    generation: int
    updated_at: datetime
    variants: dict[str, Variant] = field(default_factory=dict)
    size: int = 0


class Cache:
    """Wraps the service from outside. `directory`: the type of the Directory among the resources. `max_bytes` bounds what is
    kept; 0 keeps nothing."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        directory: type[Directory],
        cacheable: Callable[[str], bool],
        max_bytes: int,
        version: str,
    ) -> None:
        self.app, self._directory, self._cacheable, self._max_bytes, self._version = (
            app,
            directory,
            cacheable,
            max_bytes,
            version,
        )
        self._kept: OrderedDict[tuple[str, bytes], Kept] = OrderedDict()
        self._sorted: dict[
            tuple[str, bytes], tuple[str, bytes]
        ] = {}  # a question as it was asked -> with its parameters in order
        self._flights: dict[tuple[str, bytes], asyncio.Future[None]] = {}
        self._negotiated: dict[bytes, str] = {b"": "identity"}
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = scope.get("method")  # there is none but in HTTP
        if method not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        asked = (scope["path"], scope["query_string"])
        key = self._sorted.get(asked) or self._sort(asked)
        accept = encoding = if_none_match = if_modified_since = b""
        for name, value in scope["headers"]:  # a dictionary of them would take longer
            if name == b"accept-encoding":
                encoding = value
            elif name == b"accept":
                accept = value
            elif name == b"if-none-match":
                if_none_match = value
            elif name == b"if-modified-since":
                if_modified_since = value
        plain = not accept or _takes_anything(accept)
        if plain and (kept := self._kept.get(key)) is not None:
            directory = resource_of_state(scope["state"], self._directory)
            hints = kept.hints
            if (directory.looked or _look(directory)) and (
                kept.revision == directory.revision
                if hints.by_revision
                else kept.generation == directory.generation
            ):
                self._kept.move_to_end(key)
                if hints.on_hit:
                    hints.on_hit()
                variant = kept.variants.get(self._negotiated.get(encoding, ""))
                if variant is not None and method == "GET" and not if_modified_since:
                    if not if_none_match:
                        await send(variant.start)
                        await send(variant.body)
                        return
                    if if_none_match == variant.etag and kept.status == 200:
                        await send(variant.not_modified)
                        await send(_EMPTY)
                        return
                await self._send(
                    kept, encoding, if_none_match, if_modified_since, method == "HEAD", _HIT, send
                )
                return
        if not plain or not self._cacheable(key[0]) or len(key[0]) + len(key[1]) > MAX_KEY:
            await self.app(scope, receive, _with_status(send, b"fwd=bypass"))
            return
        await self._miss(key, scope, receive, send, encoding, if_none_match, if_modified_since)

    def _sort(self, asked: tuple[str, bytes]) -> tuple[str, bytes]:
        """The key of a question: the order of its parameters does not matter."""
        key = (asked[0], b"&".join(sorted(asked[1].split(b"&")))) if b"&" in asked[1] else asked
        if len(asked[0]) + len(asked[1]) <= MAX_KEY:
            if len(self._sorted) >= MAX_SORTED:
                self._sorted.clear()
            self._sorted[asked] = key
        return key

    async def _miss(
        self,
        key: tuple[str, bytes],
        scope: Scope,
        receive: Receive,
        send: Send,
        encoding: bytes,
        if_none_match: bytes,
        if_modified_since: bytes,
    ) -> None:
        head = scope["method"] == "HEAD"
        if (flight := self._flights.get(key)) is not None:
            await flight  # a hundred equal questions at once are one
            if (kept := self._kept.get(key)) is not None:
                await self._send(
                    kept,
                    encoding,
                    if_none_match,
                    if_modified_since,
                    head,
                    b"fwd=miss; collapsed",
                    send,
                )
                return
        mine = self._flights.setdefault(key, asyncio.get_running_loop().create_future())
        try:
            answer = await self._ask(scope, receive)
            if answer.status in CACHEABLE:
                self._keep(key, answer)
        finally:
            if not mine.done():
                mine.set_result(None)
            if self._flights.get(key) is mine:
                del self._flights[key]
        if answer.status in CACHEABLE:
            await self._send(
                answer, encoding, if_none_match, if_modified_since, head, b"fwd=miss", send
            )
        else:
            headers = [*answer.headers, (b"cache-status", NAME + b"; fwd=bypass")]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if head else answer.body})

    async def _ask(self, scope: Scope, receive: Receive) -> Kept:
        directory = resource_of_state(scope["state"], self._directory)
        _look(directory)
        answer = Kept(
            0, [], b"", NO_HINTS, directory.revision, directory.generation, directory.updated_at
        )
        body: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
                answer.hints = message.get("cache_hints", NO_HINTS)
            else:
                body.append(message.get("body", b""))

        try:
            await self.app({**scope, "method": "GET"}, receive, collect)
        except Exception:
            if answer.status != 500:  # a failure is answered first, and then raised again
                raise
        answer.body = b"".join(body)
        return answer

    def _keep(self, key: tuple[str, bytes], answer: Kept) -> None:
        answer.size = len(answer.body) + len(key[0]) + len(key[1]) + OVERHEAD
        if answer.size > self._max_bytes:
            return
        if (old := self._kept.pop(key, None)) is not None:
            self._bytes -= old.size
        self._kept[key] = answer
        self._bytes += answer.size
        while self._bytes > self._max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size

    async def _send(
        self,
        kept: Kept,
        encoding: bytes,
        if_none_match: bytes,
        if_modified_since: bytes,
        head: bool,
        status: bytes,
        send: Send,
    ) -> None:
        name = self._negotiated.get(encoding) or self._negotiate(encoding)
        variant = kept.variants.get(name) or self._variant(kept, name)
        if kept.status == 200 and (
            (if_none_match and _matches(if_none_match, variant.etag))
            or (
                if_modified_since
                and not if_none_match
                and kept.hints.by_revision
                and _not_since(if_modified_since, kept.updated_at)
            )
        ):
            await send(variant.not_modified)
            await send(_EMPTY)
            return
        if status is _HIT:
            await send(variant.start)
        else:
            headers = [*variant.start["headers"][:-1], (b"cache-status", NAME + b"; " + status)]
            await send({"type": "http.response.start", "status": kept.status, "headers": headers})
        await send(_EMPTY if head else variant.body)

    def _negotiate(self, accepted: bytes) -> str:
        found = best_encoding(accepted.decode("latin-1"))
        if len(accepted) <= MAX_ACCEPT:
            if len(self._negotiated) >= MAX_NEGOTIATED:
                self._negotiated = {b"": "identity"}
            self._negotiated[accepted] = found
        return found

    def _variant(self, kept: Kept, asked: str) -> Variant:
        name, body = asked, kept.body
        if name != "identity" and len(body) >= WORTH_COMPRESSING:
            body = ENCODINGS[name](body)
        else:
            name = "identity"
        etag = self._etag(kept, name)
        replaced = REPLACED_IN_200 if kept.status == 200 else REPLACED
        others = [header for header in kept.headers if header[0] not in replaced]
        fresh = [(b"etag", etag), (b"cache-control", CACHE_CONTROL)]
        modified = (b"last-modified", _http_date(kept.updated_at))
        encoded = [(b"content-encoding", name.encode())] if name != "identity" else []
        hit = (b"cache-status", NAME + b"; hit")
        start = {
            "type": "http.response.start",
            "status": kept.status,
            "headers": [
                *others,
                (b"content-length", str(len(body)).encode()),
                *fresh,
                modified,
                *encoded,
                hit,
            ],
        }
        not_modified = {
            "type": "http.response.start",
            "status": 304,
            "headers": [
                *[header for header in others if header[0] in WITH_NOT_MODIFIED],
                *fresh,
                hit,
            ],
        }
        variant = Variant(etag, start, {"type": "http.response.body", "body": body}, not_modified)
        kept.variants[asked] = variant
        if kept.size and name != "identity":
            kept.size += len(body)
            self._bytes += len(body)
        return variant

    def _etag(self, kept: Kept, encoding: str) -> bytes:
        if kept.hints.key is not None and kept.hints.by_revision:
            seed = f"{self._version} {kept.revision} {kept.hints.key}".encode()
        else:
            seed = kept.body
        return f'"{hashlib.blake2b(seed, digest_size=12).hexdigest()}-{encoding}"'.encode()


_HIT = b"hit"
_EMPTY: Message = {"type": "http.response.body", "body": b""}


def _look(directory: Directory) -> bool:
    """Whether it could take notice of what was committed; where it could not, the service itself fails, and says so properly."""
    try:
        directory.look()
    except Exception:
        return False
    return True


def best_encoding(accepted: str) -> str:
    """The best of our encodings that an Accept-Encoding header takes (RFC 9110, 12.5.3)."""
    quality: dict[str, float] = {}
    for item in accepted.lower().split(","):
        name, _, weight = item.partition(";")
        try:
            quality[name.strip()] = (
                float(weight.strip().removeprefix("q=") or 1) if weight.strip() else 1.0
            )
        except ValueError:
            quality[name.strip()] = 0.0
    wanted = [
        (quality.get(name, quality.get("*", 0.0)), -place, name)
        for place, name in enumerate(ENCODINGS)
    ]
    best, _, name = max(wanted)
    return name if best > 0 and best >= quality.get("identity", 0.0) else "identity"


def _matches(if_none_match: bytes, etag: bytes) -> bool:
    if if_none_match == etag:
        return True
    return if_none_match.strip() == b"*" or any(
        one.strip().removeprefix(b"W/") == etag for one in if_none_match.split(b",")
    )


def _not_since(if_modified_since: bytes, updated_at: datetime) -> bool:
    try:
        return updated_at.replace(microsecond=0) <= parsedate_to_datetime(
            if_modified_since.decode("latin-1")
        )
    except (ValueError, TypeError):
        return False


@lru_cache(maxsize=16)
def _http_date(at: datetime) -> bytes:
    return format_datetime(at, usegmt=True).encode()


def _takes_anything(accept: bytes) -> bool:
    """Whether an Accept header surely takes JSON; the others are weighed by the application."""
    return (b"*/*" in accept and b"q=0" not in accept) or accept == b"application/json"


def _with_status(send: Send, status: bytes) -> Send:
    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {
                **message,
                "headers": [*message["headers"], (b"cache-status", NAME + b"; " + status)],
            }
        await send(message)

    return noted
