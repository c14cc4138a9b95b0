"""Documents to CSV, NDJSON or JSON, as a stream in constant memory."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

CHUNK = 256 * 1024  # characters; memory for more is taken from the system each time, page by page
FORMATS = ("csv", "ndjson", "json")
Column = tuple[str, Callable[[dict[str, Any]], Any]]  # name, and its value from a document


def encoded(documents: Iterable[str], columns: list[Column], format_: str) -> Iterator[bytes]:
    """The documents in one of the three formats: csv, ndjson or json."""
    return (
        csv_rows(documents, columns)
        if format_ == "csv"
        else {"ndjson": ndjson, "json": json_array}[format_](documents)
    )


def ndjson(documents: Iterable[str]) -> Iterator[bytes]:
    """One document on a line."""
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
    """One row for each document (RFC 4180, UTF-8), lists joined by `; `."""

    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow([name for name, _ in columns])
        for document in documents:
            found = orjson.loads(document)
            writer.writerow([_cell(value(found)) for _, value in columns])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()

    return _chunks(lines())


def _cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else value


def _chunks(texts: Iterable[str], *, end: str = "") -> Iterator[bytes]:
    """Joined and encoded many at a time, each with its end: one by one takes a third longer."""
    found: list[str] = []
    size = 0
    for text in texts:
        found.append(text)
        size += len(text)
        if size >= CHUNK:
            yield end.join([*found, ""]).encode()
            found, size = [], 0
    if found:
        yield end.join([*found, ""]).encode()
