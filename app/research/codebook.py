"""The codebook: what every column of every table means, and how many rows have a value in it."""

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


def fillings(database: Database, index: Index) -> dict[str, Filling]:
    """The filling of every table, by name. Reads every public document once for each table."""
    return {
        table.name: filling(table, exports.all_documents(database, index, table))
        for table in TABLES.values()
    }


def filling(table: Table, documents: Iterable[str]) -> Filling:
    """The filling of a table that is made of these documents."""
    counted = Filling()
    for row in exports.rows(table, documents):
        counted.rows += 1
        counted.filled.update(name for name, value in row.items() if value not in (None, [], ""))
    return counted
