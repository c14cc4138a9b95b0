"""An SQLite file of tables for readers, filled in constant memory."""

import errno
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

# Nobody reads the file while it is made, and a broken one is thrown away: no journal is kept.
PREPARE = """
PRAGMA page_size = 4096;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
PRAGMA temp_store = FILE;
"""

Rows = tuple[str, Sequence[tuple[Any, ...]]]  # the name of a table, and some of its rows
NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR")  # what names of errors begin with


def write(path: Path, schema: Iterable[str], rows: Iterable[Rows]) -> None:
    """Make tables by the statements of `schema` in an empty file, fill them, and pack the file.

    Raises OSError if there is no room.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            _fill(file, schema, rows)
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith(NO_ROOM):
            raise
        reason = f"The SQLite file cannot be written: {error}"
        raise OSError(errno.ENOSPC, reason, str(path)) from error


def _fill(file: sqlite3.Connection, schema: Iterable[str], rows: Iterable[Rows]) -> None:
    file.executescript(PREPARE)
    file.execute("BEGIN")
    for statement in schema:
        file.execute(statement)
    for table, batch in rows:
        if batch:
            marks = ", ".join("?" * len(batch[0]))
            file.executemany(f"INSERT INTO {table} VALUES ({marks})", batch)  # noqa: S608
    file.execute("COMMIT")
    file.execute("VACUUM")
