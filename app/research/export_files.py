"""Exports as a command writes them: a table or everything, in chunks, with progress."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from app.database import Database
from app.research import exports, formats
from app.research.archives import ARCHIVES
from app.research.tables import TABLES, Table
from app.research.whole_directory import WholeDirectory, past_directory, whole_directory
from app.search.index import Index
from app.search.query import OF_THE_PRESENT, SearchQuery
from app.search.results import all_hits

EVERYTHING = "everything"
NAMES = (*TABLES, EVERYTHING)
BY_FORMAT = {archive.format: archive for archive in ARCHIVES}
FORMATS = tuple(dict.fromkeys((*formats.FORMATS, *BY_FORMAT)))
CHUNK = 256 * 1024  # bytes of a file

Advance = Callable[[], object]


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What to export: a name and a format that goes with it, and filters as they are typed."""

    name: str
    format: str
    pairs: Sequence[tuple[str, str]] = ()
    is_past: bool = False  # of the older revision that the index stands at


@dataclass(frozen=True, slots=True)
class PreparedExport:
    """An export that can be written. `chunks` calls what it is given for each document read."""

    documents: int | None  # how many it reads; None where that is not known
    chunks: Callable[[Advance], Iterator[bytes]]


def formats_of(name: str) -> tuple[str, ...]:
    """The formats that an export comes in."""
    return tuple(BY_FORMAT) if name == EVERYTHING else formats.formats_of(TABLES[name])


def takes_filters(name: str) -> bool:
    """Whether a search can select what an export holds."""
    return name != EVERYTHING and TABLES[name].kind is not None


def prepare(
    database: Database, index: Index, choice: ExportChoice, *, base_url: str
) -> PreparedExport:
    """The export. Raises Invalid with every fault of the filters."""
    if choice.name == EVERYTHING:
        return _whole(database, index, choice, base_url)
    table = TABLES[choice.name]
    query = _query(index, table.kind, choice) if table.kind else None

    def chunks(advance: Advance) -> Iterator[bytes]:
        documents = exports.documents(database, index, table, query)
        return formats.encoded(table, _counted(documents, advance), choice.format)

    return PreparedExport(len(all_hits(query, index)) if query else None, chunks)


def _query(index: Index, kind: str, choice: ExportChoice) -> SearchQuery:
    query = index.query(kind, choice.pairs, without=OF_THE_PRESENT)
    return replace(query, as_of=index.revision) if choice.is_past else query


def _whole(database: Database, index: Index, choice: ExportChoice, base_url: str) -> PreparedExport:
    archive = BY_FORMAT[choice.format]
    kinds = [table.kind for table in TABLES.values() if table.kind]
    read = set(kinds) if archive.reads_once else kinds

    def chunks(advance: Advance) -> Iterator[bytes]:
        directory = (
            past_directory(database, index)
            if choice.is_past
            else whole_directory(database, index, catch_up=index.catch_up)
        )
        with directory as whole:
            file = archive.write(_with_progress(whole, advance), base_url=base_url)
        with file:
            file.seek(0)
            while chunk := file.read(CHUNK):
                yield chunk

    return PreparedExport(sum(len(index.collections[kind]) for kind in read), chunks)


def _with_progress(whole: WholeDirectory, advance: Advance) -> WholeDirectory:
    def documents(table: Table) -> Iterable[str]:
        read = whole.documents(table)
        return _counted(read, advance) if table.kind else read

    return replace(whole, documents=documents)


def _counted(documents: Iterable[str], advance: Advance) -> Iterator[str]:
    for document in documents:
        yield document
        advance()
