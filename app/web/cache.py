"""Whole answers kept in memory, pure ASGI, outside the application.

One dictionary lookup stands between a repeated question and its bytes. An answer is kept for the
state of the directory that it was made at, so a stale one is never sent. Only answers of status
200 are kept, and they carry no request id: one answer serves many requests.

HTTP caching (RFC 9111), conditional requests (RFC 9110), Cache-Status (RFC 9211).
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.clock import now
from app.web.cached_response import HINTS, NO_HINTS, CacheHints
from app.web.conditional import (
    CACHE_CONTROL,
    COMPRESS,
    IDENTITY,
    PERMANENT,
    encoding_for,
    http_date,
    is_not_modified,
    last_modified,
    takes,
)
from app.web.request_log import CACHE, METHOD
from app.web.state import resource_of_state

WORTH_COMPRESSING = 600  # bytes
MAX_KEY = 4000  # bytes of path and query; answers to longer ones are not kept
MAX_SORTED = 1000  # questions whose sorted form is remembered; a megabyte in all
MAX_SORTED_KEY = 500  # bytes of a question whose sorted form is remembered
# Bytes beside the bodies, measured with short and long answers (tests/test_cache_memory.py): 1,900
# for an answer and 1,550 for each encoding, and what the allocator does not give back.
OVERHEAD = 2500
OF_A_VARIANT = 2000
# Headers of a 304 beside its ETag: what caches need (RFC 9110, 15.4.5) and what web pages need.
WITH_NOT_MODIFIED = {b"vary", b"access-control-allow-origin", b"access-control-expose-headers"}
REPLACED = {
    b"content-length",
    b"cache-control",
    b"etag",
    b"last-modified",
    b"content-encoding",
    b"x-request-id",
    b"ratelimit",
    b"ratelimit-policy",
}
OF_ONE_CLIENT = {b"ratelimit", b"ratelimit-policy"}
NAME = b"ModelDistricts"
HIT, MISS, COLLAPSED, BYPASS = b"hit", b"fwd=miss", b"fwd=miss; collapsed", b"fwd=bypass"
EMPTY: Message = {"type": "http.response.body", "body": b""}

Key = tuple[str, bytes]  # path and query


class Directory(Protocol):
    """What answers are made from, as the cache sees it."""

    revision: int
    generation: int
    updated_at: datetime
    settled: bool  # whether it is the state of one revision

    def look(self) -> bool:
        """Whether it holds all that has been committed. Waits for nothing."""

    async def follow(self) -> None:
        """Take in what has been committed, for as long as a request may wait."""


class RequestHeaders(NamedTuple):
    """The request headers that decide how an answer is sent."""

    accept: bytes = b""
    accept_encoding: bytes = b""
    if_none_match: bytes = b""
    if_modified_since: bytes = b""


@dataclass(slots=True)
class Variant:
    """An answer in one encoding, as it is sent."""

    etag: bytes
    start: Message
    body: Message
    not_modified: Message


@dataclass(slots=True)
class CachedAnswer:
    """An answer as it was made."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    hints: CacheHints
    revision: int
    generation: int
    updated_at: datetime
    settled: bool
    media_type: str = ""  # without its charset
    variants: dict[str, Variant] = field(default_factory=dict)
    size: int = 0

    def is_current(self, directory: Directory) -> bool:
        """Whether nothing has changed since that it was made from."""
        if self.hints.permanent_since is not None:
            return True
        if self.hints.by_revision:
            return self.revision == directory.revision
        return self.generation == directory.generation


class Cache:
    """Wraps the service from outside.

    `directory` is the type of the Directory among the service's resources, `cacheable` says which
    paths give everybody the same answer, and `max_bytes` bounds what is kept; 0 keeps nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        directory: type[Directory],
        cacheable: Callable[[str], bool],
        max_bytes: int,
        version: str,
        on_hit: Callable[[Scope, Send], Send] | None = None,
    ) -> None:
        self.app = app
        self._on_hit = on_hit
        # Plain integers, read when somebody asks: a counter of a library takes half a hit's time.
        self._hits = self._misses = self._collapsed = self._bypassed = 0
        self._directory = directory
        self._cacheable = cacheable
        self._max_bytes = max_bytes
        self._version = version
        self._answers: OrderedDict[Key, CachedAnswer] = OrderedDict()
        self._sorted: dict[Key, Key] = {}  # a question as sent -> with its parameters in order
        self._in_flight: dict[Key, asyncio.Future[None]] = {}
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = scope.get("method")  # only HTTP has one
        if method not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        sent = (scope["path"], scope["query_string"])
        key = self._sorted.get(sent) or self._sort(sent)
        headers = _request_headers(scope)
        answer = self._answers.get(key)
        if answer is not None:
            directory = resource_of_state(scope["state"], self._directory)
            if not directory.look():
                await directory.follow()
            answer = self._current(key, directory)
        if answer is not None and headers.accept and not takes(headers.accept, answer.media_type):
            self._bypassed += 1
            await self.app(scope, receive, _with_status(send, BYPASS))
        elif answer is not None:
            self._hits += 1
            if self._on_hit is not None:
                send = self._on_hit(scope, send)
            await self._send_hit(answer, headers, method == "HEAD", send)
        elif self._cacheable(key[0]) and len(key[0]) + len(key[1]) <= MAX_KEY:
            await self._miss(key, headers, scope, receive, send)
        else:
            self._bypassed += 1
            if self._cacheable(key[0]):
                await resource_of_state(scope["state"], self._directory).follow()
            await self.app(scope, receive, _with_status(send, BYPASS))

    def counts(self) -> dict[str, int]:
        """How many questions were answered from memory, made anew, shared, or not for the cache."""
        return {
            "hit": self._hits,
            "miss": self._misses,
            "collapsed": self._collapsed,
            "bypass": self._bypassed,
        }

    @property
    def answers_kept(self) -> int:
        """How many answers are kept."""
        return len(self._answers)

    @property
    def bytes_kept(self) -> int:
        """How much memory they take."""
        return self._bytes

    @property
    def in_flight(self) -> int:
        """How many different questions are being answered."""
        return len(self._in_flight)

    def _current(self, key: Key, directory: Directory) -> CachedAnswer | None:
        """The kept answer to a question, if it still holds."""
        answer = self._answers.get(key)
        if answer is None or not answer.is_current(directory):
            return None
        self._answers.move_to_end(key)
        return answer

    async def _send_hit(
        self, answer: CachedAnswer, headers: RequestHeaders, head: bool, send: Send
    ) -> None:
        if answer.hints.on_hit:
            answer.hints.on_hit()
        # Most hits are a plain GET, or from a browser that has this answer already. Sent from here
        # a hit takes 1.9 us, by `_send` 2.5: about 2 % of a warm answer.
        variant = answer.variants.get(encoding_for(headers.accept_encoding))
        if variant is not None and not head and not headers.if_modified_since:
            if not headers.if_none_match:
                await send(variant.start)
                await send(variant.body)
                return
            if headers.if_none_match == variant.etag:
                await send(variant.not_modified)
                await send(EMPTY)
                return
        await self._send(answer, headers, head, HIT, send)

    async def _miss(
        self, key: Key, headers: RequestHeaders, scope: Scope, receive: Receive, send: Send
    ) -> None:
        head = scope["method"] == "HEAD"
        flight = self._in_flight.get(key)
        if flight is not None:  # a hundred equal questions at once are one
            await flight
            answer = self._answers.get(key)
            if answer is not None and takes(headers.accept, answer.media_type):
                self._collapsed += 1
                await self._send(answer, headers, head, COLLAPSED, send)
                return
        self._misses += 1
        mine = self._in_flight.setdefault(key, asyncio.get_running_loop().create_future())
        try:
            answer = await self._call_app(scope, receive)
            if answer.status == 200 and answer.settled:
                self._keep(key, answer)
        finally:
            if not mine.done():
                mine.set_result(None)
            if self._in_flight.get(key) is mine:
                del self._in_flight[key]
        if answer.status == 200:
            await self._send(answer, headers, head, MISS, send)
            return
        start_headers = [*answer.headers, _cache_status(BYPASS)]
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": start_headers}
        )
        await send(EMPTY if head else {"type": "http.response.body", "body": answer.body})

    async def _call_app(self, scope: Scope, receive: Receive) -> CachedAnswer:
        directory = resource_of_state(scope["state"], self._directory)
        await directory.follow()
        answer = CachedAnswer(
            status=0,
            headers=[],
            body=b"",
            hints=NO_HINTS,
            revision=directory.revision,
            generation=directory.generation,
            updated_at=directory.updated_at,
            settled=directory.settled,
        )
        body: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
                answer.media_type = _media_type(answer.headers)
                answer.hints = message.get(HINTS, NO_HINTS)
                if answer.hints.permanent_since is not None:
                    answer.revision = answer.hints.revision or 0
                    answer.updated_at = answer.hints.permanent_since
                elif answer.hints.revision == directory.revision:  # it waited, and knows for what
                    answer.revision, answer.generation = directory.revision, directory.generation
                    answer.updated_at = directory.updated_at
            else:
                body.append(message.get("body", b""))

        try:
            await self.app(
                {**scope, "method": "GET", METHOD: scope["method"], CACHE: "miss"}, receive, collect
            )
        except Exception:
            if answer.status != 500:  # a failure is answered first, and then raised again
                raise
        answer.body = b"".join(body)
        answer.settled = answer.settled and directory.settled
        return answer

    def _sort(self, sent: Key) -> Key:
        """The key of a question: the order of its parameters does not matter."""
        path, query = sent
        key = sent
        if b"&" in query:  # of one parameter that is repeated, such as sort, the order matters
            pairs = [(pair.partition(b"=")[0], pair) for pair in query.split(b"&")]
            pairs.sort(key=itemgetter(0))
            key = (path, b"&".join(pair for _, pair in pairs))
        if len(path) + len(query) <= MAX_SORTED_KEY:
            if len(self._sorted) >= MAX_SORTED:
                self._sorted.clear()
            self._sorted[sent] = key
        return key

    def _keep(self, key: Key, answer: CachedAnswer) -> None:
        size = len(answer.body) + len(key[0]) + len(key[1]) + OVERHEAD + OF_A_VARIANT
        if size > self._max_bytes:
            return
        old = self._answers.pop(key, None)
        if old is not None:
            self._drop(old)
        self._answers[key] = answer
        self._count(answer, size)

    def _count(self, answer: CachedAnswer, size: int) -> None:
        """Count what a kept answer takes more, and drop those that were not asked for longest."""
        answer.size += size
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, oldest = self._answers.popitem(last=False)
            self._drop(oldest)

    def _drop(self, answer: CachedAnswer) -> None:
        self._bytes -= answer.size
        answer.size = 0  # it may still be sent in another encoding, but is not kept

    async def _send(
        self,
        answer: CachedAnswer,
        headers: RequestHeaders,
        head: bool,
        cache_status: bytes,
        send: Send,
    ) -> None:
        name = encoding_for(headers.accept_encoding)
        variant = answer.variants.get(name) or self._variant(answer, name)
        if _is_not_modified(answer, variant, headers):
            await send(variant.not_modified)
            await send(EMPTY)
            return
        start = variant.start
        if cache_status != HIT:
            own = [header for header in answer.headers if header[0] in OF_ONE_CLIENT]
            start_headers = [*start["headers"][:-1], _cache_status(cache_status)]
            start = {**start, "headers": start_headers + (own if cache_status == MISS else [])}
        await send(start)
        await send(EMPTY if head else variant.body)

    def _variant(self, answer: CachedAnswer, accepted: str) -> Variant:
        """The answer in the encoding that the client accepts, compressed once."""
        encoding, body = IDENTITY, answer.body
        if accepted != IDENTITY and len(body) >= WORTH_COMPRESSING:
            encoding, body = accepted, COMPRESS[accepted](body)
        etag = self._etag(answer, encoding)
        modified_at, is_final = last_modified(answer.updated_at, now())
        others = [header for header in answer.headers if header[0] not in REPLACED]
        is_permanent = answer.hints.permanent_since is not None
        freshness = PERMANENT if is_permanent else CACHE_CONTROL
        fresh = [(b"etag", etag), (b"cache-control", freshness.encode())]
        about_body = [
            (b"content-length", str(len(body)).encode()),
            (b"last-modified", http_date(modified_at).encode()),
        ]
        if encoding != IDENTITY:
            about_body.append((b"content-encoding", encoding.encode()))
        needed = [header for header in others if header[0] in WITH_NOT_MODIFIED]
        variant = Variant(
            etag,
            _start(answer.status, [*others, *about_body, *fresh, _cache_status(HIT)]),
            {"type": "http.response.body", "body": body},
            _start(304, [*needed, *fresh, _cache_status(HIT)]),
        )
        if is_final:
            if answer.size and (answer.variants or encoding != IDENTITY):
                of_this = OF_A_VARIANT if answer.variants else 0  # the first was counted already
                self._count(answer, of_this + (len(body) if encoding != IDENTITY else 0))
            answer.variants[accepted] = variant
        return variant

    def _etag(self, answer: CachedAnswer, encoding: str) -> bytes:
        seed = answer.body
        if answer.hints.key is not None and answer.hints.by_revision and answer.settled:
            seed = f"{self._version} {answer.revision} {answer.hints.key}".encode()
        return f'"{hashlib.blake2b(seed, digest_size=12).hexdigest()}-{encoding}"'.encode()


def _request_headers(scope: Scope) -> RequestHeaders:
    accept = accept_encoding = if_none_match = if_modified_since = b""
    for name, value in scope["headers"]:  # a dictionary of them would take longer
        if name == b"accept-encoding":
            accept_encoding = value
        elif name == b"accept":
            accept = accept + b"," + value if accept else value
        elif name == b"if-none-match":
            if_none_match = if_none_match + b"," + value if if_none_match else value
        elif name == b"if-modified-since":
            if_modified_since = value
    return RequestHeaders(accept, accept_encoding, if_none_match, if_modified_since)


def _media_type(headers: list[tuple[bytes, bytes]]) -> str:
    value = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    return value.partition(b";")[0].strip().decode("latin-1")


def _is_not_modified(answer: CachedAnswer, variant: Variant, headers: RequestHeaders) -> bool:
    modified_since = headers.if_modified_since if answer.hints.by_revision else b""
    return is_not_modified(
        headers.if_none_match.decode("latin-1"),
        modified_since.decode("latin-1"),
        variant.etag.decode(),
        answer.updated_at,
    )


def _start(status: int, headers: list[tuple[bytes, bytes]]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def _cache_status(status: bytes) -> tuple[bytes, bytes]:
    return (b"cache-status", NAME + b"; " + status)


def _with_status(send: Send, status: bytes) -> Send:
    async def send_with_status(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message["headers"], _cache_status(status)]
            message = {**message, "headers": headers}
        await send(message)

    return send_with_status
