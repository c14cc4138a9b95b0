"""The whole directory as one SQLite file: every table with keys, a codebook, license and revision."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from app.catalog.citation import PUBLISHER, Citation
from app.catalog.provenance import LICENSE
from app.engines import tables_file
from app.engines.tables_file import Rows
from app.research import package
from app.research.columns import Column
from app.research.tables import TABLES, Table
from app.research.whole_directory import WholeDirectory

ROWS_AT_ONCE = 2000
TYPES = {"integer": "INTEGER", "number": "REAL", "boolean": "INTEGER"}  # all others are TEXT
ABOUT = """CREATE TABLE about ( -- What this file holds, its license, and how to cite it.
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
)"""
CODEBOOK = """CREATE TABLE codebook ( -- What each column of each table means.
  table_name TEXT NOT NULL,
  number INTEGER NOT NULL, -- Place of the column in its table, from 1.
  column_name TEXT NOT NULL,
  type TEXT NOT NULL, -- string, integer, number, boolean or datetime.
  is_list INTEGER NOT NULL, -- 1 where a cell holds a JSON array.
  unit TEXT,
  vocabulary TEXT, -- Vocabulary that the values are terms of.
  description TEXT NOT NULL,
  PRIMARY KEY (table_name, column_name)
)"""


def write(whole: WholeDirectory, *, base_url: str) -> IO[bytes]:
    """The file, which is gone when the caller closes it. Lists of values are JSON arrays."""
    file = tempfile.NamedTemporaryFile(suffix=".sqlite")  # noqa: SIM115 (the caller closes it)
    try:
        schema = [*(_table_sql(table) for table in TABLES.values()), ABOUT, CODEBOOK]
        tables_file.write(Path(file.name), schema, _all_rows(whole, base_url=base_url))
    except BaseException:
        file.close()
        raise
    return file


def name_of(table: str) -> str:
    """The name of a table in the file, which needs no quotes in SQL."""
    return table.replace("-", "_")


def _table_sql(table: Table) -> str:
    keys = [f"  PRIMARY KEY ({_names(table.key)})"]
    keys += [
        f"  FOREIGN KEY ({_names(reference.columns)}) REFERENCES "
        f"{name_of(reference.table)} ({_names(reference.referred)})"
        for reference in table.references
    ]
    columns = "\n".join(_column_sql(table, column) for column in table.columns)
    constraints = ",\n".join(keys)
    return f"CREATE TABLE {name_of(table.name)} ( -- All {table.rows_are}.\n{columns}\n{constraints}\n)"


def _column_sql(table: Table, column: Column) -> str:
    type_ = "TEXT" if column.is_list else TYPES.get(column.type, "TEXT")
    not_null = " NOT NULL" if column.name in table.key else ""
    unit = f"In {column.unit}." if column.unit else ""
    notes = [column.description, unit, "A JSON array." if column.is_list else ""]
    note = " ".join(" ".join(notes).split())
    return f'  "{column.name}" {type_}{not_null}, -- {note}'


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _all_rows(whole: WholeDirectory, *, base_url: str) -> Iterator[Rows]:
    yield "about", list(_about(whole, base_url=base_url).items())
    yield "codebook", list(_codebook())
    by_kind: dict[str, list[Table]] = {}
    for table in TABLES.values():
        by_kind.setdefault(table.kind or table.name, []).append(table)
    for tables in by_kind.values():
        yield from _rows_of(tables, whole)


def _rows_of(tables: list[Table], whole: WholeDirectory) -> Iterator[Rows]:
    """The rows of tables that are made from the same documents, which are read once."""
    waiting: dict[str, list[tuple[Any, ...]]] = {table.name: [] for table in tables}
    for text in whole.documents(tables[0]):
        document = orjson.loads(text)
        for table in tables:
            rows = waiting[table.name]
            rows += [tuple(map(_cell, table.cells(row).values())) for row in table.rows(document)]
            if len(rows) >= ROWS_AT_ONCE:
                yield name_of(table.name), rows
                waiting[table.name] = []
    for name, rows in waiting.items():
        yield name_of(name), rows


def _cell(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, list) else value


def _about(whole: WholeDirectory, *, base_url: str) -> dict[str, str]:
    address = f"{base_url}/v1/exports/{package.NAME}.sqlite"
    citation = Citation(
        "the whole directory", address, whole.revision, whole.updated_at, takes_as_of=True
    )
    return {
        "title": PUBLISHER,
        "revision": str(whole.revision),
        "updated_at": whole.updated_at.isoformat(),
        "license": LICENSE["name"],
        "license_url": LICENSE["url"],
        "cite": citation.text(),
        "homepage": base_url,
    }


def _codebook() -> Iterator[tuple[Any, ...]]:
    for table in TABLES.values():
        for number, column in enumerate(table.columns, start=1):
            yield (
                name_of(table.name),
                number,
                column.name,
                column.type,
                column.is_list,
                column.unit,
                column.vocabulary,
                column.description,
            )
