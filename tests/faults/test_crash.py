"""The process is killed in the middle of writing, and many write at once: nothing acknowledged is lost, nothing is half there."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from people import Json, at_the_desk, case_study, create, key
from publishing import every_record, whole_log
from server_process import server_process
from serving import Service
from sqlmodel import Session, col, func, select

from app.catalog import publication
from app.records import store
from app.records.kinds import KINDS
from app.records.tables import CaseStudyRow, OutcomeRow, RevisionRow

pytestmark = pytest.mark.slow

WRITERS = 12
ENOUGH = 300  # acknowledged writes before the kill
EDITORS = 50
OUTCOME = {"indicator": "attendance", "design": "descriptive", "source": "s1"}


@dataclass
class Acknowledged:
    """What the service said was done: (slug, version, document), and the slugs that it said were published."""

    writes: list[tuple[str, int, Json]] = field(default_factory=list)
    published: list[tuple[str, int]] = field(default_factory=list)


def document(slug: str, number: int) -> Json:
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
            answer = editor.post(
                "/case-studies", json=document(slug, 1), headers={"Idempotency-Key": slug}
            )
            for number in (2, 3):
                acknowledge(answer, slug, done)
                answer = editor.put(
                    path, json=document(slug, number), headers={"If-Match": answer.headers["ETag"]}
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
    seeded_url: str,
) -> None:
    done = Acknowledged()
    with (
        server_process(seeded_url) as (service, server),
        at_the_desk(service) as people,
        ThreadPoolExecutor(WRITERS) as writers,
    ):
        running = [
            writers.submit(write, people.ada, people.rui, f"writer-{n}", done)
            for n in range(WRITERS)
        ]
        while len(done.writes) < ENOUGH and not all(writer.done() for writer in running):
            time.sleep(0.005)
        server.kill()
        for writer in running:
            writer.result()
        secret = str(people.ada.headers["Authorization"])
    assert len(done.writes) >= ENOUGH
    assert done.published
    with (
        server_process(seeded_url) as (service, _),
        httpx.Client(base_url=f"{service.url}/v1/admin", headers={"Authorization": secret}) as ada,
    ):
        with service.database.reading() as session:
            nothing_is_lost(session, done)
            nothing_is_half_there(session)
            assert publication.differences(session) == []
        for slug, version in done.published:
            assert (
                httpx.get(f"{service.url}/v1/case-studies/{slug}").json()["data"]["version"]
                == version
            )
        slug, _, first = next(write for write in done.writes if write[1] == 1)
        again = ada.post("/case-studies", json=document(slug, 1), headers={"Idempotency-Key": slug})
        assert (again.status_code, again.headers["Idempotency-Replayed"], again.json()["data"]) == (
            201,
            "true",
            first,
        )


def nothing_is_lost(session: Session, done: Acknowledged) -> None:
    """Every acknowledged write is in the log as it was acknowledged, and nothing is numbered twice or left out."""
    log = list(whole_log(session))
    kept = {
        (entry.slug, entry.version): entry.document for entry in log if entry.kind == "case-study"
    }
    assert [
        (slug, version)
        for slug, version, document in done.writes
        if kept.get((slug, version)) != document
    ] == []
    assert session.exec(
        select(func.count(), func.min(RevisionRow.seq), func.max(RevisionRow.seq))
    ).one() == (len(log), 1, len(log))


def nothing_is_half_there(session: Session) -> None:
    """Each record's rows are what its newest document says, and each document is all of one write."""
    for kept in every_record(session, "case-study"):
        if kept.slug.startswith("writer-"):
            number = int(kept.record.title.rpartition(" ")[2])
            assert kept.record == KINDS["case-study"].shape.model_validate(
                document(kept.slug, number)
            )
            assert session.exec(
                select(CaseStudyRow.title).where(CaseStudyRow.slug == kept.slug)
            ).all() == [kept.record.title]
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
