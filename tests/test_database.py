"""How a reader notices that another process has committed something, on SQLite."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.database import OPEN_FILES, Database

COMMIT = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); [c.execute(s) for s in sys.argv[2:]]"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one table."""
    by_another_process(
        tmp_path / "own.sqlite", "PRAGMA journal_mode = WAL", "CREATE TABLE note (text)"
    )
    return tmp_path / "own.sqlite"


def by_another_process(path: Path, *statements: str) -> None:
    """Run statements where nothing is shared but the file."""
    subprocess.run([sys.executable, "-c", COMMIT, str(path), *statements], check=True)


def test_each_commit_of_another_process_moves_the_mark(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    marks = [database.mark()]
    for number in range(6):
        # The log starts anew at every second turn, with equal content in the same places.
        by_another_process(
            path,
            "INSERT INTO note VALUES ('x')",
            *(["PRAGMA wal_checkpoint(RESTART)"] if number % 2 else []),
        )
        marks.append(database.mark())
    database.close()
    assert len(set(marks)) == len(marks)


@pytest.mark.skipif(
    not OPEN_FILES.is_dir(),
    reason="this system does not list a process's open files; SQLite is asked each time",
)
def test_sqlite_is_asked_only_when_something_was_committed(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    asked: list[str] = []
    with database.reading() as session:
        connection: Any = (
            session.connection().connection.driver_connection
        )  # the pool hands it on to the watch
        connection.set_trace_callback(asked.append)
    mark = database.mark()
    asked.clear()
    assert (database.mark(), asked) == (mark, [])
    by_another_process(path, "INSERT INTO note VALUES ('x')")
    assert database.mark() != mark
    assert asked == ["PRAGMA data_version"]
    database.close()


def test_to_watch_leaves_sqlite_its_locks(path: Path) -> None:
    """A log that somebody reads is not emptied: the lock that says so is lost if a process closes any descriptor of the WAL index."""
    other, watching = Database(f"sqlite:///{path}"), Database(f"sqlite:///{path}")
    watching.mark()
    with other.reading() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM note").scalar() == 0
        watching.close()
        by_another_process(
            path,
            "INSERT INTO note VALUES ('x')",
            "PRAGMA busy_timeout = 0",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        )
        assert path.with_name(f"{path.name}-wal").stat().st_size > 0
        assert session.connection().exec_driver_sql("SELECT count(*) FROM note").scalar() == 0
    other.close()
