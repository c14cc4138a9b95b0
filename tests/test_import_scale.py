"""Many rows: in bounded memory, with progress that can be watched."""

import resource
from pathlib import Path

import pytest
from importing import count, many_districts, send, wait_until_planned
from people import client, key
from serving import Service

from app.clock import now
from app.database import Database
from app.desk.access.permissions import Editor
from app.desk.imports import commit, plans
from app.desk.imports.commit import Commitment
from app.desk.imports.files import read_file

pytestmark = [pytest.mark.slow, pytest.mark.few_records]

ROWS = 5_000
MIB = 1024  # of what getrusage counts in


def test_many_rows_are_planned_and_written_in_bounded_memory(
    seeded_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "districts.csv"
    path.write_bytes(many_districts(ROWS))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    progress: list[int] = []
    database = Database(seeded_url)
    with path.open("rb") as file:
        reading = read_file(file, "district", "csv")
        with database.writing() as session:
            plan = plans.create(
                session,
                kind="district",
                format_="csv",
                filename="x.csv",
                reading=reading,
                by="ada",
                at=now(),
            )
        plans.fill(database, plan.id, reading, on_progress=progress.append)
    with database.writing() as session:
        done = commit.commit(
            session,
            plan.id,
            Commitment(),
            seen_version=2,
            by=Editor("", "ada", "editor"),
            at=now(),
            on_progress=progress.append,
        )
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / MIB
    assert (done.written, count(database, "district", "slug LIKE 'many-%'")) == (ROWS, ROWS)
    assert progress == 2 * list(range(500, ROWS + 1, 500))
    assert grown < 60
    database.close()


def test_a_large_file_is_answered_while_it_is_still_read(own_service: Service) -> None:
    with client(own_service, key(own_service.database, "ada", "editor")) as ada:
        planned = send(ada, many_districts(ROWS))
        still_read = planned.json()["data"]["state"] == "planning"
        assert (planned.status_code, planned.json()["links"]["commit"] is None) == (
            (202, True) if still_read else (201, False)
        )
        planned = wait_until_planned(ada, planned)
        assert (planned.json()["data"]["state"], planned.json()["data"]["counts"]["created"]) == (
            "planned",
            ROWS,
        )
