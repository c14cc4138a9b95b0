"""Transactions, and how to see that something changed. The only file that knows SQLite from PostgreSQL.

A transaction is a visible block: `with database.writing() as session:`. It is on disk when the block
ends, and an answer is sent after that. Writers take turns, so revision numbers have no gaps.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    String,
    TypeDecorator,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool
from sqlmodel import Session, SQLModel

from app.errors import Busy

BUSY_TIMEOUT_MS = 30_000
WRITERS_LOCK = 0x4D44_0001  # any constant of our own: "MD" and a number
CHANNEL = "model_districts"
POLL_SECONDS = 1.0
SHAPE = text("SELECT version_num FROM alembic_version")
NEWEST_REVISION = text("SELECT coalesce(max(seq), 0) FROM revision")

# Set before any table is made, so that every constraint has a name in every database.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Slugs sort by code point everywhere; PostgreSQL would ask the machine's language.
CodePointOrdered = String().with_variant(String(collation="C"), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC, whatever zone the database forgets (SQLite) or adds (PostgreSQL)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment as it is stored."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The stored moment, aware."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class Database:
    """One directory: `reading()`, `writing()`, and `mark()`, which moves when anything has been committed."""

    def __init__(self, url: str, read_url: str | None = None) -> None:
        self.url = make_url(url)
        self._sqlite = self.url.get_backend_name() == "sqlite"
        if self._sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self._writer = (
            _sqlite_engine(url, write=True) if self._sqlite else _postgresql_engine(url, write=True)
        )
        self._primary = _sqlite_engine(url) if self._sqlite else _postgresql_engine(url)
        self._reader = _postgresql_engine(read_url) if read_url else self._primary
        self._name = secrets.token_hex(8)  # tells our own commits from those of others
        self._watch: _SqliteWatch | _PostgresqlWatch | None = None
        self._watch_lock = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for public reads: it sees one state of the directory and cannot write.

        With READ_DATABASE_URL it reads a replica, which may lag behind.
        """
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def reading_primary(self) -> Iterator[Session]:
        """A session for editors: it sees all that has been committed, and cannot write."""
        with Session(self._primary, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """The one transaction that may write: on disk when the block ends, undone if it raises."""
        with Session(self._writer, expire_on_commit=False) as session:
            try:
                yield session
                if not self._sqlite:
                    session.connection().execute(
                        text("SELECT pg_notify(:channel, :writer)"),
                        {"channel": CHANNEL, "writer": self._name},
                    )
                session.commit()
            except BaseException:
                session.rollback()
                raise
        if isinstance(self._watch, _PostgresqlWatch):
            self._watch.look(commits=1)

    def mark(self) -> int:
        """A number that moves when any process has committed anything.

        It moves at once on SQLite, and within a second on PostgreSQL.
        """
        if self._watch is None:
            with self._watch_lock:
                if self._watch is None:
                    self._watch = (
                        _SqliteWatch(self._reader)
                        if self._sqlite
                        else _PostgresqlWatch(self._writer, self._reader, self._name)
                    )
        return self._watch.mark()

    def check(self) -> None:
        """Raise if the database cannot be read."""
        with self._reader.connect() as connection:
            connection.execute(NEWEST_REVISION)

    def shape(self) -> str | None:
        """The name of the migration that the tables have been brought to; None before the first."""
        try:
            with self._reader.connect() as connection:
                migration = connection.execute(SHAPE).scalar_one_or_none()
        except (OperationalError, ProgrammingError):
            return None
        return None if migration is None else str(migration)

    def writer_connection(self) -> Connection:
        """A bare connection for migrations, which manage their own transactions."""
        return self._writer.connect()

    def close(self) -> None:
        """Give every connection back."""
        if self._watch:
            self._watch.close()
            self._watch = None
        for engine in (self._writer, self._reader, self._primary):
            engine.dispose()


def _sqlite_engine(url: str, *, write: bool = False) -> Engine:
    engine = create_engine(
        url, connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode = WAL",
            "foreign_keys = ON",
            "synchronous = FULL",
            f"query_only = {'OFF' if write else 'ON'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
        except OperationalError as error:
            if "locked" in str(error.orig):
                raise Busy(
                    "Another write is taking long. Try again in a few seconds.", retry_after=5
                ) from None
            raise

    return engine


def _postgresql_engine(url: str, *, write: bool = False) -> Engine:
    if write:
        engine = create_engine(url, pool_pre_ping=True)

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")

        return engine
    return create_engine(
        url,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )


class _SqliteWatch:
    """`PRAGMA data_version` on a connection that never writes, exact across processes."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.raw_connection()
        self._cursor = self._connection.cursor()
        self._lock = threading.Lock()

    def mark(self) -> int:
        with self._lock:
            (version,) = self._cursor.execute("PRAGMA data_version").fetchone()
        return int(version)

    def close(self) -> None:
        self._connection.close()


class _PostgresqlWatch:
    """The newest revision that a reader can see, plus the number of commits heard of.

    It looks when a writer notifies, and each second besides; the commits are counted because not
    every one makes a revision.
    """

    def __init__(self, writer: Engine, reader: Engine, name: str) -> None:
        self._reader, self._name = reader, name
        self._listener = create_engine(writer.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._mark = self._commits = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.look()
        self._thread = threading.Thread(target=self._listen, name="revision-watch", daemon=True)
        self._thread.start()

    def mark(self) -> int:
        return self._mark

    def look(self, *, commits: int = 0) -> None:
        with self._lock, self._reader.connect() as connection:
            self._commits += commits
            self._mark = int(connection.execute(NEWEST_REVISION).scalar_one()) + self._commits

    def _listen(self) -> None:
        missed = 0
        while not self._closing.is_set():
            try:
                self._follow(missed)
            except Exception:  # the server went away: keep what is known and come back
                missed = 1  # whatever was notified meanwhile counts as one commit
                self._closing.wait(POLL_SECONDS)

    def _follow(self, missed: int) -> None:
        """Listen on one connection until it breaks or the watch is closed."""
        with self._listener.connect() as session:
            connection: Any = session.connection.driver_connection
            connection.execute(f"LISTEN {CHANNEL}")
            self.look(commits=missed)
            while not self._closing.is_set():
                notices = list(connection.notifies(timeout=POLL_SECONDS, stop_after=1))
                if not self._closing.is_set():
                    self.look(commits=sum(notice.payload != self._name for notice in notices))

    def close(self) -> None:
        self._closing.set()
        self._thread.join(timeout=2 * POLL_SECONDS)
        self._listener.dispose()
