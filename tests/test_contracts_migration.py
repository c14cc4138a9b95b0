"""The migration to settled contracts replays an older log: status, public version and review of each change."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from alembic import command
from migrating import migrations
from sqlalchemy import Connection, text

from app.database import Database

# Actor, action, slug, version, previous slug, note: as the previous tables logged two lives and an import.
LOG: list[tuple[str, str, str, int, str | None, str | None]] = [
    ("ada", "create", "first", 1, None, None),
    ("ada", "submit", "first", 2, None, None),
    ("rui", "return", "first", 3, None, "Which year?"),
    ("ada", "create", "unseen", 1, None, None),
    ("ada", "submit", "first", 4, None, None),
    ("rui", "publish", "first", 5, None, None),
    ("ada", "edit", "first", 6, None, None),
    ("ada", "revert", "first", 7, None, None),
    ("ada", "submit", "first", 8, None, None),
    ("kim", "publish", "first", 9, None, None),
    ("rui", "rename", "second", 10, "first", None),
    ("rui", "rename", "third", 11, "second", None),
    ("rui", "rename", "still-unseen", 2, "unseen", None),
    ("rui", "withdraw", "third", 12, None, "It was wrong."),
    ("ada", "restore", "third", 13, None, None),
    ("rui", "rename", "fourth", 14, "third", None),
    ("seed", "publish", "imported", 1, None, "imported from a file"),
    ("ada", "edit", "imported", 2, None, "import 7"),
    ("ada", "submit", "still-unseen", 3, None, None),
    ("rui", "return", "still-unseen", 4, None, "Why so short?"),
    ("ada", "edit", "still-unseen", 5, None, None),
]
STATES = [
    ("draft", None),
    ("in_review", None),
    ("draft", None),
    ("draft", None),
    ("in_review", None),
    ("published", 5),
    ("draft", 5),
    ("draft", 5),
    ("in_review", 5),
    ("published", 9),
    ("published", 10),
    ("published", 11),
    ("draft", None),
    ("withdrawn", None),
    ("draft", None),
    ("draft", None),
    ("published", 1),
    ("draft", 1),
    ("in_review", None),
    ("draft", None),
    ("draft", None),
]
RECORDS = {
    "fourth": (14, "draft", None),
    "imported": (2, "draft", 1),
    "still-unseen": (5, "draft", None),
}
DOCUMENT: dict[str, Any] = {
    "title": "A case",
    "initiative_status": "ongoing",
    "initiative_status_year": 2024,
    "initiative_status_source": "s1",
    "model": "beacons",
    "outcomes": [{"indicator": "attendance", "value": 4, "unit": "percent decrease"}],
    "scale": [{"measure": "schools, more than", "value": 20, "source": "s1"}],
}


@pytest.fixture
def older(empty_database_url: str) -> Iterator[Connection]:
    """A database of the previous tables with this log."""
    database = Database(empty_database_url)
    with database.writer_connection() as connection:
        command.upgrade(migrations(connection), "watching")
        with connection.begin():
            for seq, change in enumerate(LOG, 1):
                _log(connection, seq, change)
            for slug, (version, status, published_version) in RECORDS.items():
                row = {
                    "kind": "case_study",
                    "slug": slug,
                    "version": version,
                    "status": status,
                    "published_version": published_version,
                    "updated_at": "2026-11-25 09:00:00+00:00",
                    "updated_by": "ada",
                }
                _insert(connection, "record", row)
        yield connection
    database.close()


def test_the_log_is_replayed_to_the_status_and_public_version_after_each_change(
    older: Connection,
) -> None:
    command.upgrade(migrations(older), "contracts")
    with older.begin():
        logged = older.execute(
            text("SELECT kind, status, published_version FROM revision ORDER BY seq")
        ).all()
    assert [(status, version) for _, status, version in logged] == STATES
    assert {kind for kind, _, _ in logged} == {"case-study"}


def test_each_record_ends_in_the_state_that_its_newest_change_says(older: Connection) -> None:
    command.upgrade(migrations(older), "contracts")
    with older.begin():
        differing = older.execute(
            text(
                "SELECT record.slug FROM record JOIN revision ON revision.slug = record.slug "
                "AND revision.version = record.version WHERE record.status <> revision.status "
                "OR record.published_version IS DISTINCT FROM revision.published_version"
            )
        ).all()
    assert differing == []


def test_each_record_knows_its_last_review(older: Connection) -> None:
    command.upgrade(migrations(older), "contracts")
    with older.begin():
        reviews = older.execute(
            text("SELECT slug, reviewed_by, returned_note, returned_by FROM record ORDER BY slug")
        ).all()
    assert [tuple(review) for review in reviews] == [
        ("fourth", "kim", None, None),
        ("imported", "seed", None, None),
        ("still-unseen", "rui", "Why so short?", "rui"),
    ]


def test_documents_get_their_new_form(older: Connection) -> None:
    command.upgrade(migrations(older), "contracts")
    with older.begin():
        document = orjson.loads(
            older.execute(text("SELECT document FROM revision WHERE seq = 1")).scalar_one()
        )
    assert (document["status"], document["status_year"]) == ("ongoing", 2024)
    assert document["models"] == ["beacons"]
    [outcome], [figure] = document["outcomes"], document["scale"]
    assert (outcome["value"], outcome["unit"]) == (-4, "percent-change")
    assert outcome["direction"] == "not-stated"
    assert (figure["measure"], figure["qualifier"]) == ("schools", "more-than")


@pytest.mark.slow
def test_going_back_and_forth_again_changes_nothing(older: Connection) -> None:
    command.upgrade(migrations(older), "contracts")
    before = _everything(older)
    command.downgrade(migrations(older), "watching")
    command.upgrade(migrations(older), "contracts")
    assert _everything(older) == before


def _everything(connection: Connection) -> list[Any]:
    with connection.begin():
        rows = [
            list(connection.execute(text(f"SELECT * FROM {table} ORDER BY slug, version")))
            for table in ("revision", "record")
        ]
    return [sorted(map(str, row)) for table in rows for row in table]


def _log(
    connection: Connection,
    seq: int,
    change: tuple[str, str, str, int, str | None, str | None],
) -> None:
    names = ("actor", "action", "slug", "version", "previous_slug", "note")
    fixed = {
        "seq": seq,
        "at": f"2026-11-25 09:00:{seq:02}+00:00",
        "kind": "case_study",
        "document": orjson.dumps(DOCUMENT | {"slug": change[2]}).decode(),
    }
    _insert(connection, "revision", fixed | dict(zip(names, change, strict=True)))


def _insert(connection: Connection, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    connection.execute(
        text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})"),
        row,
    )
