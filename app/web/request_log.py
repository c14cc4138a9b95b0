"""One line in the log for each request that is worth one. No secret, and nothing a reader typed."""

import time
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from starlette.types import Message, Scope, Send

from app import logs

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NETWORK_BITS = {4: 24, 6: 48}  # what is left of a client's address
UNMATCHED = "unmatched"  # a request to an address that no endpoint has
FROM_CACHE = "cache"  # answered before anybody looked for the endpoint
OTHER = "other"
CACHE = "model_districts.cache"  # in the scope: what the cache had for this question
METHOD = "model_districts.method"  # in the scope: what was asked with, if it is answered as a GET
HIT, BYPASS = "hit", "bypass"


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that has been answered."""

    scope: Scope
    status: int
    seconds: float

    @property
    def method(self) -> str:
        """Its method, or `other`: there are only so many."""
        method: str = self.scope.get(METHOD) or self.scope["method"]
        return method if method in METHODS else OTHER

    @property
    def route(self) -> str:
        """The template of its address, such as /v1/districts/{slug}, or `unmatched`."""
        template = getattr(self.scope.get("route"), "path", None)
        return str(template or (FROM_CACHE if self.cache == HIT else UNMATCHED))

    @property
    def cache(self) -> str:
        """What the cache had: hit, miss or bypass."""
        return str(self.scope.get(CACHE, BYPASS))


class RequestLog:
    """Writes the lines. `clients`: how much of the client's address; `queries`: path and query."""

    def __init__(self, *, clients: str = "off", queries: bool = False) -> None:
        self._clients, self._queries = clients, queries
        self._log = logs.logger("access").bind()

    def write(self, answered: Answered) -> None:
        """Write one line."""
        scope = answered.scope
        more: dict[str, Any] = {}
        if self._clients != "off" and scope.get("client"):
            more["client"] = shown_client(scope["client"][0], self._clients)
        if self._queries:
            more["path"] = scope["path"]
            more["query"] = scope["query_string"].decode("latin-1")
        if "request_id" in scope:
            more["request_id"] = scope["request_id"]
        self._log.info(
            "request",
            method=answered.method,
            route=answered.route,
            status=answered.status,
            milliseconds=round(answered.seconds * 1000, 1),
            cache=answered.cache,
            **more,
        )

    def of_hit(self, scope: Scope, send: Send) -> Send:
        """Sends an answer from the cache, which no endpoint has seen, and writes its line."""
        began = time.perf_counter()

        async def logged(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                hit = {**scope, CACHE: HIT, "route": None}
                self.write(Answered(hit, message["status"], time.perf_counter() - began))

        return logged


def shown_client(address: str, clients: str) -> str:
    """A client's address as the setting shows it: whole, or the network that it is in."""
    if clients == "address":
        return address
    try:
        ip = ip_address(address)
    except ValueError:  # a name of a test's or a socket's
        return OTHER
    return str(ip_network(f"{ip}/{NETWORK_BITS[ip.version]}", strict=False))
