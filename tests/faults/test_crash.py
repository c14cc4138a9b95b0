"""The process is killed again and again in the middle of writing, and many write at once: nothing acknowledged is lost, nothing is half there."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from effort import kills
from people import Json, at_the_desk, case_study, client, create, key
from server_process import server_process
from serving import Service
from sqlmodel import Session, col, func, select

from app.catalog import publication
from app.database import Database
from app.records import revisions, store
from app.records.kinds import KINDS
from app.records.revisions import LogQuery, Revision
from app.records.tables import CaseStudyRow, OutcomeRow, RevisionRow

pytestmark = pytest.mark.slow

WRITERS = 12
ENOUGH = 300  # acknowledged writes before the first kill
SOME = 60  # before each later one at most
FEW = 100  # published case studies that are asked for at the end
KEY = "Idempotency-Key"
EDITORS = 50
OUTCOME = {"indicator": "attendance", "design": "descriptive", "source": "s1"}


@dataclass
class Acknowledged:
    """What the service said was done: (slug, version, document), and the slugs that it said were published."""

    writes: list[tuple[str, int, Json]] = field(default_factory=list)
    published: list[tuple[str, int]] = field(default_factory=list)


def document_of(slug: str, number: int) -> Json:
    """A record all of whose parts tell which write they are of."""
    outcomes = [
        OUTCOME | {"finding": f"Finding {number}", "value": number, "unit": "students"}
        for _ in range(number % 3 + 1)
    ]
    return case_study(
        slug, title=f"{slug} {number}", approach=f"Write {number}. [^s1]", outcomes=outcomes
    )


def write(editor: httpx.Client, reviewer: httpx.Client, name: str, done: Acknowledged) -> None:
    """Create, change, submit and publish records until the service is gone."""
    for n in range(1000):
        slug = f"{name}-{n}"
        path = f"/case-studies/{slug}"
        try:
            answer = editor.post("/case-studies", json=document_of(slug, 1), headers={KEY: slug})
            for number in (2, 3):
                acknowledge(answer, slug, done)
                answer = editor.put(
                    path,
                    json=document_of(slug, number),
                    headers={"If-Match": answer.headers["ETag"]},
                )
            acknowledge(answer, slug, done)
            answer = editor.post(
                f"{path}/submission", json={}, headers={"If-Match": answer.headers["ETag"]}
            )
            acknowledge(answer, slug, done)
            answer = reviewer.put(
                f"{path}/publication", json={}, headers={"If-Match": answer.headers["ETag"]}
            )
            acknowledge(answer, slug, done)
            done.published.append((slug, 5))
        except httpx.TransportError:
            return


def acknowledge(answer: httpx.Response, slug: str, done: Acknowledged) -> None:
    """Note what the service said was done."""
    assert answer.is_success, answer.text
    data: dict[str, Any] = answer.json()
    done.writes.append((slug, data["meta"]["version"], data["data"]))


def test_a_killed_process_loses_no_acknowledged_write_and_leaves_no_half_one(
    seeded_url: str, engine: str, record_property: Callable[[str, object], None]
) -> None:
    done = Acknowledged()
    draw = random.Random(20261129)
    with closing(Database(seeded_url)) as database:
        secrets = (key(database, "ada", "editor"), key(database, "rui", "reviewer"))
        for number in range(kills(engine)):
            before, written = newest_in(database), len(done.writes)
            enough = draw.randrange(1, SOME) if number else ENOUGH
            write_until_killed(seeded_url, secrets, f"round-{number}", enough, done)
            with database.reading() as session:
                log = revisions.audit(session, LogQuery(limit=newest(session) - before))
                nothing_is_lost(log, done.writes[written:])
                slugs = {revision.slug for revision in log}
                nothing_is_half_there(
                    session, {slug for slug in slugs if slug.startswith("round-")}
                )
    assert done.published
    record_property(
        "figure", f"{kills(engine):,} kills, {len(done.writes):,} acknowledged writes, 0 lost"
    )
    with server_process(seeded_url) as (service, _), client(service, secrets[0]) as ada:
        with service.database.reading() as session:
            count = func.count(), func.min(RevisionRow.seq), func.max(RevisionRow.seq)
            assert session.exec(select(*count)).one() == (newest(session), 1, newest(session))
            assert publication.differences(session) == []
        for slug, version in done.published[-FEW:]:
            document = httpx.get(f"{service.url}/v1/case-studies/{slug}").json()["data"]
            assert document["version"] == version
        slug, _, first = next(write for write in done.writes if write[1] == 1)
        again = ada.post("/case-studies", json=document_of(slug, 1), headers={KEY: slug})
        replayed = again.headers["Idempotency-Replayed"]
        assert (again.status_code, replayed, again.json()["data"]) == (201, "true", first)


def write_until_killed(
    url: str, secrets: tuple[str, str], name: str, enough: int, done: Acknowledged
) -> None:
    """Start the service, write with many hands, and kill it once so many writes are acknowledged."""
    goal = len(done.writes) + enough
    with (
        server_process(url) as (service, server),
        client(service, secrets[0]) as editor,
        client(service, secrets[1]) as reviewer,
        ThreadPoolExecutor(WRITERS) as writers,
    ):
        running = [
            writers.submit(write, editor, reviewer, f"{name}-{n}", done) for n in range(WRITERS)
        ]
        while len(done.writes) < goal and not all(writer.done() for writer in running):
            time.sleep(0.001)
        server.kill()
        for writer in running:
            writer.result()
    assert len(done.writes) >= goal


def newest(session: Session) -> int:
    """The number of the newest change."""
    return revisions.newest_seq(session)


def newest_in(database: Database) -> int:
    """The same, seen from outside."""
    with database.reading() as session:
        return newest(session)


def nothing_is_lost(log: list[Revision], writes: list[tuple[str, int, Json]]) -> None:
    """Every acknowledged write is in the log as it was acknowledged."""
    kept = {(revision.slug, revision.version): revision.document for revision in log}
    assert [
        (slug, version)
        for slug, version, document in writes
        if kept.get((slug, version)) != document
    ] == []


def nothing_is_half_there(session: Session, slugs: set[str]) -> None:
    """Each record's rows are what its newest document says, and each document is all of one write."""
    assert slugs
    for kept in store.find_many(session, "case-study", sorted(slugs)).values():
        number = int(kept.record.title.rpartition(" ")[2])
        whole = KINDS["case-study"].shape.model_validate(document_of(kept.slug, number))
        assert kept.record == whole
        titles = select(CaseStudyRow.title).where(CaseStudyRow.slug == kept.slug)
        assert session.exec(titles).all() == [kept.record.title]
        rows = (
            select(OutcomeRow.finding)
            .where(OutcomeRow.case_study == kept.slug)
            .order_by(col(OutcomeRow.position))
        )
        assert session.exec(rows).all() == [outcome.finding for outcome in kept.record.outcomes]


def test_many_editors_of_one_record_lose_none_of_their_changes(own_service: Service) -> None:
    with at_the_desk(own_service) as people:
        create(people.ada, case_study("crowded"))
    start = threading.Barrier(EDITORS)
    secrets = [key(own_service.database, f"editor {n}", "editor") for n in range(EDITORS)]

    def add(number: int) -> int:
        headers = {"Authorization": f"Bearer {secrets[number]}"}
        with httpx.Client(
            base_url=f"{own_service.url}/v1/admin", headers=headers, timeout=120
        ) as editor:
            start.wait()
            answer = editor.get("/case-studies/crowded").raise_for_status()
            record = answer.json()["data"]
            for attempt in range(1, 1000):
                change = {"aliases": [*record["aliases"], f"Name {number}"]}
                answer = editor.patch(
                    "/case-studies/crowded",
                    json=change,
                    headers={"If-Match": answer.headers["ETag"]},
                )
                if answer.status_code == 200:
                    return attempt
                assert answer.status_code == 412, answer.text
                record = answer.json()["current"]
        pytest.fail("it never got through")

    with ThreadPoolExecutor(EDITORS) as editors:
        attempts = list(editors.map(add, range(EDITORS)))
    with own_service.database.reading() as session:
        kept = store.get(session, "case-study", "crowded")
    assert sorted(kept.record.aliases) == sorted(f"Name {number}" for number in range(EDITORS))
    assert (kept.version, max(attempts) > 1) == (1 + EDITORS, True)
