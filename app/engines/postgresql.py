"""PostgreSQL: connections that wait for an answer for a limited time, and the watch of commits.

A server that is frozen, or behind a cut network, answers nothing and resets nothing. So each
round trip has a limit on our side, and one thread keeps looking whether the server is there.
"""

import logging
import select
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

import psycopg
from psycopg.waiting import Ready
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DisconnectionError, ProgrammingError
from sqlalchemy.pool import NullPool

from app.engines.failures import reason_of
from app.engines.pool import ClosingPool
from app.errors import Unavailable

CONNECT_SECONDS = 2  # the least that the driver knows
LOST_SECONDS = 2.0  # without an answer, once the watch has none either
WATCH_SECONDS = 1.5
POOL_SECONDS = 2.0  # that a thread waits for a connection of its pool
POLL_SECONDS = 1.0
WRITERS_LOCK = 0x4D44_0001  # any constant of our own: "MD" and a number
CHANNEL = "model_districts"
NEWEST_REVISION = text("SELECT coalesce(max(seq), 0) FROM revision")
# What a role or a database may have set otherwise, and our statements rely on.
SESSION_SETTINGS = {
    "timezone": "UTC",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "datestyle": "ISO",
    "search_path": '"$user",public',
    "default_transaction_isolation": "read\\ committed",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "off",
    "transform_null_equals": "off",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "300000",  # ms; a frozen writer lets others in again
}
log = logging.getLogger("model_districts.database")
_Result = TypeVar("_Result")


class TimedConnection(psycopg.Connection[Any]):
    """A connection whose round trips end: with an answer, or with an error after `seconds`."""

    seconds = float(CONNECT_SECONDS)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.is_lost: Callable[[], bool] = lambda: False

    def wait(
        self, gen: Generator[Any, Any, _Result], interval: float = 0.1, timeout: float | None = None
    ) -> _Result:
        """Wait for the server. Raises OperationalError after too long."""
        if timeout is not None:  # as LISTEN waits: silence is no failure
            return super().wait(gen, interval, timeout)
        return super().wait(self._limited(gen), min(interval, 0.1))

    def _limited(self, waiting: Generator[Any, Any, _Result]) -> Generator[Any, Any, _Result]:
        began = time.monotonic()
        try:
            event = next(waiting)
            while True:
                ready = yield event
                passed = time.monotonic() - began
                if ready == Ready.NONE and (
                    passed > self.seconds or (passed > LOST_SECONDS and self.is_lost())
                ):
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server did not answer in time")
                event = waiting.send(ready)
        except StopIteration as end:
            result: _Result = end.value
            return result


def reading_engine(
    url: str,
    *,
    connections: int,
    seconds: float,
    is_lost: Callable[[], bool] = lambda: False,
) -> Engine:
    """An engine whose transactions see one state and cannot write.

    `seconds`: for one round trip. `is_lost`: whether the watch has lost the server.
    """
    engine = create_engine(
        url,
        poolclass=ClosingPool,
        pool_size=connections,
        max_overflow=connections,
        pool_timeout=POOL_SECONDS,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )
    _limit(engine, seconds, is_lost)
    return engine


def writing_engine(
    url: str,
    *,
    seconds: float,
    patience: Callable[[], float],
    is_lost: Callable[[], bool] = lambda: False,
) -> Engine:
    """An engine whose transactions hold the writers' lock from their beginning.

    `patience`: seconds to wait for the lock.
    """
    engine = create_engine(url, poolclass=ClosingPool, pool_size=1, pool_timeout=POOL_SECONDS)
    _limit(engine, seconds, is_lost)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        waiting = patience()
        driver: Any = connection.connection.driver_connection
        driver.seconds = seconds + waiting
        connection.exec_driver_sql(
            f"SELECT set_config('lock_timeout', '{int(waiting * 1000)}', true), "
            f"set_config('statement_timeout', '{int((seconds + waiting) * 900)}', true)"
        )
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")

    return engine


def listening_engine(url: str) -> Engine:
    """An engine for the one connection that hears of commits."""
    engine = create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=NullPool, pool_reset_on_return=None
    )
    _limit(engine, WATCH_SECONDS, lambda: False)
    return engine


def refuse_other_encoding(connection: Connection) -> None:
    """Raise Unavailable unless the database is in UTF-8."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise Unavailable(
            f"The PostgreSQL database has the encoding {encoding}, in which names such as "
            "Hawai\u02bbi cannot be kept. Make one with CREATE DATABASE ... ENCODING 'UTF8' "
            "TEMPLATE template0."
        )


def _limit(engine: Engine, seconds: float, is_lost: Callable[[], bool]) -> None:
    """Give every connection of an engine its limits and the settings of its session."""
    # The server gives up first, and says why.
    settings = {**SESSION_SETTINGS, "statement_timeout": str(int(seconds * 900))}
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, arguments: Any, parameters: Any) -> Any:
        options = f"{ours} {parameters.get('options', '')}"  # those of DATABASE_URL win
        connection = TimedConnection.connect(
            *arguments, **{"connect_timeout": CONNECT_SECONDS, **parameters, "options": options}
        )
        connection.seconds, connection.is_lost = seconds, is_lost
        return connection

    @event.listens_for(engine, "checkout")
    def refuse_closed(connection: Any, _record: object, _fairy: object) -> None:
        """An idle connection has nothing to say, unless the server has closed it."""
        try:
            idle = select.poll()
            idle.register(connection.fileno(), select.POLLIN)
            closed = bool(idle.poll(0))
        except psycopg.OperationalError:
            closed = True
        if closed:
            raise DisconnectionError


class PostgresqlWatch:
    """The newest revision that a reader can see, plus the number of commits heard of.

    It looks when a writer notifies, and each second besides; the commits are counted because not
    every one makes a revision. `lost` says that the server of public reads does not answer,
    `primary_lost` that of writers does not; without a replica they are one.
    """

    def __init__(self, listener: Engine, looker: Engine, name: str, *, replica: bool) -> None:
        self._listener, self._looker, self._name, self._replica = listener, looker, name, replica
        self.lost = self.primary_lost = False
        self._mark = self._commits = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._look_first()
        self._thread = threading.Thread(target=self._listen, name="revision-watch", daemon=True)
        self._thread.start()

    def mark(self) -> int:
        """A number that moves with each commit."""
        return self._mark

    def note_commit(self) -> None:
        """Take notice of a commit of our own, whatever becomes of the server meanwhile."""
        try:
            self._look(commits=1)
        except Exception:  # it is on disk, and must not seem to have failed
            with self._lock:
                self._commits += 1
                self._mark += 1

    def _look_first(self) -> None:
        try:
            self._look()
        except Exception:  # there will be no watch, and nobody to close it
            self._looker.dispose()
            raise

    def _look(self, *, commits: int = 0) -> None:
        with self._lock, self._looker.connect() as connection:
            newest = int(connection.execute(NEWEST_REVISION).scalar_one())
            self._commits += commits
            self._mark = newest + self._commits

    def _listen(self) -> None:
        missed = 0
        while not self._closing.is_set():
            try:
                for _ in self._rounds(missed):
                    if self._closing.is_set():
                        return
            except Exception as error:  # keep what is known and come back
                if not self._closing.is_set():
                    self._note_lost(error)
                missed = 1  # whatever was notified meanwhile counts as one commit
                self._closing.wait(POLL_SECONDS)

    def _rounds(self, missed: int) -> Iterator[None]:
        """Listen on one connection until it breaks, a second at a time."""
        with self._listener.connect() as session:
            connection: Any = session.connection.driver_connection
            connection.execute(f"LISTEN {CHANNEL}")
            commits = missed
            while True:
                self._look_or_note(commits)
                yield
                notices = list(connection.notifies(timeout=POLL_SECONDS, stop_after=1))
                if self._replica:
                    connection.execute("SELECT 1")  # the looks do not reach this server
                commits = sum(notice.payload != self._name for notice in notices)

    def _look_or_note(self, commits: int) -> None:
        """Look; with a replica, one that is lost says nothing of the primary."""
        try:
            self._look(commits=commits)
        except Exception:
            if not self._replica:
                raise
            self.lost, self._commits = True, self._commits + commits
        else:
            if self.lost or self.primary_lost:
                log.warning("The database answers again")
            self.lost = False
        self.primary_lost = False

    def _note_lost(self, error: Exception) -> None:
        if isinstance(error, ProgrammingError):  # it does answer: there is no such table
            return
        if not self.primary_lost:
            log.warning("The database does not answer: %s", reason_of(error))
        self.primary_lost = True
        self.lost = self.lost or not self._replica

    def close(self) -> None:
        """Stop listening."""
        self._closing.set()
        self._thread.join(timeout=2 * POLL_SECONDS)
        self._listener.dispose()
        self._looker.dispose()
