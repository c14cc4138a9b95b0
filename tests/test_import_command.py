"""`model-districts import` does what the desk does; and the seed, which goes the same way, leaves to others what they have edited."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Typing
from importing import as_csv
from people import People, amend, district, step
from seeding import copy_seed
from serving import Service
from templates import sqlite_file

from app.clock import now
from app.database import Database
from app.desk.access.permissions import Editor
from app.desk.editing import drafts, workflow
from app.desk.imports.seed import SeedPlan, apply_seed, plan_seed, read_seed
from app.records import store
from app.settings import Settings
from app.setup import load_seed

# tests/test_imports.py imports on both databases.
pytestmark = pytest.mark.one_database
BOISE = "boise-school-district-id"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three districts: a new one, one that is there, and one of no state that there is."""
    path = tmp_path / "districts.csv"
    rows = [
        ["typed-id", "Typed", "ID", "Here"],
        [BOISE, "Boise School District", "ID", "Here"],
        ["stateless-id", "Stateless", "ZZ", ""],
    ]
    path.write_bytes(as_csv([["slug", "name", "state", "city"], *rows]))
    return path


def test_a_dry_run_says_what_would_happen_and_writes_no_record(
    typed: Typing, file: Path, people: People
) -> None:
    ran = typed("import", str(file), "--kind", "district", "--dry-run")
    assert ran.code == 1
    assert "districts.csv: 3 rows: 1 created, 1 changed, 0 unchanged, 1 refused." in ran.err
    assert "line 4, stateless-id/state: state has no value 'ZZ'" in ran.err
    assert people.ada.get("/districts/typed-id").status_code == 404


def test_it_writes_all_or_nothing_or_the_good_rows_under_the_name_given(
    typed: Typing, file: Path, people: People
) -> None:
    refused = typed("import", str(file), "--kind", "district")
    assert (refused.code, "1 row was refused" in refused.err) == (1, True)
    written = typed(
        "import", str(file), "--kind", "district", "--only-good", "--by", "Ada's laptop"
    )
    assert (written.code, "Written: 2 records, as drafts." in written.err) == (0, True)
    assert people.ada.get("/districts/typed-id").json()["meta"]["updated_by"] == "Ada's laptop"
    clean = typed("import", str(file), "--kind", "district", "--only-good", "--dry-run")
    assert "0 created, 0 changed, 2 unchanged, 1 refused" in clean.err


def test_the_command_advises_its_own_options_and_prints_notes(
    typed: Typing, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,state,city\nNoted Trial,Idaho,N/A\nOther Noted,Idaho,Star\nTotal,,\n")
    ran = typed("import", str(path), "--kind", "district", "--dry-run")
    assert "2 rows: 1 created, 0 changed, 0 unchanged, 1 refused; 1 line passed over." in ran.err
    assert "or send --placeholders skip to leave" in ran.err
    assert "other-noted-id/slug: The slug 'other-noted-id' is proposed." in ran.err
    path.write_text("slug,naem\nx,X\n")
    refused = typed("import", str(path), "--kind", "district", "--dry-run")
    assert "Send --mapping Column:field" in refused.err
    assert "--unknown-columns ignore" in refused.err


@pytest.mark.slow
def test_likely_duplicates_are_accepted_and_records_published_by_option(
    typed: Typing, tmp_path: Path, people: People
) -> None:
    path = tmp_path / "new.ndjson"
    path.write_text('{"slug": "boise-too-id", "name": "Boise Schools", "state": "ID"}\n')
    command = ("import", str(path), "--kind", "district")
    warned = typed(*command)
    assert (warned.code, f"looks like '{BOISE}'" in warned.err) == (1, True)
    without_reason = typed(*command, "--accept", "boise-too-id", "--publish")
    assert (without_reason.code, "needs a reason" in without_reason.err) == (1, True)
    done = typed(*command, "--accept", "1", "--publish", "--reason", "federal data")
    assert (done.code, "published" in done.err) == (0, True)
    assert people.ada.get("/districts/boise-too-id").json()["meta"]["status"] == "published"


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("rows.pdf", "district", "Files ending in '.pdf' cannot be read"),
        ("rows.csv", "school", "'school' is not one of 'district', 'case-study'"),
        ("rows.csv", "district", "slug"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    typed: Typing, tmp_path: Path, name: str, kind: str, told: str
) -> None:
    (tmp_path / name).write_text("name\nx\n")
    ran = typed("import", str(tmp_path / name), "--kind", kind)
    assert ran.code != 0
    assert told in ran.err


@pytest.mark.slow
def test_the_progress_bar_is_for_terminals(file: Path, tmp_path: Path) -> None:
    command = [
        str(Path(sys.prefix) / "bin" / "model-districts"),
        "import",
        str(file),
        "--kind",
        "district",
        "--dry-run",
    ]
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{shutil.copy(sqlite_file('few'), tmp_path / 'own.sqlite')}",
        "TERM": "xterm",
    }
    piped = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert b"\x1b" not in piped.stderr

    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environment, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while (read := _read(ours)) != b"":
            shown += read
    os.close(ours)
    assert process.returncode == 1
    assert b"Comparing districts.csv" in shown
    assert b"nearest" in shown


@pytest.mark.slow
def test_the_seed_finds_its_records_under_the_slugs_that_they_have_now(
    service: Service, people: People
) -> None:
    step(people.rui, "rename", "rsu-9-me", "districts", slug="mt-blue-me").raise_for_status()
    amend(people.ada, "bend-la-pine-schools-or", "districts", city="Elsewhere")
    newest = people.ada.get("/audit?limit=1").json()["data"][0]["seq"]
    load_seed(Settings(database_url=service.database_url))
    assert people.ada.get("/districts/rsu-9-me").status_code == 308
    assert (
        people.ada.get("/districts/bend-la-pine-schools-or").json()["data"]["city"] == "Elsewhere"
    )
    assert people.ada.get("/audit?limit=1").json()["data"][0]["seq"] == newest


@pytest.mark.slow
def test_what_an_editor_made_first_is_not_made_again_by_the_seed(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "seed").mkdir()
    seed = copy_seed(tmp_path / "seed", ["boise-id"])
    whole = (seed / "districts.csv").read_bytes()
    (seed / "districts.csv").write_bytes(
        b"".join(line for line in whole.splitlines(keepends=True) if BOISE.encode() not in line)
    )
    case = (seed / "case-studies" / "boise-id.toml").rename(tmp_path / "boise-id.toml")
    _load(database, seed)
    with database.writing() as session:
        drafts.create(
            session,
            "district",
            district("boise-by-ada-id", nces_leaid="1600360"),
            by="ada",
            at=now(),
        )
    (seed / "districts.csv").write_bytes(whole)
    case.rename(seed / "case-studies" / "boise-id.toml")

    plan = _load(database, seed)
    assert {(outcome.slug, outcome.row.kind) for outcome in plan.of("kept")} == {
        ("boise-by-ada-id", "district"),
        ("boise-id", "case-study"),
    }
    with database.reading() as session:
        assert store.find(session, "district", BOISE) is None

    with database.writing() as session:
        kim = Editor("", "kim", "admin")
        step = drafts.Step("district", "boise-by-ada-id", 1, kim, now())
        workflow.publish(session, step, bypass_reason="it is checked")
    assert [outcome.slug for outcome in _load(database, seed).of("created")] == ["boise-id"]
    with database.reading() as session:
        assert store.get(session, "case-study", "boise-id").record.districts == ["boise-by-ada-id"]


def _load(database: Database, seed: Path) -> SeedPlan:
    with database.writing() as session:
        plan = plan_seed(session, read_seed(seed))
        apply_seed(session, plan, at=now())
    return plan


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the other side has closed
        return b""
