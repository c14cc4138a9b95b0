"""How migrations run: all of them in one transaction, so that a failing one leaves nothing behind on either database.

A program passes its connection in `config.attributes["connection"]`; the `alembic` command uses DATABASE_URL.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Literal

from alembic import context
from sqlalchemy import Connection, TypeDecorator, text

import app.records.tables  # first: it names the constraints of every table made after it
from app.catalog import entry_tables as _entry_tables  # noqa: F401
from app.database import Database
from app.desk.access import idempotency as _idempotency  # noqa: F401
from app.desk.access import keys as _access  # noqa: F401
from app.desk.feedback import suggestions as _suggestions  # noqa: F401
from app.desk.imports import plans as _plans  # noqa: F401
from app.records import seed_loads as _seed_loads  # noqa: F401
from app.records import source_checks as _source_checks  # noqa: F401
from app.research import snapshot_store as _snapshot_store  # noqa: F401
from app.search import gaps as _search_gaps  # noqa: F401
from app.settings import Settings


def migrate(connection: Connection) -> None:
    """Run what was asked for on this connection, which is not in a transaction yet."""
    sqlite = connection.dialect.name == "sqlite"
    with _foreign_keys_off(connection) if sqlite else connection.begin():
        if not sqlite:
            connection.execute(
                text("SET LOCAL lock_timeout = '5s'")
            )  # rather fail than hold up every reader behind us
        context.configure(
            connection=connection,
            target_metadata=app.records.tables.metadata,
            compare_type=True,
            render_as_batch=sqlite,
            render_item=_plain_type,
        )
        context.run_migrations()


def _plain_type(_kind: str, item: object, _context: object) -> str | Literal[False]:
    """Autogenerate writes what is in the database, not the Python type around it."""
    return f"sa.{item.impl!r}" if isinstance(item, TypeDecorator) else False


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    """A transaction in which a table can be made anew without its rows' children being deleted with the old one.

    The order is SQLite's own (sqlite.org/lang_altertable.html, section 7); the pragma does nothing inside a transaction.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            yield
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                raise RuntimeError(f"rows that refer to nothing: {broken[:10]}")
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


if (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    with (
        closing(Database(Settings().database_url)) as database,
        database.writer_connection() as own,
    ):
        migrate(own)
