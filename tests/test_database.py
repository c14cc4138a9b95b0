"""How a reader notices that another process has committed something, and what is left of a database that was closed."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PostgreSQL
from sqlalchemy.exc import ProgrammingError

from app.database import Database
from app.errors import Unavailable

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


def test_reading_leaves_the_mark(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    mark = database.mark()
    with database.reading() as session:
        session.connection().exec_driver_sql("SELECT count(*) FROM note")
    assert database.mark() == mark
    database.close()


def test_what_is_rolled_back_leaves_the_mark(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    mark = database.mark()

    def write_and_fail() -> None:
        with database.writing() as session:
            session.connection().exec_driver_sql("INSERT INTO note VALUES ('x')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert database.mark() == mark
    with database.writing() as session:
        session.connection().exec_driver_sql("INSERT INTO note VALUES ('x')")
    assert database.mark() != mark
    database.close()


def test_a_draft_committed_while_the_listener_was_cut_off_moves_the_mark(
    postgresql: PostgreSQL,
) -> None:
    with postgresql.database("migrated") as url:
        reader, writer = Database(url), Database(url)
        mark = reader.mark()
        listeners = (
            "FROM pg_stat_activity "
            "WHERE query = 'LISTEN model_districts' AND datname = current_database()"
        )
        patience = time.monotonic() + 60
        listening = None
        while not listening and time.monotonic() < patience:
            with writer.reading() as session:
                listening = (
                    session.connection().exec_driver_sql(f"SELECT count(*) {listeners}").scalar()
                )
        with writer.writing() as session:
            killed = session.connection().exec_driver_sql(
                f"SELECT pg_terminate_backend(pid) {listeners}"
            )
            assert killed.scalars().all() == [True]
        while reader.mark() == mark and time.monotonic() < patience:
            time.sleep(0.01)
        assert reader.mark() != mark
        reader.close()
        writer.close()


def open_connections(url: str) -> int:
    """How many connections others have to this database of PostgreSQL."""
    counting = Database(url)
    with counting.reading() as session:
        count = session.connection().exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        number = int(count.scalar_one())
    counting.close()
    return number


def wait_until_none_is_open(url: str) -> None:
    """Wait until the server has noticed that its clients are gone."""
    patience = time.monotonic() + 60
    while open_connections(url):
        assert time.monotonic() < patience
        time.sleep(0.05)


def test_a_connection_held_while_the_database_is_closed_is_closed_when_it_comes_back(
    postgresql: PostgreSQL,
) -> None:
    with postgresql.database("migrated") as url:
        database = Database(url)
        with database.reading() as reading, database.writing() as writing:
            held = [one.connection().connection.driver_connection for one in (reading, writing)]
            database.close()
            assert not any(connection.closed for connection in held if connection)
        assert all(connection.closed for connection in held if connection)
        with database.reading() as late:  # by a thread that knows nothing of it
            held = [late.connection().connection.driver_connection]
        assert all(connection.closed for connection in held if connection)
        wait_until_none_is_open(url)


def test_a_closed_database_begins_no_watch(database: Database) -> None:
    database.close()
    with pytest.raises(Unavailable):
        database.mark()


def test_a_watch_that_ended_still_tells_its_last_mark(database: Database) -> None:
    mark = database.mark()
    database.close()
    assert database.mark() == mark


def test_a_watch_that_cannot_begin_leaves_no_connection_open(postgresql: PostgreSQL) -> None:
    with postgresql.database("template1") as url:
        database = Database(url)
        with pytest.raises(ProgrammingError):  # there is no table yet
            database.mark()
        database.close()
        wait_until_none_is_open(url)


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
