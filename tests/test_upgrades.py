"""An upgrade and its neighbors: newer tables under running code, and a start that says in one sentence what is in the way."""

import ast
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from shutil import copy

import httpx
import pytest
from command_line import typing_on
from conftest import PostgreSQL
from migrating import ROOT
from people import at_the_desk, case_study, published
from server_process import server_process
from serving import Service, serving
from sqlalchemy import create_engine, text

from app.database import Database

PATIENCE = 60  # seconds; a busy machine is no fault
COMMAND = str(Path(sys.executable).parent / "model-districts")
# Later ones must let the version before them run on.
BEFORE_THIS_RULE = {
    "2026_11_25_1_first_tables",
    "2026_11_25_2_desk",
    "2026_11_25_3_imports",
    "2026_11_25_4_watching",
    "2026_11_29_1_contracts",
    "2026_11_29_2_import_readings",
}
TAKES_AWAY = {"drop_table", "drop_column", "rename_table", "alter_column"}
NEWER = (
    "UPDATE alembic_version SET version_num = 'of-the-future'",
    "ALTER TABLE record ADD COLUMN of_the_future TEXT",
    "CREATE TABLE of_the_future (id INTEGER PRIMARY KEY)",
)


def migrate_further(database: Database) -> None:
    """Do what a migration of newer code may do."""
    with database.writing() as session:
        for statement in NEWER:
            session.connection().execute(text(statement))


def write_previous_version(folder: Path) -> None:
    """Write the code of the last tag into a folder; without a tag, of the last commit that does not
    know the newest migration."""
    newest = max(path.name for path in (ROOT / "migrations" / "versions").glob("*.py"))
    for words in (
        ("describe", "--tags", "--abbrev=0", "HEAD^"),
        ("log", "-1", "--diff-filter=A", "--format=%H^", f"migrations/versions/{newest}"),
    ):
        name = git(*words).stdout.decode().strip()
        code = git("archive", name) if name else None
        if code and not code.returncode:
            subprocess.run(["tar", "-x", "-C", folder], input=code.stdout, check=True)
            return
    pytest.skip("this checkout has no history, so no earlier version to run")


def hits(service: Service) -> set[str]:
    """The case studies that a search for the titles of both versions finds."""
    address = f"{service.url}/v1/case-studies?q=%22written+by+the%22&limit=100"
    return {case["slug"] for case in httpx.get(address, timeout=PATIENCE).json()["data"]}


def git(*words: str) -> "subprocess.CompletedProcess[bytes]":
    """What git says of this checkout."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)


def started(database_url: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """What a command does that ends."""
    environment = os.environ | {"DATABASE_URL": database_url, "PORT": "0", "COLUMNS": "300"}
    return subprocess.run(
        [COMMAND, *(words or ("serve",))], env=environment, capture_output=True, text=True
    )


@pytest.mark.slow
def test_while_newer_code_has_migrated_this_code_goes_on_and_says_so(own_service: Service) -> None:
    migrate_further(own_service.database)
    ready = httpx.get(f"{own_service.url}/readyz", timeout=PATIENCE)
    assert ready.status_code == 200
    [warning] = ready.json()["warnings"]
    assert "made by newer code" in warning
    with at_the_desk(own_service) as people:
        published(people, case_study("beside-newer-code"))
    assert (
        httpx.get(f"{own_service.url}/v1/case-studies/boise-id", timeout=PATIENCE).status_code
        == 200
    )


@pytest.mark.slow
def test_code_does_not_start_on_newer_tables_and_says_what_to_do(
    database: Database, database_url: str
) -> None:
    migrate_further(database)
    ended = started(database_url)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert (
        "The tables were made by newer code than this (migration 'of-the-future'). Start that "
        "version, or restore the backup from before the upgrade" in " ".join(ended.stderr.split())
    )


@pytest.mark.one_database
def test_a_migration_takes_nothing_away_that_the_version_before_it_uses() -> None:
    """What is no longer used goes one release later, with a line here that says which."""
    for path in sorted((ROOT / "migrations" / "versions").glob("*.py")):
        if path.stem in BEFORE_THIS_RULE:
            continue
        [upgrade] = [
            node
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
        ]
        called = {node.attr for node in ast.walk(upgrade) if isinstance(node, ast.Attribute)}
        assert not called & TAKES_AWAY, path.stem


@pytest.mark.slow
def test_the_previous_version_serves_and_writes_beside_this_one(
    empty_database_url: str, tmp_path: Path
) -> None:
    write_previous_version(tmp_path)
    older = ("env", f"PYTHONPATH={tmp_path}")
    where = [*older, sys.executable, "-c", "import app; print(app.__file__)"]
    assert subprocess.check_output(where, cwd=tmp_path, text=True).startswith(str(tmp_path))
    with server_process(empty_database_url, before=older) as (old, _):
        assert started(empty_database_url, "migrate").returncode == 0
        with server_process(empty_database_url) as (new, _), at_the_desk(old) as people:
            published(people, case_study("from-the-old", title="Written by the old version"))
            for person in (people.ada, people.rui):
                person.base_url = f"{new.url}/v1/admin"
            published(people, case_study("from-the-new", title="Written by the new version"))
            for service in (old, new):
                until = time.monotonic() + PATIENCE
                while not hits(service) >= {"from-the-old", "from-the-new"}:
                    assert time.monotonic() < until, service
                    time.sleep(0.05)
                assert httpx.get(f"{service.url}/readyz", timeout=PATIENCE).status_code == 200


@pytest.mark.slow
def test_a_start_that_was_cut_off_before_the_catalog_was_rebuilt_rebuilds_it_the_next_time(
    seeded_url: str,
) -> None:
    with closing(Database(seeded_url)) as database, database.writing() as session:
        for statement in (  # migrated, but prepared and loaded by the version before
            "UPDATE entry SET document = replace(document, 'Boise', 'Noise') WHERE slug = 'boise-id'",
            "UPDATE seed_load SET digest = 'an-older-migration 0'",
        ):
            session.connection().execute(text(statement))
    assert started(seeded_url, "seed").returncode == 0
    assert started(seeded_url, "verify").returncode == 0


@pytest.mark.slow
def test_two_processes_that_start_at_once_on_nothing_both_serve(empty_database_url: str) -> None:
    environment = os.environ | {"DATABASE_URL": empty_database_url}
    seeding = [
        subprocess.Popen([COMMAND, "seed"], env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    errors = [process.communicate()[1] for process in seeding]
    assert [process.returncode for process in seeding] == [0, 0], errors
    with serving(empty_database_url) as service:
        assert httpx.get(f"{service.url}/readyz", timeout=PATIENCE).status_code == 200
        assert (
            httpx.get(f"{service.url}/v1/case-studies/boise-id", timeout=PATIENCE).status_code
            == 200
        )


def test_a_database_that_cannot_keep_every_letter_is_refused_at_the_start(
    postgresql: PostgreSQL,
) -> None:
    with postgresql.database("template0", "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'") as url:
        ended = started(url, "migrate")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "has the encoding LATIN1" in " ".join(ended.stderr.split())


def test_what_the_database_sets_for_its_sessions_changes_nothing(postgresql: PostgreSQL) -> None:
    with postgresql.database("few") as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            (name,) = connection.exec_driver_sql("SELECT current_database()").one()
            for setting in (
                "timezone = 'Asia/Tokyo'",
                "statement_timeout = '1ms'",
                "lock_timeout = '1ms'",
                "default_transaction_isolation = 'serializable'",
                "default_transaction_read_only = on",
                "search_path = 'nowhere'",
                "client_encoding = 'LATIN1'",
                "datestyle = 'SQL, DMY'",
                "transform_null_equals = on",
            ):
                connection.exec_driver_sql(f"ALTER DATABASE {name} SET {setting}")
        engine.dispose()
        with serving(url) as service, at_the_desk(service) as people:
            published(people, case_study("hostile", title="Peñasco 東京 ½"))
            answer = people.ada.get("/case-studies/hostile").json()
            assert answer["data"]["title"] == "Peñasco 東京 ½"
            revisions = people.ada.get("/case-studies/hostile/revisions").json()["data"]
            assert all(revision["at"].endswith("Z") for revision in revisions)


@pytest.mark.one_database
def test_a_command_in_another_folder_makes_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    typed = typing_on("sqlite:///var/model-districts.sqlite", monkeypatch, capsys)
    ended = typed("export", "districts")
    assert ended.code == 1
    assert "There is no database var/model-districts.sqlite" in " ".join(ended.err.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.one_database
def test_an_export_reads_a_copy_on_a_read_only_disk(sqlite_seeded: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    copy(sqlite_seeded, disk / "copy.sqlite")
    ended = subprocess.run(
        [*read_only(disk), COMMAND, "export", "districts"],
        env=os.environ | {"DATABASE_URL": f"sqlite:///{disk / 'copy.sqlite'}"},
        capture_output=True,
        text=True,
    )
    if "Operation not permitted" in ended.stderr:
        pytest.skip("may not mount")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(ended.stdout.splitlines()) > 10


def read_only(folder: Path) -> list[str]:
    """The beginning of a command for which a folder is on a read-only disk."""
    if os.geteuid():
        folder.chmod(0o500)
        return []
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", mount, str(folder)]
