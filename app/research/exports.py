"""The exports: what a search finds, now or at an older revision, as the documents and rows of a table."""

from collections.abc import Generator, Iterable, Iterator

import orjson

from app.catalog import as_of, entry
from app.database import Database
from app.research.tables import Row, Table
from app.search.index import Index
from app.search.query import SearchQuery
from app.search.results import all_hits
from app.search.vocabularies import VOCABULARIES, term_json

Documents = Generator[str, None, None]  # reads while it is open


def documents(
    database: Database, index: Index, table: Table, query: SearchQuery | None
) -> Documents:
    """What a table is made from, all of one revision: the full document of every record that the
    search finds, by slug; without a search, the terms of the table's vocabulary in natural order."""
    if query is None:
        return terms(index, table)
    collection = index.collections[query.kind]
    numbers = all_hits(query, index)
    slugs = None
    if len(numbers) < len(collection):
        slugs = frozenset(collection.slugs[number] for number in numbers)
    return _stream(database, query.kind, slugs, index.revision)


def all_documents(database: Database, index: Index, table: Table) -> Documents:
    """What a whole table is made from."""
    return terms(index, table) if table.kind is None else _stream(database, table.kind, None)


def documents_then(database: Database, kind: str, revision: int) -> Documents:
    """Every document of a kind that was public at a revision."""
    return _stream(database, kind, None, revision)


def rows(table: Table, documents: Iterable[str]) -> Iterator[Row]:
    """The rows that the documents give, each with the value of every column."""
    for document in documents:
        for row in table.rows(orjson.loads(document)):
            yield table.cells(row)


def _stream(
    database: Database, kind: str, slugs: frozenset[str] | None, revision: int | None = None
) -> Documents:
    """The documents of now, or of a revision: what is published after it is left out."""
    with database.reading_export() as session:
        if revision is None or revision == entry.newest_seq(session):
            yield from entry.stream_documents(session, kind, slugs)
        else:
            yield from as_of.documents(session, kind, revision, slugs)


def terms(index: Index, table: Table) -> Documents:
    """The terms of a table's vocabulary, in natural order."""
    (vocabulary,) = (each for each in VOCABULARIES if each.vocabulary == table.vocabulary)
    with index.reading():
        terms = index.vocabulary.terms(vocabulary.vocabulary)
        documents = [orjson.dumps(term_json(vocabulary, term, index)).decode() for term in terms]
    yield from documents
