"""The codebook: what every column of every table means, and how many rows have a value in it."""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.database import Database
from app.research import exports
from app.research.tables import TABLES, Table
from app.search.index import Index


@dataclass(slots=True)
class Filling:
    """How many rows a table has, and how many of them have a value in each column."""

    rows: int = 0
    filled: Counter[str] = field(default_factory=Counter)


class Fillings:
    """The filling of every table, by name, counted once for each revision."""

    def __init__(self, database: Database, index: Index) -> None:
        self._database, self._index = database, index
        self._counting = threading.Lock()
        self._revision: int | None = None
        self._fillings: dict[str, Filling] = {}

    def newest(self) -> dict[str, Filling]:
        """The fillings of now. After a change, reads every public document once for each table."""
        with self._counting:
            revision = self._index.revision
            if self._revision != revision:
                self._fillings = {
                    table.name: filling(
                        table, exports.all_documents(self._database, self._index, table)
                    )
                    for table in TABLES.values()
                }
                self._revision = revision
            return self._fillings


def filling(table: Table, documents: Iterable[str]) -> Filling:
    """The filling of a table that is made of these documents."""
    counted = Filling()
    for row in exports.rows(table, documents):
        counted.rows += 1
        counted.filled.update(name for name, value in row.items() if value not in (None, [], ""))
    return counted
