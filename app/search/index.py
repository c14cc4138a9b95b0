"""Index: the copy that answers. It follows the revision log and can be thrown away at any time; no truth lives in it."""

import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import orjson

from app.catalog import entry
from app.catalog.entry import Entry
from app.catalog.vocabulary import Vocabulary
from app.database import Database
from app.search.collection import Collection, Indexed
from app.search.filters import KINDS

MANY = 200  # from so many new entries on, sort orders are settled once at the end


class Index:
    """Everything that is public, in memory, as of one revision."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._mark: int | None = None
        self.revision = 0
        self.updated_at = datetime.fromtimestamp(0, UTC)
        self.vocabulary = Vocabulary()
        self.collections = {kind: Collection() for kind in KINDS}

    def catch_up(self) -> None:
        """Apply what was published since this copy's revision; one statement if anything was committed, none if not."""
        mark = self._database.mark()
        if mark == self._mark:
            return
        with self._lock:
            with self._database.reading() as session:
                self._apply(entry.since(session, self.revision))
            self._mark = mark

    def place_of(self, name: str) -> tuple[float, float] | None:
        """Position of a district by slug or LEAID, where known."""
        found = self.district(name)
        return next(iter(found.entry.places), None) if found else None

    def district(self, name: str) -> Indexed | None:
        """A district by slug or LEAID."""
        districts = self.collections["district"]
        slug = districts.other_ids.get(name, name)
        return districts.indexed(districts.numbers[slug]) if slug in districts.numbers else None

    def _apply(self, changed: Iterable[Entry]) -> None:
        for many, found in _few_or_many(changed):
            if found.kind in self.collections:
                self.collections[found.kind].put(found, many=many)
            else:
                self.vocabulary.put(found.kind, found.slug, orjson.loads(found.card) if found.card else None)
            self.revision = found.seq
            self.updated_at = max(self.updated_at, found.updated_at)


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
