"""SQLite: connections to one file, whether it is still that file, and how it tells of a commit."""

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from app.engines.failures import FULL, READ_ONLY
from app.engines.pool import ClosingPool
from app.errors import StorageFull, Unavailable

READ_SECONDS = 2.0  # that a reader waits for a lock; in WAL mode there hardly ever is one
LEAST_FREE_BYTES = 1024 * 1024  # on the disk of the database
REPLACED = (
    "The database file was deleted or replaced while the service ran. Put the right file in its "
    "place and restart the service."
)
MISSING = (
    "There is no database {path}. Set DATABASE_URL to the service's database, or create one with "
    "`model-districts migrate`."
)

Identity = tuple[int, int]  # device and inode


class DatabaseFile:
    """The file behind a URL."""

    def __init__(self, url: str) -> None:
        name = make_url(url).database
        self.path = Path(name) if name and name != ":memory:" else None
        self._opened: Identity | None = None

    def refuse_replaced(self) -> None:
        """Raise Unavailable if another file stands where this one was opened, or none."""
        if self._opened and self._opened != self._identity():
            raise Unavailable(REPLACED)

    def refuse_unwritable(self) -> None:
        """Raise if it can be seen, without writing, that no write would succeed."""
        if self.path is None:
            return
        folder = os.statvfs(self.path.parent)
        writable = os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        if folder.f_flag & os.ST_RDONLY or not writable:
            raise Unavailable(READ_ONLY)
        if folder.f_bavail * folder.f_frsize < LEAST_FREE_BYTES:
            raise StorageFull(FULL)

    def make_folder(self) -> None:
        """Make the folder that the file will stand in."""
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)

    def open(self, *, seconds: float, write: bool = False, create: bool = False) -> Any:
        """A connection. Only with `create` is a file made."""
        if self.path is None:
            return sqlite3.connect(":memory:", check_same_thread=False)
        if not create and not self.path.exists():
            raise Unavailable(REPLACED if self._opened else MISSING.format(path=self.path))
        options = "mode=rwc" if create else "mode=rw"
        if not write and self._cannot_change():
            options = "immutable=1"
        connection = sqlite3.connect(
            f"file:{quote(str(self.path))}?{options}",
            uri=True,
            timeout=seconds,
            check_same_thread=False,
            isolation_level=None,  # we say BEGIN ourselves
        )
        self._opened = self._opened or self._identity()
        return connection

    def _identity(self) -> Identity | None:
        try:
            status = self.path.stat() if self.path else None
        except OSError:
            return None
        return (status.st_dev, status.st_ino) if status else None

    def _cannot_change(self) -> bool:
        """Whether it lies on a read-only disk, with nothing in a log beside it.

        SQLite would otherwise make its log there, even for a reader.
        """
        if self.path is None or os.access(self.path.parent, os.W_OK):
            return False
        log = self.path.with_name(f"{self.path.name}-wal")
        return not log.exists() or log.stat().st_size == 0


def reading_engine(file: DatabaseFile, *, connections: int) -> Engine:
    """An engine whose transactions see one state and cannot write."""
    return _engine(file, connections=connections, seconds=lambda: READ_SECONDS)


def writing_engine(
    file: DatabaseFile, *, seconds: Callable[[], float], create: bool = False
) -> Engine:
    """An engine whose transactions hold the writers' lock from their beginning.

    `seconds`: how long to wait for the lock.
    """
    return _engine(file, connections=1, seconds=seconds, write=True, create=create)


def _engine(
    file: DatabaseFile,
    *,
    connections: int,
    seconds: Callable[[], float],
    write: bool = False,
    create: bool = False,
) -> Engine:
    pool: dict[str, Any] = {}
    if file.path is not None:
        pool = {
            "poolclass": ClosingPool,
            "pool_size": connections,
            "max_overflow": connections,
            "pool_timeout": READ_SECONDS,
        }
    engine = create_engine("sqlite://", **pool)

    @event.listens_for(engine, "do_connect")
    def connect(*_: object) -> Any:
        return file.open(seconds=seconds(), write=write, create=create)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA query_only = {'OFF' if write else 'ON'}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not write:
            connection.exec_driver_sql("BEGIN")
            return
        file.refuse_replaced()
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(seconds() * 1000)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class SqliteWatch:
    """`PRAGMA data_version` on a connection that never writes, exact across processes.

    It waits for no lock, so that it may be asked on the event loop: 2 us.
    """

    lost = primary_lost = False  # a file is always within reach

    def __init__(self, file: DatabaseFile) -> None:
        self._connection = file.open(seconds=0)
        self._cursor = self._connection.cursor()
        self._lock = threading.Lock()
        self._version = 0
        self.mark()

    def mark(self) -> int:
        """A number that moves with each commit; while it cannot be read, the one before."""
        with self._lock:
            try:
                (version,) = self._cursor.execute("PRAGMA data_version").fetchone()
            except (sqlite3.OperationalError, sqlite3.ProgrammingError):  # the latter once closed
                return self._version
            self._version = int(version)
        return self._version

    def note_commit(self) -> None:
        """Nothing: the number has moved already."""

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()
