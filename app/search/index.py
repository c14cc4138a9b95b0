"""Index: the copy of the catalog that answers searches.

It follows the revision log and can be deleted at any time: it is made anew from the entries. What
waits for the database happens in a thread; a request waits for that at most two seconds.
"""

import asyncio
import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path

import orjson

from app import memory
from app.catalog import entry
from app.catalog.entry import Entry
from app.catalog.vocabulary import Vocabulary
from app.database import Database
from app.errors import Unavailable
from app.records import revisions
from app.records.kinds import KINDS, SEARCHABLE
from app.search import index_file, parser
from app.search.collection import Collection
from app.search.follower import Follower, Taker
from app.search.gate import Gate
from app.search.query import SearchQuery
from app.search.shapes import FIELDS, PARTS
from app.search.term_names import TermNames
from app.search.understanding.gazetteer import NamedPlace
from app.search.understanding.lexicon import Language, Lexicon, shipped_language
from app.search.understanding.places import state_code
from app.search.understanding.synonyms import Synonyms
from app.search.walks import Walks

WORTH_A_FILE = 5000  # entries; fewer are indexed anew in a second or two
LANGUAGE = Path(__file__).parent.parent.parent / "seed" / "language"
BATCH = 2000  # entries that are analyzed together; 4000 save 8 % of the time, and take 100 MB more
MOST_UNUSED = 5000  # numbers of a small directory; 500 bytes stay of each
MANY = 200  # from so many new entries on, sort orders are settled once at the end
log = logging.getLogger("model_districts.index")


class Index:
    """Everything that is public, in memory, as of one revision."""

    def __init__(
        self, database: Database, *, index_dir: Path | None = None, language: Language | None = None
    ) -> None:
        self._database = database
        self._file = index_dir and index_dir / f"{_digest(str(database.url))}.index"
        self._catching_up = threading.Lock()
        self._gate = Gate()
        self._follower = Follower(self.catch_up, self)
        self._follows = False  # whether requests read it: then it changes on the event loop alone
        self._mark: int | None = None
        self._looked = False  # whether this turn of the event loop has looked, and all was there
        self.settled = True  # whether it is the state of one revision, not on the way to the next
        self.generation = 0  # moves when anything was committed, drafts too
        self.revision = 0
        self.updated_at = datetime.fromtimestamp(0, UTC)
        self.vocabulary = Vocabulary()
        self.collections = {kind: Collection() for kind in SEARCHABLE}
        self.terms = TermNames()
        self.walks = Walks()
        self.language = language or shipped_language(LANGUAGE)
        self._synonyms: Synonyms | None = None  # until the vocabulary changes
        self._lexicons: dict[str, Lexicon] = {}  # until their collection or the vocabulary changes

    def lexicon(self, kind: str) -> Lexicon:
        """What the words of a question are looked up in, as of now."""
        lexicon = self._lexicons.get(kind)
        if lexicon is None:
            if self._synonyms is None:
                self._synonyms = Synonyms(self.vocabulary)
            lexicon = Lexicon(
                self.collections[kind], self._synonyms, self.vocabulary, self.language
            )
            self._lexicons[kind] = lexicon
        return lexicon

    def open(self) -> None:
        """Read the index file if there is a good one, catch up, and write one if that took long."""
        if self._file is not None:
            index_file.sweep(self._file)
            self._read_file(self._file)
        before, from_file = self.revision, self.collections
        self.catch_up()
        entries = sum(map(len, self.collections.values()))
        is_old = self.revision - before > entries // 20 or self.collections is not from_file
        if self._file is not None and entries >= WORTH_A_FILE and is_old:
            with self._database.reading_for_index() as session:
                signature = revisions.signature(session, self.revision)
            about = {
                "revision": self.revision,
                "updated_at": self.updated_at.isoformat(),
                "log": signature,
            }
            try:
                index_file.write(self._file, self.collections, about)
            except OSError as error:  # it only saves the next start some time
                log.warning("The index file %s could not be written: %s", self._file, error)

    def stand_at(self, entries: Iterable[Entry], *, revision: int, updated_at: datetime) -> None:
        """Hold what was public at a revision, and follow nothing. Takes a while: call it in a thread."""
        self._follower.close()
        del self._follower  # its reference back would hold the memory until a garbage collection
        self._take_all(entries, many=True)
        for collection in self.collections.values():
            collection.called.settle()
        self.revision, self.updated_at = revision, updated_at

    def delete_file(self) -> None:
        """Delete the index file, so that the next start builds the index anew."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _read_file(self, path: Path) -> None:
        fresh = {kind: Collection() for kind in SEARCHABLE}
        if (about := index_file.read(path, fresh)) is None:
            return
        with self._database.reading_for_index() as session:
            if (
                about["log"] is None
                or revisions.signature(session, about["revision"]) != about["log"]
            ):
                return
            self._take_all(entry.of_other_kinds(session, SEARCHABLE), many=True)
        self.collections = fresh
        self._lexicons.clear()
        self.revision, self.updated_at = (
            about["revision"],
            datetime.fromisoformat(about["updated_at"]),
        )

    def look(self) -> bool:
        """Whether everything is here that was committed before this turn of the event loop."""
        if not self._looked:
            if self._database.mark() != self._mark:
                return False
            self._looked = True
            asyncio.get_running_loop().call_soon(self._end_turn)
        return True

    async def follow(self) -> None:
        """Catch up with what was committed before, and wait for it at most two seconds."""
        self._follows = True
        if not self.look():
            await self._follower.follow(self._database.mark())

    async def follow_or_refuse(self) -> None:
        """Catch up. Raises Unavailable if it does not hold all that was committed before."""
        await self.follow()
        if not self.settled or self._follower.failure is not None:
            raise Unavailable("it is behind the log, and catches up as soon as it can")

    def reading(self) -> AbstractContextManager[None]:
        """The block of a thread in which nothing changes. What runs on the event loop needs none."""
        return self._gate.reading()

    def catch_up(self, taker: Taker | None = None) -> None:
        """Apply what was published since this revision. No statement if nothing was committed.

        `taker` hands entries to the event loop; without one they are taken in here, where nobody
        else uses the index. Raises Refusal if the database cannot be read; then what was applied
        stays and is applied again the next time.
        """
        if taker is None and self._follows:
            raise RuntimeError("requests read this index: await follow() instead")
        with self._catching_up:
            mark = self._database.mark()
            if mark == self._mark:
                return
            with self._database.reading_for_index() as session:
                self._apply(entry.since(session, self.revision), mark, taker)
                if any(map(_has_many_unused_numbers, self.collections.values())):
                    self._renumber(entry.since(session, 0), taker)

    def try_to_take(self, changed: Entry, *, many: bool) -> bool:
        """Take an entry in on the event loop; False while a thread reads."""

        def take() -> None:
            self.settled = False
            self._take([changed], many=many)

        return self.try_to_change(take)

    def try_to_change(self, change: Callable[[], None]) -> bool:
        """Make a change on the event loop; False while a thread reads."""
        if not self._gate.enter():
            return False
        try:
            change()
        finally:
            self._gate.leave()
        return True

    def give_up(self) -> None:
        """Let threads read again."""
        self._gate.leave()

    def close(self) -> None:
        """End the thread that follows."""
        self._follower.close()

    def _end_turn(self) -> None:
        self._looked = False

    def query(
        self,
        kind: str,
        pairs: Iterable[tuple[str, str]],
        *,
        without: Sequence[str] = (),
        takes_as_of: bool = False,
    ) -> SearchQuery:
        """The search that these parameters ask for. Raises Invalid with every fault.

        `without`: parameters that the address does not take. `takes_as_of`: whether the index
        was chosen by the `as_of` of these parameters; otherwise they must not have it.
        """
        if not takes_as_of:
            without = (*without, "as_of")
        return parser.parse(
            kind,
            f"/v1/{KINDS[kind].path}",
            pairs,
            vocabulary=self.vocabulary,
            places=self.place_of,
            fields=FIELDS[kind],
            revision=self.revision,
            parts=PARTS[kind],
            without=without,
        )

    def place_of(self, name: str) -> NamedPlace | None:
        """A district by slug or LEAID, a ZIP code or a town, where its position is known."""
        districts = self.collections["district"]
        number = districts.number(name)
        if number is not None:
            point = next(iter(districts.places.of(number)), None)
            return NamedPlace(name, point) if point else None
        names = self.lexicon("district").place_names
        return self.language.gazetteer.find(name, partial(state_code, names=names))

    def _apply(self, changed: Iterable[Entry], mark: int, taker: Taker | None) -> None:
        revision, updated_at = self.revision, self.updated_at

        def noted() -> Iterator[Entry]:
            nonlocal revision, updated_at
            for each in changed:
                revision, updated_at = each.seq, max(updated_at, each.updated_at)
                yield each

        def finish() -> None:
            for collection in self.collections.values():
                collection.called.settle()
            self.revision, self.updated_at, self._mark = revision, updated_at, mark
            self.generation += 1
            self.settled = True

        many, entries = _few_or_many(noted())
        if taker is None:
            self._take_all(entries, many=many)
            finish()
            return
        # Between two entries others search; in a large directory they would sort it each time.
        is_small = sum(map(len, self.collections.values())) < MANY
        taker.take(entries, many=many and is_small)
        taker.run(finish)

    def _renumber(self, every_entry: Iterable[Entry], taker: Taker | None) -> None:
        """Give every entry a new number: something small stays of each number that is no longer used."""
        old, fresh = self.collections, {kind: Collection() for kind in SEARCHABLE}
        for batch in _batches(every_entry):
            _put(fresh, batch, many=True)
        for collection in fresh.values():
            collection.called.settle()

        def exchange() -> None:
            self.collections, self.walks = fresh, Walks()
            self._lexicons.clear()

        if taker is None:
            exchange()
        else:
            taker.run(exchange)
        del old  # in this thread, so that the event loop does not take it apart
        memory.give_back()

    def _take_all(self, changed: Iterable[Entry], *, many: bool) -> None:
        for batch in _batches(changed):
            self._take(batch, many=many)

    def _take(self, changed: Sequence[Entry], *, many: bool) -> None:
        _put(self.collections, changed, many=many)
        for term in changed:
            self._lexicons.pop(term.kind, None)
            if term.kind not in self.collections:
                self._take_term(term)

    def _take_term(self, term: Entry) -> None:
        self._synonyms = None
        self._lexicons.clear()
        record = orjson.loads(term.card) if term.card else None
        name, code = self.vocabulary.put(term.kind, term.slug, record)
        self.terms.put(name, code, self.vocabulary.get(name, code))


def _has_many_unused_numbers(collection: Collection) -> bool:
    unused = len(collection.every_slug) - len(collection)
    return unused > max(MOST_UNUSED, 2 * len(collection))


def _put(collections: Mapping[str, Collection], changed: Sequence[Entry], *, many: bool) -> None:
    """Put each entry into the collection of its kind."""
    for kind, collection in collections.items():
        if entries := [each for each in changed if each.kind == kind]:
            collection.put(*entries, many=many)


def _batches(changed: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries, BATCH at a time."""
    entries = iter(changed)
    while batch := list(islice(entries, BATCH)):
        yield batch


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _few_or_many(changed: Iterator[Entry]) -> tuple[bool, Iterator[Entry]]:
    """Whether there are many entries, and each of them."""
    first = list(islice(changed, MANY))
    return len(first) == MANY, chain(first, changed)
