"""Databases for the tests, an SQLite file or a real PostgreSQL, fresh for each test that asks for one; and the service on them."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx
import pytest
from browser import MISSING, a_browser, path_of_browser
from command_line import Typing, typing_on
from people import People, at_the_desk
from playwright.sync_api import Browser
from research_tools import PACKAGES, missing
from serving import Service, serving
from sqlalchemy import URL, Connection
from templates import (
    STANDING,
    administering,
    fill,
    postgresql_folder,
    sqlite_file,
    start_postgresql,
)

from app.database import Database

Request = pytest.FixtureRequest
ENGINES = ("sqlite", "postgresql")
TIMEOUT_SECONDS = 60  # a busy machine is no fault
_numbers = count(1)
# Tests speak plain HTTP. Without this every client would read all the world's certificate
# authorities first: 25 ms of processor time, some thousand times in a run.
os.environ.setdefault("SSL_CERT_DIR", str(Path(__file__).parent))
# Processes that tests start would compile the whole service anew each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--engine sqlite` runs what needs a database on SQLite alone."""
    parser.addoption("--engine", choices=ENGINES, help="run tests of databases on this one only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of what a database may do differently runs on both; one marked `one_database`, on SQLite."""
    if "engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("engine")
        engines = [chosen] if chosen else list(ENGINES)
        if metafunc.definition.get_closest_marker("one_database"):
            engines = engines[:1]
        metafunc.parametrize("engine", engines, scope="module")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--engine sqlite`, a test that asks for a PostgreSQL server by name is left out."""
    if config.getoption("engine") == "sqlite":
        skipped = pytest.mark.skip(reason="needs PostgreSQL")
        for item in items:
            if "postgresql" in getattr(item, "fixturenames", ()):
                item.add_marker(skipped)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end, where it is read, that no browser or tool of researchers was there."""
    if path_of_browser() is None:
        terminalreporter.write_line(MISSING, red=True, bold=True)
    for line in filter(None, map(missing, PACKAGES)):
        terminalreporter.write_line(line, red=True, bold=True)


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
    with _copy("migrated", engine, request, tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database without a record, opened."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def seeded_url(engine: str, request: Request, tmp_path: Path) -> Iterator[str]:
    """A database with the whole seed, or few of its records for a test marked `few_records`."""
    with _copy(_records(request), engine, request, tmp_path) as url:
        yield url


@pytest.fixture(scope="module")
def service(
    engine: str, request: Request, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service over the seed, for the tests of one file that only read.

    A file with `pytestmark = pytest.mark.few_records` gets few of its records, and is faster.
    """
    folder = tmp_path_factory.mktemp("service")
    with _copy(_records(request), engine, request, folder) as url, serving(url) as service:
        yield service


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[httpx.Client]:
    """Asks the service."""
    with httpx.Client(base_url=service.url, timeout=TIMEOUT_SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def people(service: Service) -> Iterator[People]:
    """Who works at the desk of the service, for the tests of one file, each on records of its own."""
    with at_the_desk(service) as people:
        yield people


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser, for the tests of one file."""
    with a_browser() as browser:
        yield browser


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
    with httpx.Client(base_url=own_service.url, timeout=TIMEOUT_SECONDS) as client:
        yield client


@pytest.fixture(scope="session")
def sqlite_seeded() -> Path:
    """A file with the whole seed, to copy or to read only."""
    return sqlite_file("whole")


class PostgreSQL:
    """A running server, and databases on it."""

    def __init__(self, url: URL, connection: Connection) -> None:
        self._url = url
        self._connection = connection
        self._templates = {"template0", "template1", *STANDING}

    @contextmanager
    def database(self, template: str = "template1", options: str = "") -> Iterator[str]:
        """The URL of a new copy of another database, dropped after the block."""
        if template not in self._templates:
            self._connection.exec_driver_sql(f"CREATE DATABASE {template}")
            fill(self._url.set(database=template).render_as_string(hide_password=False), template)
            self._templates.add(template)
        name = f"test_{next(_numbers)}"
        self._connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template} {options}")
        yield self._url.set(database=name).render_as_string(hide_password=False)
        self._connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server of this worker's own, with the databases of templates.STANDING to copy."""
    # Not in pytest's folder: run by root, the server is another user, whom that folder keeps out.
    home = Path(tempfile.mkdtemp(prefix="model-districts-"))
    folder = home / "data"
    subprocess.run(["cp", "-a", postgresql_folder(), folder], check=True)  # keeps the owner
    server = start_postgresql(folder)
    with administering(server) as (url, connection):
        yield PostgreSQL(url, connection)
    server.cleanup()
    shutil.rmtree(home)


def _records(request: Request) -> str:
    return "few" if request.node.get_closest_marker("few_records") else "whole"


@contextmanager
def _copy(template: str, engine: str, request: Request, folder: Path) -> Iterator[str]:
    """The URL of a copy of a database that `templates.fill` makes."""
    if engine == "sqlite":
        yield f"sqlite:///{shutil.copy(sqlite_file(template), folder / 'directory.sqlite')}"
    else:
        with request.getfixturevalue("postgresql").database(template) as url:
            yield url
