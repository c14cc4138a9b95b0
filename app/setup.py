"""Getting a directory ready to serve: its tables are migrated and its seed is loaded."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.catalog import publication
from app.clock import now
from app.database import Database
from app.desk.imports.seed import apply_seed, plan_seed, read_seed
from app.errors import Conflict, Unavailable
from app.records import revisions, seed_loads
from app.settings import Settings

ROOT = Path(__file__).parent.parent
START_SECONDS = 600.0  # that a start waits for another process that loads the seed
MIGRATIONS = ROOT / "migrations" / "versions"


@dataclass(frozen=True, slots=True)
class SeedResult:
    """How many records of the seed were created, changed, or left alone because others edited them."""

    created: int = 0
    changed: int = 0
    left_alone: int = 0


def migrate(settings: Settings) -> None:
    """Bring the tables to the newest version, in one transaction.

    Alembic runs in a process of its own, so that the service does not hold it in memory.
    """
    with closing(Database(settings.database_url)) as database:
        database.writer_connection().close()  # an unreachable database fails here, in plain words
        refuse_newer_tables(database)
        if database.shape() == _newest_migration():
            return
        command = [sys.executable, "-m", "alembic", "--config", str(ROOT / "alembic.ini")]
        environment = {**os.environ, "DATABASE_URL": settings.database_url}
        done = subprocess.run([*command, "upgrade", "head"], env=environment, check=False)  # noqa: S603
        if done.returncode and database.shape() != _newest_migration():  # nor did another process
            raise Unavailable(
                "The tables could not be migrated, and are as they were. The error above says why."
            )


def refuse_newer_tables(database: Database) -> None:
    """Raise Conflict if the tables were made by newer code than this."""
    shape = database.shape()
    if shape is not None and shape not in _migrations():
        raise Conflict(
            f"The tables were made by newer code than this (migration {shape!r}). "
            "Start that version, or restore the backup from before the upgrade."
        )


def newer_tables(database: Database) -> str | None:
    """A warning while newer code has migrated the tables. Migrations keep this code working."""
    try:
        refuse_newer_tables(database)
    except Conflict as conflict:
        return f"{conflict} Until then this version goes on."
    return None


def load_seed(settings: Settings, *, on_row: Callable[[], None] = lambda: None) -> SeedResult:
    """Load the seed through the importer; unchanged files cost one look at their digest.

    It is planned before the writer's lock is taken, and planned again only if somebody wrote
    meanwhile. Raises Invalid with every fault of the seed.
    """
    folder = settings.seed_path
    digest = _digest(folder)
    with closing(Database(settings.database_url)) as database:
        with database.reading_primary() as session:
            loaded = seed_loads.newest_digest(session) or ""
            if loaded == digest:
                return SeedResult()
            planned_at = revisions.newest_seq(session)
            plan = plan_seed(session, read_seed(folder), on_row=on_row)
        with database.writing(seconds=START_SECONDS) as session:
            if not loaded.startswith(_newest_migration()):
                publication.rebuild(session)  # entries may have another form now
            if revisions.newest_seq(session) != planned_at:
                plan = plan_seed(session, read_seed(folder))
            apply_seed(session, plan, at=now())
            seed_loads.note(session, digest, at=now())
    created, changed, left_alone = (len(plan.of(each)) for each in ("created", "changed", "kept"))
    return SeedResult(created, changed, left_alone)


def _digest(folder: Path) -> str:
    """The shape that the seed is read into, and SHA-256 over the names and contents of its files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".toml", ".csv"):
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return f"{_newest_migration()} {digest.hexdigest()}"


def _newest_migration() -> str:
    """The id of the last migration."""
    return _migrations()[-1]


@cache
def _migrations() -> list[str]:
    """The id of every migration; their files are named in order."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(MIGRATIONS.glob("*.py"))]
    return [re.findall(r'^revision = "(\w+)"', text, re.MULTILINE)[0] for text in texts]
