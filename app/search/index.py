"""Index: the copy that answers. It follows the revision log and can be thrown away at any time; no truth lives in it."""

import asyncio
import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from app.catalog import entry
from app.catalog.entry import Entry
from app.catalog.vocabulary import Vocabulary
from app.database import Database
from app.records import revisions
from app.records.kinds import KINDS, SEARCHABLE
from app.search import index_file, parser
from app.search.collection import Collection
from app.search.query import SearchQuery
from app.search.shapes import FIELDS

WORTH_KEEPING = 5000  # entries; fewer are read anew in less time than it takes to look for a file
MANY = 200  # from so many new entries on, sort orders are settled once at the end


class Index:
    """Everything that is public, in memory, as of one revision."""

    def __init__(self, database: Database, *, kept_in: Path | None = None) -> None:
        self._database = database
        self._kept_at = (
            kept_in
            and kept_in / f"{hashlib.sha256(str(database.url).encode()).hexdigest()[:16]}.index"
        )
        self._lock = threading.Lock()
        self._mark: int | None = None
        self._looked = False  # whether this turn of the event loop has looked already
        self.generation = 0  # moves when anything was committed, drafts too
        self.revision = 0
        self.updated_at = datetime.fromtimestamp(0, UTC)
        self.vocabulary = Vocabulary()
        self.collections = {kind: Collection() for kind in SEARCHABLE}

    def open(self) -> None:
        """Stand where a kept index stood, if there is one that can be believed; catch up; keep what took long to build."""
        if self._kept_at is not None:
            self._read_kept(self._kept_at)
        before = self.revision
        self.catch_up()
        entries = sum(map(len, self.collections.values()))
        if (
            self._kept_at is not None
            and entries >= WORTH_KEEPING
            and self.revision - before > entries // 20
        ):
            with self._database.reading() as session:
                log = revisions.signature(session, self.revision)
            about = {
                "revision": self.revision,
                "updated_at": self.updated_at.isoformat(),
                "log": log,
            }
            index_file.write(self._kept_at, self.collections, about)

    def forget_kept(self) -> None:
        """Let the next start build it anew."""
        if self._kept_at is not None:
            self._kept_at.unlink(missing_ok=True)

    def _read_kept(self, path: Path) -> None:
        fresh = {kind: Collection() for kind in SEARCHABLE}
        if (about := index_file.read(path, fresh)) is None:
            return
        with self._database.reading() as session:
            if (
                about["log"] is None
                or revisions.signature(session, about["revision"]) != about["log"]
            ):
                return
            for found in entry.of_other_kinds(session, SEARCHABLE):
                self._take(found, many=True)
        self.collections = fresh
        self.revision, self.updated_at = (
            about["revision"],
            datetime.fromisoformat(about["updated_at"]),
        )

    def look(self) -> None:
        """Catch up once for all the requests in this turn of the event loop: each came before it."""
        if not self._looked:
            self.catch_up()
            self._looked = True
            asyncio.get_running_loop().call_soon(self._end_turn)

    def catch_up(self) -> None:
        """Apply what was published since this copy's revision; one statement if anything was committed, none if not."""
        mark = self._database.mark()
        if mark == self._mark:
            return
        with self._lock:
            with self._database.reading() as session:
                self._apply(entry.since(session, self.revision))
            self._mark = mark
            self.generation += 1

    def _end_turn(self) -> None:
        self._looked = False

    def query(
        self, kind: str, pairs: Iterable[tuple[str, str]], *, without: Sequence[str] = ()
    ) -> SearchQuery:
        """The search that these parameters ask for. Raises Invalid with every fault.

        `without`: parameters that the endpoint does not take.
        """
        return parser.parse(
            kind,
            f"/v1/{KINDS[kind].path}",
            pairs,
            vocabulary=self.vocabulary,
            places=self.place_of,
            fields=FIELDS[kind],
            without=without,
        )

    def place_of(self, name: str) -> tuple[float, float] | None:
        """Position of a district by slug or LEAID, where known."""
        districts = self.collections["district"]
        number = districts.number(name)
        return None if number is None else next(iter(districts.places.of(number)), None)

    def _apply(self, changed: Iterable[Entry]) -> None:
        for many, found in _few_or_many(changed):
            self._take(found, many=many)
            self.revision = found.seq
            self.updated_at = max(self.updated_at, found.updated_at)

    def _take(self, found: Entry, *, many: bool) -> None:
        if found.kind in self.collections:
            self.collections[found.kind].put(found, many=many)
        else:
            self.vocabulary.put(
                found.kind, found.slug, orjson.loads(found.card) if found.card else None
            )


def _few_or_many(changed: Iterable[Entry]) -> Iterator[tuple[bool, Entry]]:
    """Each entry, with whether it is one of many."""
    first: list[Entry] = []
    rest = iter(changed)
    for found in rest:
        first.append(found)
        if len(first) == MANY:
            break
    many = len(first) == MANY
    yield from ((many, found) for found in first)
    yield from ((many, found) for found in rest)
