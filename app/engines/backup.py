"""A copy of the whole directory in one file, made while others write, and put back.

SQLite's own online copy, or pg_dump and pg_restore. A copy has the name it was asked for only once
it has been read back.
"""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

from app.engines.finished_file import finished_in_place
from app.errors import Refusal

SQLITE_BEGINS, POSTGRESQL_BEGINS = b"SQLite format 3\0", b"PGDMP"
PRIVATE = 0o600  # contact details of suggestions, and hashes of keys
PATIENCE_SECONDS = 5
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
NEWEST = "SELECT coalesce(max(seq), 0) FROM revision"
IN_USE = "The directory is in use{}. Stop the service, then restore."
NOT_EMPTY = (
    "The directory at DATABASE_URL holds {:,} changes, which restoring would destroy. "
    "Back it up, then use --overwrite, or name another place in DATABASE_URL."
)


def back_up(database_url: str, file: Path) -> int:
    """Write the whole directory to a file. Returns its newest revision.

    It holds at least everything that was acknowledged before it began. Raises Refusal; the file is
    then as it was before.
    """
    url = make_url(database_url)
    with finished_in_place(file, mode=PRIVATE) as unfinished:
        if url.get_backend_name() == "sqlite":
            return _copy_sqlite(_sqlite_path(url), unfinished)
        return _dump_postgresql(url, unfinished)


def restore(database_url: str, file: Path, *, overwrite: bool = False) -> int:
    """Put a backup in the place of the directory at this address. Returns its newest revision.

    Raises Refusal if the directory is in use, or holds something and `overwrite` is false; it is
    then as it was before.
    """
    url = make_url(database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    with file.open("rb") as opened:
        start = opened.read(len(SQLITE_BEGINS))
    if not start.startswith(SQLITE_BEGINS if is_sqlite else POSTGRESQL_BEGINS):
        other = start.startswith(POSTGRESQL_BEGINS if is_sqlite else SQLITE_BEGINS)
        what = "a backup of another kind of database" if other else "not a backup"
        raise Refusal(f"{file} is {what}. DATABASE_URL names {url.get_backend_name()}.")
    if is_sqlite:
        return _restore_sqlite(_sqlite_path(url), file, overwrite)
    return _restore_postgresql(url, file, overwrite)


def _sqlite_path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise Refusal("DATABASE_URL names no file. Write it as sqlite:///PATH.")
    return Path(url.database)


def _copy_sqlite(source: Path, target: Path) -> int:
    if not source.exists():
        raise Refusal(f"There is no file {source}. Set DATABASE_URL to the directory's.")
    with closing(sqlite3.connect(source)) as opened, closing(sqlite3.connect(target)) as copy:
        opened.backup(copy)  # in one step: one state of the directory, and writers go on
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a second beside it
        return _checked(copy, target)


def _checked(opened: sqlite3.Connection, file: Path) -> int:
    """The newest revision of a file that has been read through. Raises Refusal."""
    try:
        (outcome,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
        if outcome == "ok" and not opened.execute("PRAGMA foreign_key_check").fetchone():
            (newest,) = opened.execute(NEWEST).fetchone()
            return int(newest)
    except sqlite3.DatabaseError as error:
        outcome = str(error)
    raise Refusal(f"{file} is damaged: {outcome}. Take another backup.")


def _restore_sqlite(target: Path, file: Path, overwrite: bool) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    with finished_in_place(target, mode=PRIVATE) as unfinished:
        shutil.copyfile(file, unfinished)
        with closing(sqlite3.connect(unfinished)) as copy:
            newest = _checked(copy, file)
        if target.exists():
            _make_way(target, overwrite)
            before = target.stat()
            unfinished.chmod(before.st_mode)
            with suppress(PermissionError):  # only root may, and only root needs to
                os.chown(unfinished, before.st_uid, before.st_gid)
    return newest


def _make_way(target: Path, overwrite: bool) -> None:
    """Leave one file alone at the target, which nobody has open. Raises Refusal."""
    with closing(sqlite3.connect(target, timeout=1, isolation_level=None)) as opened:
        try:
            opened.execute("PRAGMA locking_mode = EXCLUSIVE")
            opened.execute("BEGIN EXCLUSIVE")
            (changes,) = opened.execute(NEWEST).fetchone()
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise Refusal(IN_USE.format("")) from None
            changes = 0 if "no such table" in str(error) else -1
        if opened.in_transaction:
            opened.execute("COMMIT")
        if changes and not overwrite:
            raise Refusal(
                NOT_EMPTY.format(changes)
                if changes > 0
                else f"{target} is there and cannot be read. Move it away, or send --overwrite."
            )
        if changes >= 0:
            opened.execute("PRAGMA journal_mode = DELETE")  # writes -wal into the file, removes it
    for beside in ("-wal", "-shm", "-journal"):
        target.with_name(target.name + beside).unlink(missing_ok=True)


def _dump_postgresql(url: URL, target: Path) -> int:
    with _connected(url) as connection:
        newest = _newest(connection)
    _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    _run(None, "pg_restore", f"--file={os.devnull}", str(target))  # reads it to its end
    return newest


def _restore_postgresql(url: URL, file: Path, overwrite: bool) -> int:
    _run(None, "pg_restore", f"--file={os.devnull}", str(file))
    with _connected(url) as connection:
        if others := _others_after_a_while(connection):
            raise Refusal(IN_USE.format(f" by {others} other connection{'s' * (others > 1)}"))
        changes = _newest(connection)
        if changes and not overwrite:
            raise Refusal(NOT_EMPTY.format(changes))
    one_transaction = ("--single-transaction", "--exit-on-error", "--clean", "--if-exists")
    _run(url, "pg_restore", *one_transaction, "--no-owner", "--no-privileges", str(file))
    with _connected(url) as connection:
        return _newest(connection)


def _others_after_a_while(connection: psycopg.Connection) -> int:
    """How many others are connected. Those of a service that has just been stopped are waited for."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        (others,) = connection.execute(OTHERS).fetchone() or (0,)
        if not others or time.monotonic() > until:
            return int(others)
        time.sleep(0.2)


@contextmanager
def _connected(url: URL) -> Iterator[psycopg.Connection]:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        connection = psycopg.connect(address, connect_timeout=10, autocommit=True)
    except psycopg.OperationalError as error:
        reason = str(error).strip().partition("\n")[0]
        raise Refusal(f"The database cannot be reached: {reason}. Check DATABASE_URL.") from None
    with connection:
        yield connection


def _newest(connection: psycopg.Connection) -> int:
    """The newest revision; 0 in a database without our tables."""
    if connection.execute("SELECT to_regclass('revision')").fetchone() == (None,):
        return 0
    (newest,) = connection.execute(NEWEST).fetchone() or (0,)
    return int(newest)


def _run(url: URL | None, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's. The password stands in its environment, where no `ps` shows it."""
    path = shutil.which(program)
    if path is None:
        raise Refusal(
            f"{program} is not on the PATH. Install PostgreSQL's client programs, in the version of "
            "the server or a newer one (Debian: postgresql-client)."
        )
    environment = dict(os.environ)
    if url is not None:
        # `set` would keep the password, and write it as ***, which PostgreSQL would take for it.
        address = url.set(drivername="postgresql")._replace(password=None)
        arguments = (f"--dbname={address.render_as_string()}", "--no-password", *arguments)
        if url.password:
            environment["PGPASSWORD"] = str(url.password)
    done = subprocess.run(  # noqa: S603 - a program that was looked up, and no shell
        [path, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        raise Refusal(f"{program} failed: {lines[0].removeprefix(f'{program}: ')}")
