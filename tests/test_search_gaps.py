"""What readers look for and do not find is counted for editors: by its words, without a trace of who asked."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from alembic import command
from migrating import migrations
from people import People
from serving import serving
from sqlmodel import select

from app.database import Database
from app.search.gaps import MAX_HELD, Gap, SearchGapRow, SearchGaps

pytestmark = pytest.mark.few_records

Gaps = dict[tuple[str, str, str], int]


@pytest.fixture
def gaps(database: Database) -> SearchGaps:
    """What a worker has heard."""
    return SearchGaps(database)


def note(gaps: SearchGaps, typed: str, *, times: int = 1, how: str = "none") -> None:
    for _ in range(times):
        gaps.note(Gap("case-study", how, typed=typed, text=typed.lower()))


def counted(database: Database) -> Gaps:
    """How often each gap was met."""
    with database.reading() as session:
        return {
            (row.kind, row.how, row.text): row.count for row in session.exec(select(SearchGapRow))
        }


def after(url: str, *questions: str) -> Gaps:
    """What is known after a service was asked these questions and stopped."""
    with serving(url) as service, httpx.Client(base_url=service.url) as client:
        for question in questions:
            client.get(question).raise_for_status()
    with closing(Database(url)) as database:
        return counted(database)


@pytest.mark.slow
def test_what_nothing_has_is_counted_by_its_words(seeded_url: str) -> None:
    asked = (
        "q=Zebra%20quokka",
        "q=z%C3%A9bra+QUOKKA!",
        "q=zebra+quokka&state=OR",
        "q=zebra+quokka&limit=0",
    )
    found = after(
        seeded_url, *(f"/v1/case-studies?{question}" for question in asked), "/v1/districts?q=zebra"
    )
    assert found == {("case-study", "none", "zebra quokka"): 4, ("district", "none", "zebra"): 1}


@pytest.mark.slow
def test_what_nothing_has_together_is_counted_apart(seeded_url: str) -> None:
    assert after(seeded_url, "/v1/case-studies?q=attendance+zebra") == {
        ("case-study", "any", "attendance zebra"): 1
    }


@pytest.mark.slow
def test_an_answer_given_again_from_memory_counts_too(seeded_url: str) -> None:
    assert after(seeded_url, *["/v1/case-studies?q=zebra"] * 3) == {
        ("case-study", "none", "zebra"): 3
    }


@pytest.mark.slow
def test_what_was_found_is_not_counted(seeded_url: str) -> None:
    found = ("", "?q=attendance", "?q=attendance&state=GU", "?q=-zebra", "?state=GU")
    assert after(seeded_url, *(f"/v1/case-studies{question}" for question in found)) == {}


@pytest.mark.slow
def test_the_next_page_of_a_question_does_not_count_again(seeded_url: str) -> None:
    with serving(seeded_url) as service, httpx.Client(base_url=service.url) as client:
        page = client.get("/v1/case-studies?q=attendance+zebra&limit=5").json()
        client.get(page["links"]["next"]).raise_for_status()
    with closing(Database(seeded_url)) as database:
        assert counted(database) == {("case-study", "any", "attendance zebra"): 1}


@pytest.mark.parametrize(
    "asked",
    [
        "ada@example.org",
        "write to ada @ school",
        "503-555-0199",
        "(503) 555 0199",
        "+1.503.555.0199",
        "5550199",
        "555-0199",
        "x" * 101,
    ],
)
def test_what_looks_personal_or_is_long_is_not_kept(
    database: Database, gaps: SearchGaps, asked: str
) -> None:
    note(gaps, asked, times=5)
    gaps.write()
    assert counted(database) == {}


def test_years_do_not_look_personal(database: Database, gaps: SearchGaps) -> None:
    for asked in (
        "attendance 2019-2023",
        "2019\N{EN DASH}2023",
        "2023-24 funding",
        "1965 act",
        "PL 94-142",
        "x" * 100,
    ):
        note(gaps, asked)
    gaps.write()
    assert len(counted(database)) == 6


def test_editors_see_the_most_frequent_first_and_the_rare_never(people: People) -> None:
    gaps = SearchGaps(people.service.database)
    note(gaps, "charter buses", times=4)
    note(gaps, "midwives", times=3)
    note(gaps, "my neighbour's name", times=2)
    note(gaps, "attendance midwives", times=9, how="any")
    gaps.write()
    found = people.ada.get("/search-gaps", params={"how": "none"}).json()
    assert [(gap["text"], gap["count"]) for gap in found["data"]] == [
        ("charter buses", 4),
        ("midwives", 3),
    ]
    assert found["meta"] == {"total": 2, "min_count": 3}
    assert found["data"][0]["last_seen"] == f"{datetime.now(UTC):%Y-%m-%d}"
    most = people.ada.get("/search-gaps", params={"limit": 1}).json()
    assert ([gap["text"] for gap in most["data"]], most["meta"]["total"]) == (
        ["attendance midwives"],
        3,
    )
    assert len(people.ada.get("/search-gaps", params={"min_count": 4}).json()["data"]) == 2


@pytest.mark.parametrize(
    "asked", [{"min_count": 2}, {"how": "some"}, {"limit": 0}, {"kind": "strategy"}]
)
def test_a_gap_rarer_than_three_cannot_be_asked_for(people: People, asked: dict[str, str]) -> None:
    answer = people.ada.get("/search-gaps", params=asked)
    assert (answer.status_code, [fault["parameter"] for fault in answer.json()["errors"]]) == (
        422,
        list(asked),
    )


def test_search_gaps_take_a_key(client: httpx.Client) -> None:
    assert client.get("/v1/admin/search-gaps").status_code == 401


def test_a_search_does_not_wait_for_a_writer(people: People, client: httpx.Client) -> None:
    with people.service.database.writing():
        assert client.get("/v1/case-studies?q=xylophones", timeout=5).json()["meta"]["total"] == 0


@pytest.mark.slow
def test_what_was_heard_is_written_from_time_to_time(database: Database, gaps: SearchGaps) -> None:
    note(gaps, "zebra")

    async def for_a_while() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await gaps.write_now_and_then(seconds=0.05)

    asyncio.run(for_a_while())
    assert counted(database) == {("case-study", "none", "zebra"): 1}


@pytest.fixture
def not_migrated(empty_database_url: str) -> Iterator[Database]:
    with closing(Database(empty_database_url)) as database:
        yield database


def test_what_could_not_be_written_is_written_the_next_time(not_migrated: Database) -> None:
    gaps = SearchGaps(not_migrated)
    note(gaps, "zebra", times=2)
    gaps.write()
    with not_migrated.writer_connection() as connection:
        command.upgrade(migrations(connection), "head")
    note(gaps, "zebra")
    gaps.write()
    assert counted(not_migrated) == {("case-study", "none", "zebra"): 3}


def test_many_different_texts_are_held_only_so_far(database: Database, gaps: SearchGaps) -> None:
    for number in range(MAX_HELD + 50):
        note(gaps, f"word{number}x")
    note(gaps, "word0x")
    gaps.write()
    found = counted(database)
    assert len(found) == MAX_HELD
    assert found["case-study", "none", "word0x"] == 2


def test_a_text_that_nobody_asks_for_any_more_is_forgotten_after_a_year(
    database: Database, gaps: SearchGaps
) -> None:
    today = datetime.now(UTC).date()
    with database.writing() as session:
        for text, days in (("old", 400), ("older", 300)):
            day = today - timedelta(days=days)
            session.add(
                SearchGapRow(
                    kind="case-study", how="none", text=text, count=9, first_seen=day, last_seen=day
                )
            )
    note(gaps, "older")
    gaps.write()
    assert counted(database) == {("case-study", "none", "older"): 10}
