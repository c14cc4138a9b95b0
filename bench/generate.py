"""Invented directories of any size, prepared by our own catalog, from one seed: row i is the same for every size. Kept under var/bench.

python -m bench.generate 100000
"""

import hashlib
import itertools
import random
import shutil
import sqlite3
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from app.catalog import entry
from app.catalog.entry import PreparedEntry
from app.catalog.preparation import VOCABULARY_KINDS, PublishedRecord, Terms
from app.catalog.prepare_case_study import prepare_case_study
from app.catalog.prepare_district import prepare_district
from app.database import Database
from app.desk.imports.seed import apply_seed, plan_seed, read_seed
from app.records import revisions, store
from app.records.case_study import CaseStudy
from app.records.district import DistrictRecord
from app.records.revisions import Revision
from app.settings import Settings
from app.setup import migrate
from bench.words import COMMONEST, KINDS, NAMES, SEED, sentences

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "var" / "bench"
START = datetime(2026, 1, 1, tzinfo=UTC)
DISTRICTS = 2000
LEAN = 1_000_000  # from here on documents are left empty: search alone is measured, and the disk is finite
CHUNK = 500
LOCALE_WEIGHTS = (4, 3, 3, 6, 3, 3, 7, 9, 10, 16, 20, 16)
SOME = (0, 1, 1, 2)
PROSE = {"challenge": 80, "approach": 130, "results": 100, "lessons": 40}  # words
SOURCE = {
    "id": "s1",
    "title": "A report",
    "publisher": "A press",
    "year": 2025,
    "url": "https://example.org/report",
    "kind": "report",
}


_world: "World"  # of a process that makes items


class World:
    """What is invented from the published vocabulary: districts and case studies, by number."""

    def __init__(self, terms: Terms) -> None:
        draw = random.Random(SEED)
        self.terms = terms
        vocabulary = terms.by_kind
        self.states = [state for state in vocabulary["state"].values() if state.kind == "state"]
        self.state_weights = [draw.uniform(0.4, 2.5) for _ in self.states]
        self.strategies = list(vocabulary["strategy"].values())
        self.strategy_weights = list(
            itertools.accumulate(1 / (rank + 6) for rank in range(len(self.strategies)))
        )
        self.codes: dict[str, list[str]] = {}
        for term in vocabulary["term"].values():
            self.codes.setdefault(term.vocabulary, []).append(term.code)
        self.indicators, self.organizations = (
            list(vocabulary["indicator"]),
            list(vocabulary["organization"].values()),
        )
        self.districts = {
            district.slug: district for district in map(self._district, range(DISTRICTS))
        }
        self.by_number = list(self.districts.values())

    def prepared(self, number: int, seq: int) -> PreparedEntry:
        """The entry of an item; the districts come first."""
        at = START + timedelta(seconds=number)
        if number < DISTRICTS:
            made = prepare_district(
                PublishedRecord(self.by_number[number], 1, at, seq), [], self.terms
            )
        else:
            case = self._case_study(number - DISTRICTS)
            made = prepare_case_study(
                PublishedRecord(case, 1, at, seq), self.districts, self.terms, last_alive={}
            )
        return replace(made, references=frozenset())

    def _district(self, number: int) -> DistrictRecord:
        draw = random.Random(SEED * 7919 + number)
        state = draw.choices(self.states, self.state_weights)[0]
        city = f"{draw.choice(NAMES)} {draw.choice(KINDS)}"
        return DistrictRecord(
            slug=f"{city.lower().replace(' ', '-')}-{state.slug.lower()}-{number}",
            nces_leaid=f"{state.fips}{number:05}",
            name=f"{city} Unified {number}",
            state=state.slug,
            city=city,
            county=f"{draw.choice(NAMES)} County",
            locale=draw.choices(list(self.terms.by_kind["locale"]), LOCALE_WEIGHTS)[0],
            locale_year=2022,
            locale_source="NCES",
            enrollment=int(draw.lognormvariate(7.3, 1.2)),
            enrollment_year=2023,
            enrollment_source="NCES",
            latitude=round(draw.uniform(25, 49), 5),
            longitude=round(draw.uniform(-124, -67), 5),
            place_basis="office",
            place_source="NCES",
        )

    def _case_study(self, number: int) -> CaseStudy:
        """About 430 words."""
        draw = random.Random(SEED * 1_000_003 + number)
        drawn = draw.choices(
            self.strategies, cum_weights=self.strategy_weights, k=draw.choice((1, 2, 2, 3, 4))
        )
        strategies = {one.slug: one.label for one in drawn}
        district = draw.choice(self.by_number)
        label, *_ = phrases = list(strategies.values())
        one, two, three = draw.choices(COMMONEST, k=3)
        return CaseStudy.model_validate(
            {
                "slug": f"{drawn[0].slug}-{district.state.lower()}-{number}",
                "title": f"{label} in {district.name}: {one} {two} and {three}",
                "state": district.state,
                "summary": sentences(draw, 60, [label]),
                **{
                    name: sentences(draw, words, phrases) + " [^s1]"
                    for name, words in PROSE.items()
                },
                "started_year": 2000 + min(25, int(draw.betavariate(4, 2) * 26)),
                "status": draw.choices(("active", "ended", "unknown"), (7, 2, 1))[0],
                "setting": draw.choice((None, *self.codes["setting"])),
                "models": draw.sample(self.codes["model"], draw.choice((0, 1, 1))),
                "districts": [district.slug],
                "strategies": list(strategies),
                "outcomes": [
                    {
                        "indicator": indicator,
                        "finding": "It rose.",
                        "design": draw.choice(self.codes["evidence"]),
                        "direction": draw.choice(self.codes["direction"]),
                        "source": "s1",
                    }
                    for indicator in draw.sample(self.indicators, draw.choice(SOME))
                ],
                "funding": [
                    {"name": "A levy", "kind": kind, "source": "s1"}
                    for kind in draw.sample(self.codes["funding-kind"], draw.choice(SOME))
                ],
                "partners": [
                    {
                        "name": partner.name,
                        "organization": partner.slug,
                        "type": partner.type,
                        "source": "s1",
                    }
                    for partner in draw.sample(self.organizations, draw.choice(SOME))
                ],
                "sources": [SOURCE],
            }
        )


def directory(size: int) -> Path:
    """The database of a directory with so many case studies; made if it is not there, or from where an earlier try ended."""
    path = FOLDER / f"{size}-{_key()}.sqlite"
    if path.exists():
        return path
    for stale in FOLDER.glob(f"{size}-*"):
        if not stale.name.startswith(path.stem):
            shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
    part = path.with_suffix(".part")
    migrate(Settings(database_url=f"sqlite:///{part}"))
    database = Database(f"sqlite:///{part}")
    with database.writing() as session:
        rows = [
            row
            for row in read_seed(Settings().seed_path)
            if row.kind not in ("district", "case-study")
        ]
        apply_seed(session, plan_seed(session, rows), at=START)
        done = revisions.newest_seq(session) - len(rows)
    for batch in _made(
        read_vocabulary(database), range(done, DISTRICTS + size), len(rows) + 1, lean=size >= LEAN
    ):
        publish(database, batch)
        _say(f"\r{size:,} case studies: {batch[-1].entry.seq:,} entries ")
    database.close()
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    part.rename(path)
    _say(f"\r{size:,} case studies in {path.stat().st_size / 1e6:,.0f} MB\n")
    return path


def publish(database: Database, batch: list[PreparedEntry]) -> None:
    """Entries, and a line of the log for each, its document left small."""
    made = [one.entry for one in batch]
    with database.writing() as session:
        entry.write(session, batch)
        revisions.append(
            session,
            [
                Revision(
                    one.seq,
                    one.updated_at,
                    "bench",
                    "publish",
                    one.kind,
                    one.slug,
                    1,
                    {"slug": one.slug},
                    None,
                    "published",
                    1,
                )
                for one in made
            ],
        )


def read_vocabulary(database: Database) -> Terms:
    """The published terms of a directory."""
    with database.reading() as session:
        return Terms(
            {
                kind: {slug: public[0] for slug, public in store.published(session, kind).items()}
                for kind in VOCABULARY_KINDS
            }
        )


TABLE = """
CREATE TABLE case_study (id INTEGER PRIMARY KEY, slug TEXT, title TEXT, aliases TEXT, names TEXT, summary TEXT, text TEXT, state TEXT,
  district TEXT, county TEXT, locale TEXT, rurality TEXT, started INTEGER, status TEXT, evidence TEXT, strategies TEXT);
CREATE VIRTUAL TABLE case_study_fts USING fts5(title, aliases, names, summary, text, content="case_study", content_rowid="id",
  tokenize="porter unicode61 remove_diacritics 2", prefix="3");
"""
ROW = """
INSERT INTO case_study SELECT row_number() OVER (ORDER BY seq), slug, search_data ->> '$.text.title', search_data ->> '$.text.aliases',
  search_data ->> '$.text.names', search_data ->> '$.text.summary', search_data ->> '$.text.text', card ->> '$.districts[0].state',
  card ->> '$.districts[0].name', card ->> '$.districts[0].county', card ->> '$.districts[0].locale.value', card ->> '$.rurality[0]',
  card ->> '$.started_year', card ->> '$.status', card ->> '$.evidence', search_data -> '$.facets.strategy'
FROM directory.entry WHERE kind = 'case-study' AND state = 'public';
"""
INDEXES = "".join(
    f"CREATE INDEX case_study_{name} ON case_study ({name});"
    for name in ("slug", "title", "state", "locale", "started", "status")
)
SEARCHABLE = "CREATE INDEX case_study_filter ON case_study (status, locale, state, started);"
SEARCHABLE += (
    "INSERT INTO case_study_fts (case_study_fts) VALUES ('rebuild'), ('optimize'); ANALYZE main;"
)


def tables(size: int) -> Path:
    """The same case studies as one indexed table with full-text search: for Datasette, and for plain SQL to check the totals by."""
    source = directory(size)
    path = source.with_name(f"{source.stem}-tables.sqlite")
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            connection.execute("ATTACH ? AS directory", (str(source),))
            connection.executescript(
                f"PRAGMA journal_mode = off; PRAGMA cache_size = -400000; BEGIN; {TABLE} {ROW} {INDEXES} {SEARCHABLE} COMMIT;"
            )
        part.rename(path)
    return path


def _made(
    terms: Terms, numbers: range, first_seq: int, *, lean: bool
) -> Iterator[list[PreparedEntry]]:
    """The items chunk by chunk, from two processes, not far ahead of what is taken."""
    with ProcessPoolExecutor(2, initializer=_start, initargs=(terms,)) as pool:
        ahead: deque[Future[list[PreparedEntry]]] = deque()
        for start in range(0, len(numbers), CHUNK):
            ahead.append(pool.submit(_items, numbers[start : start + CHUNK], first_seq, lean))
            if len(ahead) > 6:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _start(terms: Terms) -> None:
    global _world
    _world = World(terms)


def _items(numbers: range, first_seq: int, lean: bool) -> list[PreparedEntry]:
    made = [_world.prepared(number, first_seq + number) for number in numbers]
    return [replace(one, document="{}") for one in made] if lean else made


@cache
def _key() -> str:
    """Changes when what is generated, or the tables that it goes into, change."""
    folders = ("app/catalog", "app/records", "migrations/versions", "seed/taxonomies")
    files = [Path(__file__), ROOT / "bench" / "words.py", ROOT / "seed" / "organizations.toml"]
    files += [path for folder in folders for path in (ROOT / folder).iterdir() if path.is_file()]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()[:8]


def _say(text: str) -> None:
    if sys.stderr.isatty() or text.endswith("\n"):
        print(text, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for argument in sys.argv[1:]:
        (tables if int(argument) < LEAN else directory)(int(argument))
