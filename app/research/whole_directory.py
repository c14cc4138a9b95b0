"""Everything that is public, all of one revision, as the documents that tables are made from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlmodel import Session

from app.catalog import entry
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
            terms = {
                table.name: list(exports.all_documents(database, index, table))
                for table in TABLES.values()
                if table.kind is None
            }
            updated_at = index.updated_at
            if not _stands_at(index, newest):
                continue
            yield WholeDirectory(newest, updated_at, partial(_documents, session, terms))
            return
    raise Busy("Too much is being published. Try again in 2 seconds.", retry_after=2)


def _stands_at(index: Index, revision: int) -> bool:
    with index.reading():
        return index.settled and index.revision == revision


def _documents(session: Session, terms: Mapping[str, list[str]], table: Table) -> Iterable[str]:
    if table.kind is None:
        return terms[table.name]
    return entry.stream_documents(session, table.kind)
