"""Everything that is public, all of one revision, as the documents that tables are made from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.catalog import as_of, entry
from app.database import Database
from app.errors import Busy
from app.research import exports
from app.research.tables import TABLES, Table
from app.search.index import Index

TRIES = 5  # one fails when something is published in the milliseconds between two looks


@dataclass(frozen=True, slots=True)
class WholeDirectory:
    """The directory at one revision. `documents` gives those of a table, as often as it is asked."""

    revision: int
    updated_at: datetime
    documents: Callable[[Table], Iterable[str]]


@contextmanager
def whole_directory(
    database: Database, index: Index, *, catch_up: Callable[[], object]
) -> Iterator[WholeDirectory]:
    """The directory of now, which does not change during the block.

    `catch_up` brings the index to what has been committed. Raises Busy if too much is published
    meanwhile.
    """
    for _ in range(TRIES):
        with database.reading_export() as session:
            newest = entry.newest_seq(session)
            catch_up()
            if not _stands_at(index, newest):
                continue
            terms = _terms(index)
            updated_at = index.updated_at
            if not _stands_at(index, newest):
                continue
            read = partial(entry.stream_documents, session)
            yield WholeDirectory(newest, updated_at, partial(_documents, read, terms))
            return
    raise Busy("Too much is being published. Try again in 2 seconds.", retry_after=2)


@contextmanager
def past_directory(database: Database, index: Index) -> Iterator[WholeDirectory]:
    """The directory at the older revision that an index stands at."""

    def read(kind: str) -> Iterable[str]:
        return as_of.documents(session, kind, index.revision)

    with database.reading_export() as session:
        read_tables = partial(_documents, read, _terms(index))
        yield WholeDirectory(index.revision, index.updated_at, read_tables)


def _stands_at(index: Index, revision: int) -> bool:
    with index.reading():
        return index.settled and index.revision == revision


def _terms(index: Index) -> dict[str, list[str]]:
    """The terms of each table of a vocabulary."""
    return {
        table.name: list(exports.terms(index, table))
        for table in TABLES.values()
        if table.kind is None
    }


def _documents(
    read: Callable[[str], Iterable[str]], terms: Mapping[str, list[str]], table: Table
) -> Iterable[str]:
    return terms[table.name] if table.kind is None else read(table.kind)
