"""Index: the copy of the catalog that answers searches.

It follows the revision log and can be deleted at any time: it is made anew from the entries.
"""

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
from app.search.term_names import TermNames
from app.search.understanding.lexicon import Language, Lexicon, shipped_language
from app.search.understanding.synonyms import Synonyms
from app.search.walks import Walks

WORTH_A_FILE = 5000  # entries; fewer are indexed anew in a second or two
LANGUAGE = Path(__file__).parent.parent.parent / "seed" / "language"
MANY = 200  # from so many new entries on, sort orders are settled once at the end


class Index:
    """Everything that is public, in memory, as of one revision."""

    def __init__(
        self, database: Database, *, index_dir: Path | None = None, language: Language | None = None
    ) -> None:
        self._database = database
        self._file = index_dir and index_dir / f"{_digest(str(database.url))}.index"
        self._lock = threading.Lock()
        self._mark: int | None = None
        self._looked = False  # whether this turn of the event loop has looked already
        self.generation = 0  # moves when anything was committed, drafts too
        self.revision = 0
        self.updated_at = datetime.fromtimestamp(0, UTC)
        self.vocabulary = Vocabulary()
        self.collections = {kind: Collection() for kind in SEARCHABLE}
        self.terms = TermNames()
        self.walks = Walks()
        self._language = language or shipped_language(LANGUAGE)
        self._synonyms: Synonyms | None = None  # until the vocabulary changes
        self._lexicons: dict[str, Lexicon] = {}  # until their collection or the vocabulary changes

    def lexicon(self, kind: str) -> Lexicon:
        """What the words of a question are looked up in, as of now."""
        lexicon = self._lexicons.get(kind)
        if lexicon is None:
            if self._synonyms is None:
                self._synonyms = Synonyms(self.vocabulary)
            lexicon = Lexicon(
                self.collections[kind], self._synonyms, self.vocabulary, self._language
            )
            self._lexicons[kind] = lexicon
        return lexicon

    def open(self) -> None:
        """Read the index file if there is a good one, catch up, and write one if that took long."""
        if self._file is not None:
            self._read_file(self._file)
        before = self.revision
        self.catch_up()
        entries = sum(map(len, self.collections.values()))
        if (
            self._file is not None
            and entries >= WORTH_A_FILE
            and self.revision - before > entries // 20
        ):
            with self._database.reading() as session:
                log = revisions.signature(session, self.revision)
            about = {
                "revision": self.revision,
                "updated_at": self.updated_at.isoformat(),
                "log": log,
            }
            index_file.write(self._file, self.collections, about)

    def delete_file(self) -> None:
        """Delete the index file, so that the next start builds the index anew."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _read_file(self, path: Path) -> None:
        fresh = {kind: Collection() for kind in SEARCHABLE}
        if (about := index_file.read(path, fresh)) is None:
            return
        with self._database.reading() as session:
            if (
                about["log"] is None
                or revisions.signature(session, about["revision"]) != about["log"]
            ):
                return
            for term in entry.of_other_kinds(session, SEARCHABLE):
                self._take(term, many=True)
        self.collections = fresh
        self._lexicons.clear()
        self.revision, self.updated_at = (
            about["revision"],
            datetime.fromisoformat(about["updated_at"]),
        )

    def look(self) -> None:
        """Catch up once for all requests in this turn of the event loop: each came before it."""
        if not self._looked:
            self.catch_up()
            self._looked = True
            asyncio.get_running_loop().call_soon(self._end_turn)

    def catch_up(self) -> None:
        """Apply what was published since this revision. No statement if nothing was committed."""
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

        `without`: parameters that the address does not take.
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
        """Position of a district by slug or LEAID, of a ZIP code or of a town, where known."""
        districts = self.collections["district"]
        number = districts.number(name)
        if number is not None:
            return next(iter(districts.places.of(number)), None)
        return self._language.gazetteer.point(name)

    def _apply(self, changed: Iterable[Entry]) -> None:
        for many, one in _few_or_many(changed):
            self._take(one, many=many)
            self.revision = one.seq
            self.updated_at = max(self.updated_at, one.updated_at)
        for collection in self.collections.values():
            collection.called.settle()

    def _take(self, one: Entry, *, many: bool) -> None:
        if one.kind in self.collections:
            self.collections[one.kind].put(one, many=many)
            self._lexicons.pop(one.kind, None)
        else:
            self._synonyms = None
            self._lexicons.clear()
            record = orjson.loads(one.card) if one.card else None
            name, code = self.vocabulary.put(one.kind, one.slug, record)
            self.terms.put(name, code, self.vocabulary.get(name, code))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _few_or_many(changed: Iterable[Entry]) -> Iterator[tuple[bool, Entry]]:
    """Each entry, with whether it is one of many."""
    first: list[Entry] = []
    rest = iter(changed)
    for one in rest:
        first.append(one)
        if len(first) == MANY:
            break
    many = len(first) == MANY
    yield from ((many, one) for one in first)
    yield from ((many, one) for one in rest)
