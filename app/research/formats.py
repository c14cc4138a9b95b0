"""A table as CSV, NDJSON, JSON, GeoJSON or Parquet, in chunks and constant memory."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from app.catalog.provenance import LICENSE
from app.records.csv_cells import as_text
from app.research import exports, parquet
from app.research.columns import Column
from app.research.tables import Table

CHUNK = 256 * 1024  # characters; memory for more is taken from the system each time, page by page
MEDIA_TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
}
NAMES = {
    "csv": "CSV",
    "ndjson": "NDJSON",
    "json": "JSON",
    "geojson": "GeoJSON",
    "parquet": "Parquet",
}
FORMATS = tuple(MEDIA_TYPES)
STANDARDS = {  # name and address of the specification that a format follows
    "csv": ("RFC 4180", "https://www.rfc-editor.org/rfc/rfc4180"),
    "geojson": ("RFC 7946", "https://www.rfc-editor.org/rfc/rfc7946"),
}
BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets read UTF-8 as another encoding


def formats_of(table: Table) -> tuple[str, ...]:
    """The formats that a table comes in: records have places, so they come as GeoJSON too."""
    return FORMATS if table.is_of_records else tuple(name for name in FORMATS if name != "geojson")


def encoded(table: Table, documents: Iterable[str], format_: str) -> Iterator[bytes]:
    """The table of these documents in one of its formats."""
    if format_ == "csv":
        return _csv(table, documents)
    if format_ == "parquet":
        return parquet.encoded(table, documents)
    if format_ == "geojson":
        return _chunks(_collection(_features(table, documents)))
    texts = documents if table.is_of_records else _row_texts(table, documents)
    return _chunks(texts, end="\n") if format_ == "ndjson" else _chunks(_array(texts))


def _csv(table: Table, documents: Iterable[str]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8 with a byte order mark.

    What a spreadsheet program would take for a formula has an apostrophe in front.
    """

    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        buffer.write(BYTE_ORDER_MARK)
        writer = csv.writer(buffer)
        writer.writerow([column.name for column in table.columns])
        for row in exports.rows(table, documents):
            writer.writerow([_cell(column, row[column.name]) for column in table.columns])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()

    return _chunks(lines())


def _cell(column: Column, value: Any) -> Any:
    if isinstance(value, list):
        value = column.separator.join(map(str, value))
    if isinstance(value, str):
        return as_text(value)
    return "" if value is None else value


def _row_texts(table: Table, documents: Iterable[str]) -> Iterator[str]:
    for row in exports.rows(table, documents):
        yield orjson.dumps(row).decode()


def _features(table: Table, documents: Iterable[str]) -> Iterator[str]:
    """A feature (RFC 7946) for each record: a point for each position known, and its columns."""
    for text in documents:
        document = orjson.loads(text)
        positions = _positions(document)
        geometry = None
        if len(positions) == 1:
            geometry = {"type": "Point", "coordinates": positions[0]}
        elif positions:
            geometry = {"type": "MultiPoint", "coordinates": positions}
        feature = {
            "type": "Feature",
            "id": document["slug"],
            "geometry": geometry,
            "properties": table.cells(document),
        }
        yield orjson.dumps(feature).decode()


def _positions(document: dict[str, Any]) -> list[list[float]]:
    """Longitude and latitude of a district, or of each district of a case study."""
    places = (part.get("place") for part in [document, *document.get("districts", ())])
    return [[place["longitude"], place["latitude"]] for place in places if place]


def _array(texts: Iterable[str]) -> Iterator[str]:
    yield "["
    for position, text in enumerate(texts):
        yield ",\n" if position else "\n"
        yield text
    yield "\n]\n"


def _collection(features: Iterable[str]) -> Iterator[str]:
    yield f'{{"type":"FeatureCollection","license":"{LICENSE["url"]}","features":'
    yield from _array(features)
    yield "}\n"


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
