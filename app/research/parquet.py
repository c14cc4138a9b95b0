"""A table as Parquet, typed, a group of rows at a time. Needs pyarrow, which an operator installs."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from app.catalog.citation import PUBLISHER
from app.catalog.provenance import LICENSE
from app.research import exports
from app.research.columns import Column
from app.research.tables import Row, Table

try:
    import pyarrow
    from pyarrow import parquet as pyarrow_parquet
except ImportError:  # the service runs without it
    pyarrow = pyarrow_parquet = None

ROWS_IN_GROUP = 2_000  # 5,000 case studies would take 70 MB more, for a file 1 % smaller


def is_available() -> bool:
    """Whether pyarrow is installed."""
    return pyarrow is not None


def encoded(table: Table, documents: Iterable[str]) -> Iterator[bytes]:
    """The table of these documents as one Parquet file, in chunks."""
    about = {"title": f"{PUBLISHER}: {table.name}", "license": LICENSE["url"]}
    schema = pyarrow.schema([_field(column) for column in table.columns], metadata=about)
    sink = _Sink()
    rows = exports.rows(table, documents)
    with pyarrow_parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        while group := list(islice(rows, ROWS_IN_GROUP)):
            writer.write_table(pyarrow.Table.from_pylist(_typed(table, group), schema=schema))
            yield sink.take()
    yield sink.take()


class _Sink:
    """A file that is only written to, and handed on as it grows."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def _field(column: Column) -> Any:
    types = {
        "string": pyarrow.string(),
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "boolean": pyarrow.bool_(),
        "datetime": pyarrow.timestamp("us", tz="UTC"),
    }
    type_ = types[column.type]
    notes = {"description": column.description} | ({"unit": column.unit} if column.unit else {})
    return pyarrow.field(
        column.name, pyarrow.list_(type_) if column.is_list else type_, metadata=notes
    )


def _typed(table: Table, rows: Iterable[Row]) -> list[Row]:
    """The rows with times as times; JSON has them as text."""
    times = [column.name for column in table.columns if column.type == "datetime"]
    return [row | {name: _time(row[name]) for name in times} for row in rows]


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
