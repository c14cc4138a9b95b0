"""Connections to public addresses alone, so that what an editor or a redirect names is never a machine of our own network.

A host is looked up here, its addresses are checked, and the connection is made to the very address that was checked.
"""

import asyncio
import ipaddress
import socket

import httpx

MAX_ADDRESSES = 3  # of one host, tried in turn
# Networks of the IANA registries of special addresses that Python 3.11 counts as public, and an
# address at which a cloud answers its own machines.
SPECIAL_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocol assignments; metadata of Oracle's cloud at 192.0.0.192
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # multicast tunnels (AMT)
            "192.88.99.0/24",  # relays from IPv6 (6to4)
            "192.175.48.0/24",  # AS112
            "168.63.129.16/32",  # Azure's own services for its machines
            "::/96",  # IPv4 written as IPv6
            "64:ff9b::/96",  # IPv4 behind a translator
            "64:ff9b:1::/48",
            "100::/64",  # discarded
            "100:0:0:1::/64",
            "2001::/23",  # protocol assignments, tunnels among them
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
            "5f00::/16",  # segment routing
        ),
    )
)


class NotPublic(Exception):
    """The host has no public address."""


class UnknownHost(Exception):
    """The host's name leads to no address, or cannot be looked up now."""


class PublicTransport(httpx.AsyncBaseTransport):
    """Sends requests to public addresses. `allow_loopback`: to this machine too, as tests need."""

    def __init__(self, *, allow_loopback: bool = False) -> None:
        self._allow_loopback = allow_loopback
        # Each request has a connection of its own: two hosts at one address must not share one. No proxy: it would look up by itself.
        self._inner = httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request to a checked address of its host. Raises NotPublic, UnknownHost, or what httpx raises."""
        host = request.url.raw_host.decode("ascii")
        failure: httpx.TransportError | None = None
        for address in (await self._addresses(host))[:MAX_ADDRESSES]:
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # Host among them, with the host's name
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()

    async def _addresses(self, host: str) -> list[str]:
        try:
            answers = await asyncio.get_running_loop().getaddrinfo(
                host, None, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError):
            raise UnknownHost(host) from None
        addresses = list(dict.fromkeys(str(name[0]) for *_, name in answers))
        public = [
            address
            for address in addresses
            if is_public(address, allow_loopback=self._allow_loopback)
        ]
        if not public:
            raise NotPublic(host)
        return public


def is_public(address: str, *, allow_loopback: bool = False) -> bool:
    """Whether an IP address is one of the public internet: not private, loopback, link-local, multicast or reserved, nor a tunnel to such."""
    ip = ipaddress.ip_address(address)
    if ip.is_loopback:
        return allow_loopback
    if isinstance(ip, ipaddress.IPv6Address) and (
        ip.is_site_local or ip.ipv4_mapped or ip.sixtofour or ip.teredo
    ):
        return False
    if any(ip in network for network in SPECIAL_NETWORKS):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)
