"""Sources are asked, politely, whether they are still there; editors and readers are told what was found."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from alembic import command
from migrating import migrations
from people import People, amend
from people import publish as publish_draft
from publishing import SOURCE, case_study, publish, wait_for, withdraw
from typer.testing import CliRunner
from websites import Page, Website, website

from app import setup
from app.catalog import entry, publication
from app.cli import cli
from app.clock import now
from app.database import Database
from app.desk.sources import health
from app.desk.sources.health import CheckResult
from app.desk.sources.link_checker import LinkChecker, check_sources
from app.records import source_checks
from app.settings import Settings

pytestmark = pytest.mark.few_records

DAY = datetime(2026, 11, 25, 9, tzinfo=UTC)
SLUG = "an-effort-id"


@pytest.fixture
def site() -> Iterator[Website]:
    with website(
        {"/a": Page(), "/b": Page(), "/gone": Page(404), "/old": Page(301, "/new"), "/new": Page()}
    ) as site:
        yield site


def check(database: Database, *urls: str, at: datetime = DAY) -> dict[str, int]:
    visitor = LinkChecker(version="0", pause_seconds=0, allow_loopback=True)
    return dict(check_sources(database, visitor, urls, clock=lambda: at))


def note(database: Database, url: str, state: str, *, at: datetime = DAY) -> None:
    """A visit, as if it had been made."""
    with database.writing() as session:
        health.note(session, CheckResult(url, state, state == "alive"), at=at)


def cite(database: Database, slug: str, *urls: str) -> int:
    """A published case study that rests on these addresses."""
    cited = [SOURCE | {"id": f"s{n}", "url": url} for n, url in enumerate(urls, 1)]
    marks = "".join(f"[^s{n}]" for n in range(1, len(urls) + 1))
    return publish(database, case_study(slug, sources=cited, approach=f"Somebody did it. {marks}"))


def shown(client: httpx.Client, slug: str) -> list[str | None]:
    """When the sources of a public case study were last seen alive."""
    document = client.get(f"/v1/case-studies/{slug}").raise_for_status().json()["data"]
    return [source["last_alive_at"] for source in document["sources"]]


def listed(people: People, url: str) -> dict[str, Any]:
    """A source as editors see it."""
    page = (
        people.ada.get("/sources", params={"after": url[:-1], "limit": 1}).raise_for_status().json()
    )
    found: dict[str, Any] = page["data"][0]
    assert found["url"] == url
    return found


def flagged(people: People) -> dict[str, Any]:
    """The case studies that editors are told have no living source, by slug."""
    return {
        case["slug"]: case
        for case in people.ada.get("/sources/flagged").raise_for_status().json()["data"]
    }


@pytest.mark.slow
def test_editors_see_what_the_last_check_found(people: People, site: Website) -> None:
    alive, gone, moved = (site.url(path) for path in ("/a", "/gone", "/old"))
    cite(people.service.database, "checked-id", alive, gone, moved)
    cite(people.service.database, "checked-too-id", gone)
    assert check(people.service.database, alive, gone, moved) == {"alive": 1, "dead": 1, "moved": 1}

    found = listed(people, gone)
    assert (found["health"], found["status_code"], found["checked_at"]) == (
        "dead",
        404,
        "2026-11-25T09:00:00Z",
    )
    assert [case["slug"] for case in found["case_studies"]] == ["checked-id", "checked-too-id"]
    assert (listed(people, moved)["health"], listed(people, moved)["moved_to"]) == (
        "moved",
        site.url("/new"),
    )
    dead = people.ada.get("/sources", params={"health": "dead", "limit": 200}).json()
    assert gone in [source["url"] for source in dead["data"]]
    assert dead["meta"]["counts"]["dead"] == len(dead["data"])


def test_the_list_of_sources_is_paged_and_holds_each_source_once(people: People) -> None:
    urls: list[str] = []
    following = "/sources?health=unchecked&limit=40"
    while following:
        page = people.ada.get(following).raise_for_status().json()
        urls += [source["url"] for source in page["data"]]
        following = (page["links"]["next"] or "").removeprefix("/v1/admin")
    assert len(urls) > 80
    assert urls == sorted(set(urls))
    assert page["meta"]["counts"]["unchecked"] == len(urls)


def test_a_list_of_sources_names_what_it_does_not_know(people: People) -> None:
    answer = people.ada.get("/sources", params={"health": "fine", "limit": "9" * 5000})
    assert answer.status_code == 422
    assert [fault["parameter"] for fault in answer.json()["errors"]] == ["health", "limit"]
    assert "unchecked" in answer.json()["errors"][0]["allowed"]


def test_a_case_study_whose_every_source_is_dead_is_flagged(people: People, site: Website) -> None:
    gone, alive = site.url("/gone"), site.url("/a")
    cite(people.service.database, "dead-id", gone)
    cite(people.service.database, "half-dead-id", gone, alive)
    check(people.service.database, gone, alive)

    assert "half-dead-id" not in flagged(people)
    dead = flagged(people)["dead-id"]
    assert (dead["public"], dead["sources"][0]["url"]) == (True, gone)
    record = people.ada.get("/case-studies/dead-id").json()
    assert [warning["code"] for warning in record["meta"]["warnings"]] == [
        "every_source_dead",
        "source_dead",
    ]
    half = people.ada.get("/case-studies/half-dead-id/review").json()["data"]
    assert [(warning["code"], warning["pointer"]) for warning in half["warnings"]] == [
        ("source_dead", "/sources/0/url")
    ]


@pytest.mark.slow
def test_a_case_study_stays_flagged_until_a_living_source_is_public(
    people: People, site: Website
) -> None:
    gone, alive = site.url("/gone"), site.url("/a")
    cite(people.service.database, "mended-id", gone)
    check(people.service.database, gone, alive)
    mended = amend(people.ada, "mended-id", sources=[SOURCE | {"url": alive}]).json()
    assert mended["meta"]["warnings"] == []
    assert [(case["slug"], case["public"]) for case in listed(people, alive)["case_studies"]] == [
        ("mended-id", False)
    ]
    assert "mended-id" in flagged(people)

    publish_draft(people, "mended-id")
    assert "mended-id" not in flagged(people)
    assert listed(people, alive)["case_studies"][0]["public"] is True


def test_readers_see_when_a_source_was_last_seen_alive(
    people: People, client: httpx.Client, site: Website
) -> None:
    alive, gone = site.url("/a"), site.url("/gone")
    wait_for(people.service, revision := cite(people.service.database, "seen-id", alive, gone))
    assert shown(client, "seen-id") == [None, None]

    check(people.service.database, alive, gone)
    wait_until_shown(client, "seen-id", ["2026-11-25T09:00:00Z", None])
    site.pages["/a"] = Page(404)
    check(people.service.database, alive, at=DAY + timedelta(days=30))
    assert (listed(people, alive)["health"], listed(people, alive)["last_alive_at"]) == (
        "dead",
        "2026-11-25T09:00:00Z",
    )
    assert shown(client, "seen-id") == ["2026-11-25T09:00:00Z", None]
    assert client.get("/v1/case-studies/seen-id").json()["meta"]["revision"] == revision


@pytest.mark.slow
def test_a_check_leaves_the_catalog_what_the_published_revisions_say(
    seeded_url: str, site: Website
) -> None:
    seeded = Database(seeded_url)
    revision = cite(seeded, SLUG, site.url("/a"))
    check(seeded, site.url("/a"))
    with seeded.reading() as session:
        assert publication.differences(session) == []
        assert entry.seqs(session, "case-study", [SLUG]) == {SLUG: revision}
    with seeded.writing() as session:
        publication.rebuild(session)
    with seeded.reading() as session:
        found = entry.find(session, "case-study", SLUG)
    assert found is not None
    assert '"last_alive_at":"2026-11-25T09:00:00Z"' in (found.document or "")
    seeded.close()


@pytest.mark.slow
def test_a_directory_from_before_the_checks_is_brought_along(seeded_url: str) -> None:
    database = Database(seeded_url)
    with database.writer_connection() as connection:
        command.downgrade(migrations(connection), "imports")
    setup.migrate(Settings(database_url=seeded_url))
    with database.reading() as session:
        assert publication.differences(session) == []
    note(database, SOURCE["url"], "alive")
    cite(database, SLUG, SOURCE["url"])
    with database.reading() as session:
        assert publication.differences(session) == []
    database.close()


def test_those_never_checked_come_first_and_then_the_oldest(seeded_url: str) -> None:
    database = Database(seeded_url)
    urls = [f"https://example.org/{name}" for name in "abc"]
    cite(database, SLUG, *urls)
    note(database, urls[0], "alive", at=DAY)
    note(database, urls[1], "dead", at=DAY - timedelta(days=50))
    with database.reading() as session:
        everything = health.due(session, checked_before=DAY + timedelta(days=1))
        assert everything[-2:] == [urls[1], urls[0]]
        assert urls[2] in everything[:-2]
        assert health.due(session, checked_before=DAY - timedelta(days=10))[-1] == urls[1]
        assert health.due(session, checked_before=DAY, limit=7) == everything[:7]
    withdraw(database, "case-study", SLUG)
    with database.reading() as session:
        assert set(urls).isdisjoint(health.due(session, checked_before=DAY + timedelta(days=1)))
    database.close()


def test_a_source_that_cannot_be_reached_for_two_weeks_is_dead(seeded_url: str) -> None:
    database = Database(seeded_url)
    url = "https://example.org/report"
    states = []
    for days, state in (
        (0, "alive"),
        (1, "unreachable"),
        (14, "unreachable"),
        (15, "unreachable"),
        (16, "alive"),
        (40, "unreachable"),
    ):
        note(database, url, state, at=DAY + timedelta(days=days))
        with database.reading() as session:
            states.append(source_checks.find_many(session, [url])[url].health)
    assert states == ["alive", "unreachable", "unreachable", "dead", "alive", "unreachable"]
    database.close()


@pytest.mark.slow
def test_the_command_tells_what_it_found_and_asks_no_private_address(
    seeded_url: str, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(seeded_url)
    with database.reading() as session:
        for url in health.due(session, checked_before=DAY):
            note(database, url, "dead", at=now())
    cite(database, SLUG, site.url("/a"))
    monkeypatch.setenv("DATABASE_URL", seeded_url)
    result = CliRunner().invoke(cli, ["sources", "check", "--older-than", "1"])
    assert result.exit_code == 0
    assert "Checked 1 source" in result.output
    assert any(
        line.split("│")[1:3] == [" blocked     ", "       1 "]
        for line in result.output.splitlines()
    )
    assert "every source is dead: boise-id" in result.output
    assert site.asked == []
    database.close()


def wait_until_shown(client: httpx.Client, slug: str, expected: list[str | None]) -> None:
    """On PostgreSQL word of a commit takes a moment."""
    for _ in range(200):
        if shown(client, slug) == expected:
            break
    assert shown(client, slug) == expected
