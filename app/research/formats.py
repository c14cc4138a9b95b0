"""Documents as CSV, NDJSON or JSON, in chunks and constant memory."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

CHUNK = 256 * 1024  # characters; memory for more is taken from the system each time, page by page
FORMATS = ("csv", "ndjson", "json")
BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets read UTF-8 as another encoding
Column = tuple[str, Callable[[dict[str, Any]], Any]]  # name, and its value from a document


def encoded(documents: Iterable[str], columns: list[Column], format_: str) -> Iterator[bytes]:
    """The documents in one of the three formats: csv, ndjson or json."""
    if format_ == "csv":
        return csv_rows(documents, columns)
    return ndjson(documents) if format_ == "ndjson" else json_array(documents)


def ndjson(documents: Iterable[str]) -> Iterator[bytes]:
    """One document per line."""
    return _chunks(documents, end="\n")


def json_array(documents: Iterable[str]) -> Iterator[bytes]:
    """One array of all documents."""

    def parts() -> Iterator[str]:
        yield "["
        for position, document in enumerate(documents):
            yield ",\n" if position else "\n"
            yield document
        yield "\n]\n"

    return _chunks(parts())


def csv_rows(documents: Iterable[str], columns: list[Column]) -> Iterator[bytes]:
    """One row per document (RFC 4180, UTF-8 with a byte order mark), lists joined by `; `."""

    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        buffer.write(BYTE_ORDER_MARK)
        writer = csv.writer(buffer)
        writer.writerow([name for name, _ in columns])
        for text in documents:
            document = orjson.loads(text)
            writer.writerow([_cell(value(document)) for _, value in columns])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()

    return _chunks(lines())


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else value


def _chunks(texts: Iterable[str], *, end: str = "") -> Iterator[bytes]:
    """Texts joined and encoded many at a time, each with its end: singly takes a third longer."""
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= CHUNK:
            yield end.join([*batch, ""]).encode()
            batch, size = [], 0
    if batch:
        yield end.join([*batch, ""]).encode()
