"""How sources are visited: one request a host at a time, robots.txt kept to, no private address ever."""

import asyncio
import socket
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from protego import Protego
from websites import Page, Website, website

from app.desk.sources.health import CheckResult
from app.desk.sources.link_checker import LinkChecker
from app.desk.sources.public_network import is_public
from app.errors import StorageFull


@pytest.fixture
def site() -> Iterator[Website]:
    with website({}) as site:
        yield site


def visit(*urls: str, **options: Any) -> list[CheckResult]:
    """What a visitor who may ask this machine finds, in the order of the addresses."""
    found: dict[str, CheckResult] = {}

    async def visits() -> None:
        given: dict[str, Any] = {"pause_seconds": 0, "allow_loopback": True} | options
        async with LinkChecker(version="0", **given) as visitor:
            await visitor.check_all(urls, lambda finding: found.update({finding.url: finding}))

    asyncio.run(visits())
    return [found[url] for url in urls]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pages", "health", "status"),
    [
        ({"/it": Page()}, "alive", 200),
        ({"/it": Page(head_status=405)}, "alive", 200),
        ({"/it": Page(head_status=403)}, "alive", 200),
        ({"/it": Page(head_status=501)}, "alive", 200),
        ({"/it": Page(302, "/elsewhere"), "/elsewhere": Page()}, "alive", 200),
        ({"/it": Page(301, "/it/"), "/it/": Page()}, "alive", 200),
        ({"/it": Page(301, "/new"), "/new": Page()}, "moved", 200),
        ({"/it": Page(308, "/new"), "/new": Page(302, "/today"), "/today": Page()}, "moved", 200),
        ({"/it": Page(404)}, "dead", 404),
        ({"/it": Page(410)}, "dead", 410),
        ({"/it": Page(302, "/new"), "/new": Page(301, "/today"), "/today": Page()}, "alive", 200),
        ({"/it": Page(301, "/new")}, "dead", 404),
        ({"/it": Page(403)}, "blocked", 403),
        ({"/it": Page(429)}, "blocked", 429),
        ({"/it": Page(500)}, "unreachable", 500),
        ({"/it": Page(301)}, "unreachable", 301),
        ({"/it": Page(302, "/it")}, "unreachable", None),
        ({"/it": Page(302, "ftp://example.org/")}, "unreachable", None),
        ({"/it": Page(302, "http://[")}, "unreachable", None),
    ],
)
def test_what_an_answer_says_of_a_source(
    site: Website, pages: dict[str, Page], health: str, status: int | None
) -> None:
    site.pages.update(pages)
    (found,) = visit(site.url("/it"))
    assert (found.health, found.status_code) == (health, status)
    assert found.is_there is (health in ("alive", "moved"))


def test_where_a_source_moved_is_where_lasting_redirects_lead(site: Website) -> None:
    site.pages.update({"/it": Page(301, "/new"), "/new": Page(302, "/today"), "/today": Page()})
    assert visit(site.url("/it"))[0].moved_to == site.url("/new")


def test_a_source_that_leads_to_the_front_page_was_not_seen_alive(site: Website) -> None:
    site.pages.update({"/report": Page(301, "/"), "/": Page()})
    (found,) = visit(site.url("/report"))
    assert (found.health, found.is_there) == ("moved", False)
    assert "home page" in (found.note or "")


def test_five_redirects_are_followed_and_no_more(site: Website) -> None:
    site.pages.update({f"/{n}": Page(302, f"/{n + 1}") for n in range(6)} | {"/6": Page()})
    assert [found.health for found in visit(site.url("/0"), site.url("/1"))] == [
        "unreachable",
        "alive",
    ]


def test_a_slow_host_is_not_waited_for(site: Website) -> None:
    site.pages["/it"] = Page(seconds=2)
    began = time.monotonic()
    (found,) = visit(site.url("/it"), timeout_seconds=0.3)
    assert time.monotonic() - began < 1.5
    assert (found.health, found.note) == ("unreachable", "no answer within 0.3 seconds")


def test_a_host_that_never_comes_to_an_end_is_not_waited_for(site: Website) -> None:
    site.pages.update(
        {"/robots.txt": Page(body="User-agent: *\n" * 10, drip_seconds=0.1), "/it": Page()}
    )
    (found,) = visit(site.url("/it"), timeout_seconds=0.3)
    assert (found.health, found.note) == ("unreachable", "no answer within 0.3 seconds")


def test_a_host_where_nothing_listens_is_unreachable() -> None:
    with website({}) as site:
        url = site.url("/it")
    assert visit(url)[0].health == "unreachable"


def test_we_say_who_we_are(site: Website) -> None:
    site.pages["/it"] = Page()
    visit(site.url("/it"), home="https://directory.example")
    assert {asked.agent for asked in site.asked} == {
        "ModelDistricts/0 (checks that cited sources are still there; +https://directory.example)"
    }


@pytest.mark.slow
def test_a_host_gets_one_request_at_a_time_and_hosts_are_asked_side_by_side(site: Website) -> None:
    hosts = ("127.0.0.1", "localhost")
    site.pages.update({f"/{n}": Page(seconds=0.05) for n in range(4)})
    site.pages.update(
        {"/4": Page(302, site.url("/0", "localhost")), "/5": Page(302, site.url("/0"))}
    )
    found = visit(*(site.url(f"/{n}", host) for n in range(6) for host in hosts))
    assert {finding.health for finding in found} == {"alive"}
    turns = {
        host: sorted((asked.began, asked.ended) for asked in site.asked if asked.host == host)
        for host in hosts
    }
    for of_host in turns.values():
        assert len(of_host) >= 6
        assert all(ended <= began for (_, ended), (began, _) in pairwise(of_host))
    assert any(a[0] < b[1] and b[0] < a[1] for a in turns[hosts[0]] for b in turns[hosts[1]])


def test_there_is_a_pause_between_two_requests_to_a_host(site: Website) -> None:
    site.pages.update({"/a": Page(), "/b": Page()})
    visit(site.url("/a"), site.url("/b"), pause_seconds=0.1)
    began = sorted(asked.began for asked in site.asked)
    assert len(began) == 3
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(began))


def test_robots_txt_is_asked_once_and_kept_to(site: Website) -> None:
    site.pages.update(
        {
            "/robots.txt": Page(body="User-agent: *\nDisallow: /private"),
            "/private/a": Page(),
            "/open": Page(),
        }
    )
    site.pages["/leads"] = Page(302, "/private/a")
    found = visit(*(site.url(path) for path in ("/private/a", "/open", "/leads")))
    assert [finding.health for finding in found] == ["blocked", "alive", "blocked"]
    assert site.paths() == ["/open", "/leads"]
    assert len(site.asked) == 3


def test_a_site_whose_robots_txt_cannot_be_read_is_left_alone(site: Website) -> None:
    site.pages.update({"/robots.txt": Page(503), "/it": Page(), "/too": Page()})
    found, _ = visit(site.url("/it"), site.url("/too"))
    assert (found.health, found.note) == ("unreachable", "robots.txt answers 503")
    assert [asked.path for asked in site.asked] == ["/robots.txt"]


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("", "/it", True),
        ("User-agent: *\nDisallow: /", "/it", False),
        ("User-agent: *\nDisallow:", "/it", True),
        ("User-agent: other\nDisallow: /", "/it", True),
        (
            "user-agent: MODELDISTRICTS\ndisallow: /it # not this\n\nUser-agent: *\nDisallow:",
            "/it",
            False,
        ),
        ("User-agent: *\nDisallow: /\n\nUser-agent: ModelDistricts\nDisallow: /no", "/it", True),
        (
            "User-agent: ModelDistricts\nUser-agent: other\nDisallow: /a\nUser-agent: ModelDistricts\nDisallow: /b",
            "/a",
            False,
        ),
        (
            "User-agent: ModelDistricts\nDisallow: /a\nUser-agent: other\nDisallow: /c\nUser-agent: ModelDistricts\nDisallow: /b",
            "/b",
            False,
        ),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/files/report.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/files/report.pdf.html", True),
        ("User-agent: *\nDisallow: /a*b*$", "/axxbyy", False),
        ("User-agent: *\nDisallow: /*?", "/it?page=2", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /a*a$", "/a", True),
        ("User-agent: *\nDisallow: /caf\N{LATIN SMALL LETTER E WITH ACUTE}", "/caf%c3%a9", False),
        ("User-agent: *\nDisallow: /%7Eada", "/~ada", False),
    ],
)
def test_robots_txt_means_what_rfc_9309_says(rules: str, path: str, allowed: bool) -> None:
    assert Protego.parse(rules).can_fetch(f"https://example.org{path}", "ModelDistricts") is allowed


def test_a_private_address_is_never_asked(site: Website) -> None:
    site.pages["/it"] = Page()
    urls = [
        site.url("/it"),
        site.url("/it", "localhost"),
        site.url("/it", "[::1]"),
        site.url("/it", "0.0.0.0"),
        site.url("/it", "2130706433"),
    ]
    assert {found.health for found in visit(*urls, allow_loopback=False)} == {"blocked"}
    assert site.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00::1]/",
        "http://192.168.1.1:8080/",
    ],
)
def test_a_redirect_to_a_private_address_is_refused(site: Website, address: str) -> None:
    site.pages["/it"] = Page(302, address)
    (found,) = visit(site.url("/it"))
    assert found.health == "blocked"
    assert "not a public address" in (found.note or "")


def test_the_address_that_was_checked_is_the_one_that_is_asked(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = []
    real = socket.getaddrinfo

    def looking(host: Any, *rest: Any, **more: Any) -> Any:
        if host == "cited.example":
            looked_up.append(host)
            host = "127.0.0.1"
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", looking)
    site.pages["/it"] = Page()
    assert visit(site.url("/it", "cited.example"))[0].health == "alive"
    assert [asked.host for asked in site.asked] == looked_up


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "240.0.0.1",
        ),
        *(
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1%eth0",
            "fd00::1",
            "fec0::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "::8.8.8.8",
            "2001:0:4136:e378::1",
            "3fff::1",
            "3fff:fff:ffff::1",
            "5f00::1",
            "100::1",
            "2001:db8::1",
        ),
        *(
            "192.0.0.8",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "168.63.129.16",
            "100.100.100.200",
        ),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "151.101.1.1", "168.63.129.17", "192.0.1.1", "2606:4700::6810:84e5"]
)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.slow
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        "http:\\\\host/",
        "http://[::1",
        "http://ex\x7fample.org/",
        "http://host:99999/",
        "//",
        "\xff",
    ],
)
def test_one_bad_redirect_is_a_finding_and_the_others_are_still_checked(
    site: Website, status: int, location: str
) -> None:
    site.pages.update({"/bad": Page(status, location), "/good": Page(), "/fine": Page()})
    found = visit(
        site.url("/bad"), site.url("/good"), site.url("/fine", "localhost"), "http://[", "http://"
    )
    assert [result.health for result in found[1:3]] == ["alive", "alive"]
    assert found[0].health in ("unreachable", "dead")
    assert [result.health for result in found[3:]] == ["unreachable", "unreachable"]


def test_whatever_a_visit_raises_is_what_is_found_of_that_source(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages.update({"/it": Page(), "/too": Page()})

    def failing(_rules: Protego, url: str, _agent: str) -> bool:
        if url.endswith("/it"):
            raise RecursionError("rules too deep")
        return True

    monkeypatch.setattr(type(Protego.parse("")), "can_fetch", failing)
    bad, good = visit(site.url("/it"), site.url("/too"))
    assert (bad.health, bad.note) == ("unreachable", "RecursionError: rules too deep")
    assert good.health == "alive"


@pytest.mark.parametrize("userinfo", ["ada:secret@", "ada@", ":secret@"])
def test_a_name_or_password_in_an_address_is_never_sent(site: Website, userinfo: str) -> None:
    url = site.url("/it", f"{userinfo}127.0.0.1")
    site.pages.update({"/it": Page(), "/leads": Page(302, url)})
    for found in visit(url, site.url("/leads")):
        assert found.health == "blocked"
        assert "secret" not in (found.note or "")
    assert site.paths() == ["/leads"]


def test_a_result_that_cannot_be_written_ends_the_check_with_its_reason(site: Website) -> None:
    site.pages.update({"/it": Page(), "/too": Page()})

    def full(_result: CheckResult) -> None:
        raise StorageFull("The disk is full.")

    async def check() -> None:
        async with LinkChecker(version="0", pause_seconds=0, allow_loopback=True) as checker:
            await checker.check_all([site.url("/it"), site.url("/too", "localhost")], full)

    with pytest.raises(StorageFull):
        asyncio.run(check())
