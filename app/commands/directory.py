"""The directory that a command works on: its database and its index."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url

from app.catalog import as_of
from app.database import Database
from app.search.index import Index
from app.search.past_indexes import standing_at
from app.settings import Settings


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database, closed after the block."""
    database = Database(settings.database_url, settings.read_database_url)
    try:
        yield database
    finally:
        database.close()


def index_of(database: Database, moment: str | None) -> Index:
    """The index of now, or of an older revision or time."""
    if moment is not None:
        read_moment = as_of.PARAMETER.parse(moment)
        with database.reading() as session:
            state = as_of.resolve(session, read_moment)
        return standing_at(database, state)
    index = Index(database)
    index.catch_up()
    return index


def shown(settings: Settings) -> str:
    """The URL of the database, without its password."""
    return make_url(settings.database_url).render_as_string(hide_password=True)
