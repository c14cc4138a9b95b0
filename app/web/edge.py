"""What every request meets outside the endpoints, pure ASGI.

Request ids, what is told of each answer, CORS on every answer, HEAD as GET without a body, OPTIONS, and what
the client accepts. The busiest paths go from here straight to their endpoints: the framework's
routing would cost more than they do. The framework still has them, for its OpenAPI document.

Answers from memory never get here: `cache.py` stands in front.
"""

import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Busy, Fault, Malformed, Refusal, TooMany
from app.web.admission import SearchLine
from app.web.clients import CLIENT_LEFT, ClientLeft, address_of
from app.web.conditional import accepts, quality
from app.web.problems import answer, failure, problem
from app.web.rate_limits import OVER_LIMIT, RateLimits
from app.web.request_log import METHOD, Answered
from app.web.state import resource_of_state

EXPOSED = (
    "ETag, Link, Retry-After, RateLimit, RateLimit-Policy, Repr-Digest, Deprecation, Sunset, "
    "Directory-Revision, Content-Disposition"
)
MAX_PAIRS = 100  # of the query, counted before anything is looked up
CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
    (b"vary", b"Accept, Accept-Encoding"),
]
PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    # `*` lets any header pass; the names are for browsers that do not know it.
    (b"access-control-allow-headers", b"*, Accept, Content-Type, If-None-Match, If-Modified-Since"),
    (b"access-control-max-age", b"86400"),
]
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]
PUBLIC = [*CORS, *SECURITY]
# Of pages that say nothing of it themselves: the documentation, which has a script of its own.
POLICY = (
    b"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
OF_PAGES = [(b"content-security-policy", POLICY), (b"x-frame-options", b"DENY")]
HTML = "text/html"
HEAD = (
    "model_districts.head"  # in the scope: the client wants no body, so a stream need not be made
)

Endpoint = Callable[[Request], Awaitable[Response]]
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class PathRules:
    """What the service knows about its paths and the HTTP layer does not."""

    is_public: Callable[[str], bool]  # any web page may read it; otherwise nothing is kept of it
    # What a path and query can answer; () if anything.
    media_types: Callable[[str, str], tuple[str, ...]]
    # As what a request is counted, by method and path; None if it is not.
    rate_group: Callable[[str, str], str | None] = lambda _method, _path: None
    takes_turns: Callable[[str], bool] = lambda _path: False  # whether the answer takes a search
    fast_paths: Mapping[str, Endpoint] = field(default_factory=dict)
    # Where the same question is answered in other media types, by media type. Who takes only those
    # of `leads_to` is led there, others are told.
    elsewhere: Callable[[str, str], Mapping[str, str]] = lambda _path, _query: {}
    leads_to: Set[str] = frozenset({HTML})


class Edge:
    """Wraps the whole application from outside."""

    def __init__(
        self,
        app: ASGIApp,
        rules: PathRules,
        *,
        on_answered: Callable[[Answered], None] = lambda _answered: None,
    ) -> None:
        self.app, self._rules, self._on_answered = app, rules, on_answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        scope = dict(scope, request_id=f"urn:uuid:{uuid.uuid4()}")
        sender = _Sender(scope, send, public=self._rules.is_public(scope["path"]))
        if scope["method"] == "HEAD":
            scope |= {"method": "GET", HEAD: True}
        try:
            response = await self._too_many(scope, sender)
            response = response or self._refusal(scope) or await self._turn(scope)
            response = response or await self._fast_response(scope, receive)
            await (response or self.app)(scope, receive, sender.send)
        except Exception:
            if not (sender.status == 500 and sender.is_done):  # else it is answered and logged
                raise
        finally:
            seconds = time.perf_counter() - began
            shown = {METHOD: sender.method, **scope}
            self._on_answered(Answered(shown, sender.status or CLIENT_LEFT, seconds))

    async def _too_many(self, scope: Scope, sender: "_Sender") -> Response | None:
        """Count the request. Returns the refusal if its client has sent too many."""
        group = self._rules.rate_group(scope["method"], scope["path"])
        if group is None:
            return None
        limits = resource_of_state(scope["state"], RateLimits)
        counted = await limits.count(group, address_of(scope))
        sender.more_headers = counted.headers
        seconds = counted.retry_after
        if seconds is None:
            return None
        detail = f"Too many requests from your address. Try again in {seconds} seconds."
        refusal = TooMany(detail, retry_after=seconds)
        if group == "suggestions":  # told by the endpoint: a form keeps what was typed
            scope[OVER_LIMIT] = refusal
            return None
        return answer(Request(scope), refusal)

    async def _turn(self, scope: Scope) -> Response | None:
        """Wait for a turn, if the answer takes a search. Returns a refusal if too many wait."""
        if scope["method"] != "GET" or not self._rules.takes_turns(scope["path"]):
            return None
        try:
            await resource_of_state(scope["state"], SearchLine).turn(scope)
        except ClientLeft:
            return Response(status_code=CLIENT_LEFT)
        except Busy as refusal:
            return answer(Request(scope), refusal)
        return None

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer to a request that no endpoint needs to see."""
        if "\0" in scope["path"]:  # no name has one, and PostgreSQL cannot be asked for it
            return problem(Request(scope), 404, "No address contains a NUL character.")
        if (pairs := scope["query_string"].count(b"&") + 1) > MAX_PAIRS:
            detail = (
                f"An address takes at most {MAX_PAIRS} parameters; {pairs} were given. "
                "Join the values of a parameter by commas."
            )
            return answer(Request(scope), Malformed([Fault("too_many_parameters", detail)]))
        query = scope["query_string"].decode("latin-1")
        offered = self._rules.media_types(scope["path"], query)
        lines = [value for name, value in scope["headers"] if name == b"accept"]
        accept = b",".join(lines).decode("latin-1")
        if not offered or any(accepts(accept, media_type) for media_type in offered):
            return None
        elsewhere = self._rules.elsewhere(scope["path"], query)
        links = {
            media_type: url for media_type, url in elsewhere.items() if accepts(accept, media_type)
        }
        if links and links.keys() <= self._rules.leads_to:
            best = max(links, key=lambda media_type: quality(accept, media_type))
            return Response(status_code=303, headers={"Location": links[best]})
        links = links or dict(elsewhere)
        detail = f"This address answers with {' or '.join(offered)}."
        detail += "".join(f" For {media_type}, use {url}." for media_type, url in links.items())
        values = [f'<{url}>; rel="alternate"; type="{type_}"' for type_, url in links.items()]
        headers = {"Link": ", ".join(values)} if values else {}
        return problem(Request(scope), 406, detail, headers=headers)

    async def _fast_response(self, scope: Scope, receive: Receive) -> Response | None:
        endpoint = self._rules.fast_paths.get(scope["path"])
        if endpoint is None or scope["method"] != "GET":
            return None
        request = Request(scope, receive)
        scope["route"] = _FastRoute(scope["path"])
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return answer(request, refusal)
        except Exception as error:
            return failure(request, error)


@dataclass(frozen=True, slots=True)
class _FastRoute:
    """What the framework would have noted of a request to one of the busiest paths."""

    path: str


class _Sender:
    """Sends one answer with the headers of every answer, and remembers its status."""

    def __init__(self, scope: Scope, send: Send, *, public: bool) -> None:
        self.method, self.status, self.is_done = scope["method"], 0, False
        self.more_headers: Headers = []
        self._send, self._public = send, public
        self._request_id = scope["request_id"].encode()
        self._preflight = self.method == "OPTIONS" and any(
            name == b"access-control-request-method" for name, _ in scope["headers"]
        )

    async def send(self, message: Message) -> None:
        """Pass one message of the application on to the server."""
        if message["type"] == "http.response.start":
            self.status, headers = message["status"], self._headers(message["headers"])
            if self._is_options_answer():
                self.status = 204
                headers = [
                    *_without(headers, b"content-type", b"content-length"),
                    *(PREFLIGHT if self._public else ()),
                ]
            message = {**message, "status": self.status, "headers": headers}
        elif self.method == "HEAD" or (self.method == "OPTIONS" and self.status == 204):
            message = {**message, "body": b""}
        self.is_done = message["type"] == "http.response.body" and not message.get("more_body")
        await self._send(message)

    def _headers(self, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        all_headers = [
            *headers,
            *(PUBLIC if self._public else SECURITY),
            *self.more_headers,
            (b"x-request-id", self._request_id),
        ]
        names = {name.lower(): value for name, value in headers}
        if (
            names.get(b"content-type", b"").startswith(b"text/html")
            and b"content-security-policy" not in names
        ):
            all_headers += OF_PAGES
        if not self._public and not any(name.lower() == b"cache-control" for name, _ in headers):
            all_headers.append((b"cache-control", b"no-store"))
        return all_headers

    def _is_options_answer(self) -> bool:
        """No route takes OPTIONS, so its 405 knows the methods that are taken.

        A preflight of a public address succeeds even where there is nothing, so that the web page
        can read the 404 that follows.
        """
        return self.method == "OPTIONS" and (
            self.status == 405 or (self._preflight and self._public)
        )


def _without(headers: Iterable[tuple[bytes, bytes]], *names: bytes) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in names]
