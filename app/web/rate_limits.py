"""Rate limits: how often one client may ask, counted by the `limits` library in memory or in Redis.

Answers from memory are not counted: they cost next to nothing. No address is kept: a client is one
of CLIENTS numbers that its address comes to, for a minute.
"""

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError
from starlette.types import Scope

from app.errors import TooMany
from app.settings import Settings

CLIENTS = 1 << 14  # the library looks through all of them now and then: 1 ms
SECONDS = 60
REDIS_SECONDS = 0.25  # that a request waits for Redis
PAUSE_SECONDS = 10.0  # without asking Redis again after it did not answer
SUGGESTIONS_OF_ALL = 60  # a minute, from all clients together
log = logging.getLogger("model_districts")

OVER_LIMIT = "model_districts.over_limit"  # in the scope: the refusal, where the endpoint tells it
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Policy:
    """So many requests a minute, for each client or for all together."""

    name: str
    item: RateLimitItem
    for_all: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What counting a request came to: headers for its answer, and when to come back if refused."""

    headers: Headers
    retry_after: int | None = None


class RateLimits:
    """Counts requests by group: reads, exports, suggestions."""

    def __init__(self, settings: Settings) -> None:
        per_client = {
            "reads": settings.rate_limit_reads,
            "exports": settings.rate_limit_exports,
            "suggestions": settings.rate_limit_suggestions,
        }
        self._policies: Mapping[str, Sequence[Policy]] = {
            name: _policies(name, amount) for name, amount in per_client.items() if amount
        }
        self._memory = FixedWindowRateLimiter(MemoryStorage())
        self._redis: FixedWindowRateLimiter | None = None
        self._redis_again = 0.0  # when Redis is asked again
        if settings.rate_limit_redis_url:
            self._redis = FixedWindowRateLimiter(_redis_storage(settings.rate_limit_redis_url))

    async def count(self, group: str, address: str) -> Counted:
        """Count a request of a client."""
        policies = self._policies.get(group)
        if not policies:
            return Counted([])
        if self._redis is not None and time.monotonic() >= self._redis_again:
            try:
                return await _count(self._redis, policies, address)
            except StorageError as error:
                self._redis_again = time.monotonic() + PAUSE_SECONDS
                log.warning(
                    "Redis does not answer (%s): each process counts requests by itself for %d seconds",
                    type(error.storage_error).__name__,
                    PAUSE_SECONDS,
                )
        return await _count(self._memory, policies, address)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            storage: Any = self._redis.storage
            await storage.bridge.storage.aclose()


def let_in(scope: Scope) -> None:
    """Raise TooMany if the client has sent too many requests of this kind."""
    refusal: TooMany | None = scope.get(OVER_LIMIT)
    if refusal is not None:
        raise refusal


def client_name(address: str) -> str:
    """The name under which a client is counted. In IPv6 a home or an office has a whole /64."""
    try:
        ip = ip_address(address)
        if isinstance(ip, IPv6Address):
            mapped = ip.ipv4_mapped
            address = str(mapped or ip_network((int(ip), 64), strict=False))
    except ValueError:  # a socket, or a name that a proxy made up
        pass
    digest = hashlib.blake2b(address.encode(), digest_size=4).digest()
    return str(int.from_bytes(digest, "big") % CLIENTS)


def _policies(name: str, amount: int) -> Sequence[Policy]:
    own = Policy(name, RateLimitItemPerMinute(amount, namespace=name))
    if name != "suggestions":
        return (own,)
    of_all = RateLimitItemPerMinute(SUGGESTIONS_OF_ALL, namespace=f"all-{name}")
    return (own, Policy(f"all-{name}", of_all, for_all=True))


def _redis_storage(url: str) -> RedisStorage:
    return RedisStorage(
        f"async+{url}",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="model-districts",
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
    )


async def _count(
    limiter: FixedWindowRateLimiter, policies: Sequence[Policy], address: str
) -> Counted:
    """Count by each policy, the client's own first, until one refuses.

    The headers are those of draft-ietf-httpapi-ratelimit-headers.
    """
    limits, counts, retry_after = [], [], None
    for policy in policies:
        who = "" if policy.for_all else client_name(address)
        allowed = await limiter.hit(policy.item, who)
        window = await limiter.get_window_stats(policy.item, who)
        seconds = min(SECONDS, max(1, round(window.reset_time - time.time() + 0.5)))
        limits.append(f'"{policy.name}";q={policy.item.amount};w={SECONDS}')
        counts.append(f'"{policy.name}";r={window.remaining};t={seconds}')
        if not allowed:
            retry_after = seconds
            break
    headers = [
        (b"ratelimit-policy", ", ".join(limits).encode()),
        (b"ratelimit", ", ".join(counts).encode()),
    ]
    return Counted(headers, retry_after)
