"""A service that is read and published to for a long time: its memory stays what it was, and what is replaced goes."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from effort import soak_seconds
from publishing import case_study, publish, wait_for
from server_process import server_process
from serving import Service

from app.database import Database
from app.records import revisions
from app.search.index import Index

pytestmark = pytest.mark.slow
READERS = 3
SAMPLES = 90  # of memory, evenly over the time
FLAT = 1.02  # the most that memory may grow by from the second third of the time to the last
# In less time what is kept, by the service and by the database for it, is still being filled.
LIMITS = ((600, FLAT), (60, 1.05), (0, 1.1))  # from so many seconds on
REPLACED = 20  # case studies that are published again and again
LONG = 15_000  # characters of each of their texts
UNLIKE = 300  # words that nothing holds; up to 200,000 are remembered, whatever is asked
PATIENCE = 120  # seconds; a busy machine is no fault
SETTINGS = {"CACHE_MEGABYTES": "4", "RATE_LIMIT_READS": "0", "RATE_LIMIT_EXPORTS": "0"}
WORDS = [
    "school",
    "family",
    "attendance",
    "health",
    "rural",
    "food",
    "reading",
    "mentor",
    "clinic",
    "grant",
    "tribal",
    "bus",
]
PATHS = (
    "/v1/case-studies?q={}%20{}&limit=50",
    "/v1/case-studies?q=%22{}%20{}%22",
    "/v1/districts?q={}%20{}",
    "/v1/suggest?q={}%20{}",
    "/case-studies?q={}%20{}",
    "/v1/exports/case-studies.csv?q={}%20{}",
    "/v1/case-studies/boise-id?n={}{}",  # refused
    "/v1/case-studies/not-{}-{}",
)


def test_memory_is_flat_while_the_directory_is_read_and_published_to(
    seeded_url: str, record_property: Callable[[str, object], None]
) -> None:
    ended, asked = threading.Event(), [0] * READERS
    with (
        server_process(seeded_url, **SETTINGS) as (service, server),
        ThreadPoolExecutor(READERS + 1) as threads,
    ):
        publish_all(service.database, 0)
        working = [threads.submit(read, service, ended, asked, n) for n in range(READERS)]
        working.append(threads.submit(publish_again_and_again, service, ended))
        samples = []
        try:
            for _ in range(SAMPLES):
                time.sleep(soak_seconds() / SAMPLES)
                samples.append(megabytes(server.pid))
        finally:
            ended.set()
        published = sum(work.result() for work in working)
        answer = httpx.get(f"{service.url}/v1/case-studies/soaked-0", timeout=PATIENCE)
        assert answer.json()["data"]["title"] == f"Round {published}"
    before, after = max(samples[SAMPLES // 3 : -SAMPLES // 3]), max(samples[-SAMPLES // 3 :])
    record_property(
        "figure",
        f"{soak_seconds():.0f} s, {sum(asked):,} reads, {published * REPLACED:,} publications: "
        f"{before:.0f} MB at most in the second third, {after:.0f} MB in the last",
    )
    most = next(most for seconds, most in LIMITS if soak_seconds() >= seconds)
    assert after <= before * most, samples


@pytest.mark.few_records
def test_replaced_entries_do_not_pile_up(seeded_url: str) -> None:
    with closing(Database(seeded_url)) as database:
        index = Index(database)
        sizes = []
        for number in range(6):
            publish_all(database, number)
            until = time.monotonic() + PATIENCE
            while index.revision < revision_of(database):
                assert time.monotonic() < until
                index.catch_up()
            stored = index.collections["case-study"].stored
            sizes.append(sum(len(part) for parts in stored.parts() for part in parts))
    assert max(sizes) < sizes[0] * FLAT


@pytest.mark.few_records
def test_numbers_of_replaced_entries_do_not_pile_up(
    seeded_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.search.index.MOST_UNUSED", REPLACED)
    with closing(Database(seeded_url)) as database:
        index = Index(database)
        index.catch_up()
        rounds = 6 * (len(index.collections["case-study"]) + REPLACED) // REPLACED
        for number in range(rounds):  # six numbers for each case study, if none went
            publish_all(database, number)
            index.catch_up()
        case_studies = index.collections["case-study"]
        assert len(case_studies.every_slug) <= 4 * len(case_studies)


@pytest.mark.few_records
def test_answers_and_walks_go_on_while_entries_are_renumbered(
    own_service: Service, own_client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = own_client.get("/v1/case-studies?sort=title&limit=2").json()
    monkeypatch.setattr("app.search.index.MOST_UNUSED", REPLACED)
    for number in range(12):
        wait_for(own_service, publish_all(own_service.database, number))
        answer = own_client.get(f'/v1/case-studies?q="round {number}"&match=exact&limit=50').json()
        assert {hit["title"] for hit in answer["data"]} == {f"Round {number}"}
        assert answer["meta"]["total"] == REPLACED
    second = own_client.get(first["links"]["next"]).json()
    before = first["data"][-1]["title"]
    assert all(hit["title"].lower() >= before.lower() for hit in second["data"])


def revision_of(database: Database) -> int:
    """The newest revision."""
    with database.reading() as session:
        return revisions.newest_seq(session)


def read(service: Service, ended: threading.Event, asked: list[int], number: int) -> int:
    """Ask all kinds of questions, few of them twice, until it is enough."""
    draw = random.Random(number)
    with httpx.Client(base_url=service.url, timeout=PATIENCE) as client:
        while not ended.is_set():
            path = draw.choice(PATHS).format(draw.choice(WORDS), f"x{draw.randrange(UNLIKE)}")
            assert client.get(path).status_code in (200, 400, 404, 503), path
            asked[number] += 1
    return 0


def publish_again_and_again(service: Service, ended: threading.Event) -> int:
    """Publish the same case studies with other texts until it is enough; how often."""
    number = 0
    while not ended.is_set():
        number += 1
        wait_for(service, publish_all(service.database, number))
    return number


def publish_all(database: Database, number: int) -> int:
    """Publish each of them, long and unlike the last time; the revision after it."""
    draw = random.Random(number)
    records = []
    for n in range(REPLACED):
        text = " ".join(draw.choices(WORDS, k=LONG // 8))
        fields = {"title": f"Round {number}", "challenge": f"{text} [^s1]"}
        records.append(case_study(f"soaked-{n}", approach=f"{text} [^s1]", **fields))
    return publish(database, *records)


def megabytes(process: int) -> float:
    """Memory that a process holds now."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
