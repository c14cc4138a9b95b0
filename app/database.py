"""Transactions, and how to see that something changed. With engines/, all that knows SQLite from PostgreSQL.

A transaction is a visible block: `with database.writing() as session:`. It is on disk when the block
ends, and an answer is sent after that. Writers take turns, so revision numbers have no gaps.

Nobody waits for a connection that somebody else holds: public reads, exports, the desk, keys, the
index, health and writers have pools of their own, each with a limit to how long it waits.
"""

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    String,
    TypeDecorator,
    make_url,
    text,
)
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session, SQLModel

from app.engines import postgresql, sqlite
from app.engines.failures import LOST, refusal_of
from app.engines.postgresql import CHANNEL, NEWEST_REVISION, PostgresqlWatch
from app.engines.sqlite import DatabaseFile, SqliteWatch
from app.engines.turns import Turns
from app.errors import Busy, Refusal, Unavailable

WRITE_SECONDS = 30.0  # that a writer waits for its turn
WRITE_ANSWER_SECONDS = 60.0  # for one round trip; waiting for other processes is one
FAILED_SECONDS = 10.0  # a write that failed stands for those after it: small ones may still fit
PROBE_SECONDS = 0.5  # that a health check waits to write, after a write that failed
MIGRATION_SECONDS = 3600.0
SHAPE = text("SELECT version_num FROM alembic_version")
SAME_SHAPE = text("UPDATE alembic_version SET version_num = version_num")  # writes, changes nothing
IN_DOUBT = (
    "The database stopped answering while the change was written. Read the record to see whether "
    "it was, then try again."
)
# By pool: connections that are kept (as many more may open), and seconds for a round trip.
POOLS = {
    "public": (5, 2.0),
    "desk": (5, 10.0),
    "exports": (4, 30.0),
    "keys": (2, 2.0),
    "index": (1, 2.0),
    "health": (1, 1.5),
}
FROM_REPLICA = ("public", "exports", "index", "health")
log = logging.getLogger("model_districts.database")

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
    """One directory: `reading()`, `writing()`, and `mark()`, which moves when anything has been committed.

    Its blocks raise Busy, Unavailable or StorageFull when the database cannot do what they ask.
    """

    def __init__(self, url: str, read_url: str | None = None) -> None:
        self.url = make_url(url)
        self._file = DatabaseFile(url) if self.url.get_backend_name() == "sqlite" else None
        self._read_url = read_url
        self._turns = Turns()
        self._pools = {name: self._reading_engine(name) for name in POOLS}
        self._writer = (
            sqlite.writing_engine(self._file, seconds=self._turns.seconds_left)
            if self._file
            else postgresql.writing_engine(
                url,
                seconds=WRITE_ANSWER_SECONDS,
                patience=self._turns.seconds_left,
                is_lost=self._is_primary_lost,
            )
        )
        self._migrator: Engine | None = None
        self._name = secrets.token_hex(8)  # tells our own commits from those of others
        self._watch: SqliteWatch | PostgresqlWatch | None = None
        self._watch_lock = threading.Lock()
        self._closed = False
        self._failure: Refusal | None = None  # of the last write, for want of room or permission
        self._failed_at = 0.0

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for public reads: it sees one state of the directory and cannot write.

        With READ_DATABASE_URL it reads a replica, which may lag behind.
        """
        with self._session("public") as session:
            yield session

    @contextmanager
    def reading_export(self) -> Iterator[Session]:
        """The same for an answer that is sent while it is read: its client decides how long it takes."""
        with self._session("exports") as session:
            yield session

    @contextmanager
    def reading_for_index(self) -> Iterator[Session]:
        """The same for the index, which follows what is published."""
        with self._session("index") as session:
            yield session

    @contextmanager
    def reading_primary(self) -> Iterator[Session]:
        """A session for editors: it sees all that has been committed, and cannot write."""
        with self._session("desk") as session:
            yield session

    @contextmanager
    def reading_keys(self) -> Iterator[Session]:
        """The same, to look up who is asking."""
        with self._session("keys") as session:
            yield session

    @contextmanager
    def writing(self, *, seconds: float | None = None) -> Iterator[Session]:
        """The one transaction that may write: on disk when the block ends, undone if it raises.

        `seconds`: how long to wait for the turn. Raises Busy after that.
        """
        if self._is_primary_lost():
            raise Unavailable(LOST)
        with (
            self._turns.turn(WRITE_SECONDS if seconds is None else seconds),
            self._told_failures(write=True),
            Session(self._writer, expire_on_commit=False) as session,
        ):
            try:
                yield session
                self._commit(session)
            except BaseException:
                session.rollback()
                raise
        self._failure = None
        if self._watch:
            self._watch.note_commit()

    def mark(self) -> int:
        """A number that moves when any process has committed anything.

        It moves at once on SQLite, and within a second on PostgreSQL. It waits for nothing.
        """
        if self._watch is None:
            with self._watch_lock, self._told_failures():
                if self._closed:
                    raise Unavailable(LOST)  # nobody would end a watch that begins now
                if self._watch is None:
                    self._watch = self._make_watch()
        return self._watch.mark()

    def check(self) -> None:
        """Raise Refusal if the database cannot be read, or not be written."""
        with self._session("health") as session:
            session.connection().execute(NEWEST_REVISION)
        if self._file:
            self._file.refuse_replaced()
            self._file.refuse_unwritable()
        self._probe_failed_write()

    def shape(self) -> str | None:
        """The name of the migration that the tables have been brought to; None before the first."""
        try:
            with self._pools["health"].connect() as connection:
                migration = connection.execute(SHAPE).scalar_one_or_none()
        except (OperationalError, ProgrammingError) as error:
            if (refusal := refusal_of(error)) is not None:
                raise refusal from error
            return None
        return None if migration is None else str(migration)

    def writer_connection(self) -> Connection:
        """A bare connection for migrations, which manage their own transactions and make the file.

        Raises Unavailable if the database cannot keep every letter.
        """
        if self._migrator is None:
            self._migrator = self._make_migrator()
        connection = self._migrator.connect()
        if not self._file:
            postgresql.refuse_other_encoding(connection)
            connection.rollback()
        return connection

    def close(self) -> None:
        """Close every connection: now, or as soon as the thread that holds it gives it back."""
        with self._watch_lock:
            self._closed = True
        if self._watch:
            self._watch.close()
        for engine in (self._writer, self._migrator, *self._pools.values()):
            if engine is not None:
                engine.dispose()

    @contextmanager
    def _session(self, pool: str) -> Iterator[Session]:
        if self._is_lost(pool):
            raise Unavailable(LOST)
        if self._file and pool in ("desk", "keys"):  # editors must not work on a file that is gone
            self._file.refuse_replaced()
        with self._told_failures(), Session(self._pools[pool], expire_on_commit=False) as session:
            yield session

    def _commit(self, session: Session) -> None:
        if not self._file:
            session.connection().execute(
                text("SELECT pg_notify(:channel, :writer)"),
                {"channel": CHANNEL, "writer": self._name},
            )
        try:
            session.commit()
        except DBAPIError as error:
            if error.connection_invalidated:
                raise Unavailable(IN_DOUBT) from error
            raise

    @contextmanager
    def _told_failures(self, *, write: bool = False) -> Iterator[None]:
        """Raise what an error of the driver means; mistakes of ours stay as they are."""
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            if write and not isinstance(refusal, Busy):
                self._note_failed_write(refusal)
            raise refusal from error

    def _note_failed_write(self, refusal: Refusal) -> None:
        if self._failure is None:
            log.error("A write failed: %s", refusal)
        self._failure, self._failed_at = refusal, time.monotonic()

    def _probe_failed_write(self) -> None:
        """Raise what the last write failed of; after a while, see whether it still does."""
        if self._failure is None:
            return
        if time.monotonic() - self._failed_at < FAILED_SECONDS:
            raise self._failure
        try:
            with self.writing(seconds=PROBE_SECONDS) as session:
                session.connection().execute(SAME_SHAPE)
        except Busy:
            pass  # another writer finds out

    def _reading_engine(self, pool: str) -> Engine:
        connections, seconds = POOLS[pool]
        if self._file:
            return sqlite.reading_engine(self._file, connections=connections)
        return postgresql.reading_engine(
            (pool in FROM_REPLICA and self._read_url) or self._primary_url(),
            connections=connections,
            seconds=seconds,
            is_lost=lambda: self._is_lost(pool),
        )

    def _make_migrator(self) -> Engine:
        if self._file:
            self._file.make_folder()
            return sqlite.writing_engine(self._file, seconds=lambda: WRITE_SECONDS, create=True)
        return postgresql.writing_engine(
            self._primary_url(), seconds=MIGRATION_SECONDS, patience=lambda: WRITE_SECONDS
        )

    def _make_watch(self) -> SqliteWatch | PostgresqlWatch:
        if self._file:
            return SqliteWatch(self._file)
        url = self._read_url or self._primary_url()
        seconds = postgresql.WATCH_SECONDS
        return PostgresqlWatch(
            postgresql.listening_engine(self._primary_url()),
            postgresql.reading_engine(url, connections=1, seconds=seconds),
            self._name,
            replica=self._read_url is not None,
        )

    def _primary_url(self) -> str:
        return self.url.render_as_string(hide_password=False)

    def _is_lost(self, pool: str) -> bool:
        if self._watch is None:
            return False
        return self._watch.lost if pool in FROM_REPLICA else self._watch.primary_lost

    def _is_primary_lost(self) -> bool:
        return self._watch is not None and self._watch.primary_lost
