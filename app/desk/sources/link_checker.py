"""Checks whether cited sources can still be read.

Requests say who is asking, obey robots.txt, and go to a host one at a time.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

import httpx
from protego import Protego

from app.clock import now
from app.database import Database
from app.desk.sources import health
from app.desk.sources.health import CheckResult
from app.desk.sources.public_network import MAX_ADDRESSES, NotPublic, PublicTransport, UnknownHost

AGENT = "ModelDistricts"
MAX_REDIRECTS = 5
HOSTS_AT_ONCE = 8
PERMANENT, TEMPORARY = (301, 308), (302, 303, 307)
GONE = (404, 410)
MAX_NOTE_CHARACTERS = 200
MAX_ADDRESS_CHARACTERS = 4000
MAX_ROBOTS_BYTES = 500 * 1024  # as much as RFC 9309 asks a reader to take in
log = logging.getLogger("model_districts")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    location: str | None
    body: bytes = b""


class _NoAnswer(Exception):
    """No answer, and why not, in words. `refused`: the request was not sent."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        self.refused = refused
        super().__init__("".join(filter(str.isprintable, why))[:MAX_NOTE_CHARACTERS])


class LinkChecker:
    """Checks links. Use it as an async context."""

    def __init__(
        self,
        *,
        version: str,
        home: str | None = None,
        pause_seconds: float = 1.0,
        timeout_seconds: float = 20.0,
        allow_loopback: bool = False,
    ) -> None:
        self._pause_seconds, self._timeout_seconds = pause_seconds, timeout_seconds
        about = "checks that cited sources are still there" + (f"; +{home}" if home else "")
        self._client = httpx.AsyncClient(
            transport=PublicTransport(allow_loopback=allow_loopback),
            headers={
                "User-Agent": f"{AGENT}/{version} ({about})",
                "Accept": "*/*",
                "Accept-Encoding": "identity",
            },
            timeout=httpx.Timeout(
                timeout_seconds, connect=timeout_seconds / MAX_ADDRESSES
            ),  # so that each address gets its turn
            follow_redirects=False,
            trust_env=False,
        )
        # by host: one request at a time
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # by origin: its rules, or why they cannot be read
        self._robots: dict[str, Protego | str] = {}
        self._robots_turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __aenter__(self) -> "LinkChecker":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def check_all(
        self, urls: Sequence[str], on_result: Callable[[CheckResult], None]
    ) -> None:
        """Check URLs, a few hosts at a time. `on_result` is called in a thread with each result.

        Raises what `on_result` raises, and checks no more.
        """
        hosts: dict[str, list[str]] = defaultdict(list)
        for url in urls:
            hosts[_host(url)].append(url)
        slots = asyncio.Semaphore(HOSTS_AT_ONCE)

        async def check_host(urls: Sequence[str]) -> None:
            async with slots:
                for url in urls:
                    await asyncio.to_thread(on_result, await self.check(url))

        try:
            async with asyncio.TaskGroup() as group:
                for of_host in hosts.values():
                    group.create_task(check_host(of_host))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def check(self, url: str) -> CheckResult:
        """Check one URL. Whatever goes wrong on the way is what is found of this URL alone."""
        try:
            return await self._check(url)
        except Exception as error:
            log.warning("checking %s failed", url, exc_info=error)
            return CheckResult(url, "unreachable", note=str(_NoAnswer(_in_words(error))))

    async def _check(self, url: str) -> CheckResult:
        """Each redirect is checked like the first address."""
        moved_to: str | None = None
        try:
            address, lasting = _parsed(url), True
            for _ in range(MAX_REDIRECTS + 1):
                if not (await self._robots_of(address)).can_fetch(str(address), AGENT):
                    raise _NoAnswer(
                        f"robots.txt of {address.host} does not allow this page", refused=True
                    )
                answer = await self._look(address)
                if answer.location is None or answer.status not in (*PERMANENT, *TEMPORARY):
                    return _judged(url, answer.status, moved_to)
                address = _parsed(answer.location, address)
                lasting = lasting and answer.status in PERMANENT
                moved_to = str(address) if lasting else moved_to
        except _NoAnswer as missing:
            return CheckResult(
                url,
                "blocked" if missing.refused else "unreachable",
                moved_to=moved_to,
                note=str(missing),
            )
        return CheckResult(
            url, "unreachable", moved_to=moved_to, note=f"more than {MAX_REDIRECTS} redirects"
        )

    async def _look(self, address: httpx.URL) -> _Answer:
        """HEAD, then GET where HEAD fails: many servers answer HEAD wrongly."""
        answer = await self._ask("HEAD", address)
        return (
            answer
            if answer.status < 400 or answer.status in (410, 429)
            else await self._ask("GET", address)
        )

    async def _robots_of(self, address: httpx.URL) -> Protego:
        """The robots.txt rules of a site. Raises _NoAnswer if they cannot be read.

        A robots.txt that cannot be read forbids every request (RFC 9309, 2.3.1.4).
        """
        origin = address.copy_with(raw_path=b"/robots.txt")
        async with self._robots_turns[str(origin)]:
            if str(origin) not in self._robots:
                try:
                    self._robots[str(origin)] = await self._read_robots(origin)
                except _NoAnswer as missing:
                    if missing.refused:
                        raise
                    self._robots[str(origin)] = str(missing)
        if isinstance(robots := self._robots[str(origin)], str):
            raise _NoAnswer(robots)
        return robots

    async def _read_robots(self, address: httpx.URL) -> Protego:
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._ask("GET", address, most=MAX_ROBOTS_BYTES)
            if answer.location is None or answer.status not in (*PERMANENT, *TEMPORARY):
                break
            address = _parsed(answer.location, address)
        if answer.status >= 500:
            raise _NoAnswer(f"robots.txt answers {answer.status}")
        rules = answer.body.decode(errors="replace") if answer.status == 200 else ""
        return Protego.parse(rules)

    async def _ask(self, method: str, address: httpx.URL, *, most: int = 0) -> _Answer:
        """One request, when it is the host's turn. Reads up to `most` bytes of the body."""
        async with self._turns[address.host]:
            try:
                async with (
                    asyncio.timeout(self._timeout_seconds),
                    self._client.stream(method, address) as response,
                ):
                    body = b""
                    if most and response.status_code == 200:
                        async for chunk in response.aiter_raw():
                            body += chunk
                            if len(body) >= most:
                                break
                    return _Answer(
                        response.status_code, response.headers.get("location"), body[:most]
                    )
            except NotPublic:
                raise _NoAnswer(
                    f"{address.host} is not a public address, so no request was sent", refused=True
                ) from None
            except UnknownHost:
                raise _NoAnswer(f"host not found: {address.host}") from None
            except (TimeoutError, httpx.TimeoutException):
                raise _NoAnswer(f"no answer within {self._timeout_seconds:g} seconds") from None
            # httpx reads the address of a redirect before it hands the answer over.
            except httpx.InvalidURL as error:
                raise _NoAnswer(f"redirects to an address that is not valid: {error}") from None
            except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as error:
                raise _NoAnswer(_in_words(error)) from None
            finally:
                await asyncio.sleep(self._pause_seconds)


def check_sources(
    database: Database,
    link_checker: LinkChecker,
    urls: Sequence[str],
    *,
    clock: Callable[[], datetime] = now,
    on_progress: Callable[[], None] = lambda: None,
) -> Counter[str]:
    """Check addresses and store each result in a transaction of its own. Returns how many have each health."""
    counts: Counter[str] = Counter()

    def on_result(result: CheckResult) -> None:
        with database.writing() as session:
            row = health.note(session, result, at=clock())
        counts[row.health] += 1
        on_progress()

    async def check() -> None:
        async with link_checker:
            await link_checker.check_all(urls, on_result)

    asyncio.run(check())
    return counts


def _judged(url: str, status: int, moved_to: str | None) -> CheckResult:
    if status < 300:
        if moved_to is None or _same_place(url, moved_to):
            return CheckResult(url, "alive", True, status)
        if _parsed(moved_to).path == "/" != _parsed(url).path:
            return CheckResult(
                url,
                "moved",
                False,
                status,
                moved_to,
                "redirects to the home page; the cited page may be gone",
            )
        return CheckResult(url, "moved", True, status, moved_to)
    if status in GONE:
        return CheckResult(url, "dead", False, status, moved_to)
    if status >= 500 or status < 400:
        return CheckResult(
            url, "unreachable", False, status, moved_to, f"the server answers {status}"
        )
    return CheckResult(
        url, "blocked", False, status, moved_to, f"the server refuses programs with {status}"
    )


def _same_place(url: str, other: str) -> bool:
    """Whether two URLs differ only in http or https, `www.`, and a slash at the end."""
    places = [
        (at.host.removeprefix("www."), at.path.rstrip("/"), at.query)
        for at in map(_parsed, (url, other))
    ]
    return places[0] == places[1]


def _parsed(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """A URL that can be requested, without its fragment. Raises _NoAnswer."""
    try:
        parsed = (base.join(url) if base else httpx.URL(url)).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError):
        raise _NoAnswer("not a valid URL") from None
    if len(str(parsed)) > MAX_ADDRESS_CHARACTERS:
        raise _NoAnswer("redirect URL too long")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise _NoAnswer("redirects to something that is not a web address")
    if parsed.userinfo:
        raise _NoAnswer(
            "the address holds a name or password, so no request was sent", refused=True
        )
    return parsed


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host
    except (httpx.InvalidURL, ValueError):
        return ""
