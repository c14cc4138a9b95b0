"""The whole directory as one ZIP file: every table as CSV or as Parquet, with datapackage.json.

With CSV it is a Frictionless Data Package: https://specs.frictionlessdata.io/data-package/ (version 1)
"""

import tempfile
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import IO, Any

import orjson

from app.catalog.citation import PUBLISHER
from app.catalog.provenance import LICENSE
from app.research import formats
from app.research.columns import Column
from app.research.dataset import DESCRIPTION, KEYWORDS
from app.research.tables import TABLES, Table
from app.research.whole_directory import WholeDirectory

NAME = "model-districts"
IN_MEMORY = 8 * 1024 * 1024  # bytes; a larger package waits on disk
LEVEL = 6  # of compression
# Parquet is compressed in itself.
METHODS = {"csv": zipfile.ZIP_DEFLATED, "parquet": zipfile.ZIP_STORED}


def write(whole: WholeDirectory, *, base_url: str, format_: str = "csv") -> IO[bytes]:
    """The package as a temporary file, which the caller rewinds and closes."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the caller closes it)
    stamp = whole.updated_at.timetuple()[:6]
    about = descriptor(whole.revision, whole.updated_at, base_url=base_url, format_=format_)
    with zipfile.ZipFile(file, "w", METHODS[format_], compresslevel=LEVEL) as package:
        text = orjson.dumps(about, option=orjson.OPT_INDENT_2)
        _add(package, "datapackage.json", stamp, [text])
        for table in TABLES.values():
            chunks = formats.encoded(table, whole.documents(table), format_)
            _add(package, f"{table.name}.{format_}", stamp, chunks)
    return file


def descriptor(
    revision: int, updated_at: datetime, *, base_url: str, format_: str = "csv"
) -> dict[str, Any]:
    """What datapackage.json says."""
    return {
        "profile": "data-package",
        "name": NAME,
        "title": PUBLISHER,
        "description": DESCRIPTION,
        "keywords": KEYWORDS,
        "homepage": base_url,
        "version": str(revision),
        "created": updated_at.isoformat(),
        "licenses": [{"name": "CC-BY-4.0", "title": LICENSE["name"], "path": LICENSE["url"]}],
        "resources": [_resource(table, format_) for table in TABLES.values()],
    }


def _resource(table: Table, format_: str) -> dict[str, Any]:
    encoding = {"encoding": "utf-8-sig"} if format_ == "csv" else {}
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": f"{table.name}.{format_}",
        "description": f"All {table.rows_are}.",
        "format": format_,
        "mediatype": formats.MEDIA_TYPES[format_],
        **encoding,
        "schema": {
            "fields": [_field(table, column, format_) for column in table.columns],
            "primaryKey": list(table.key),
            "foreignKeys": [
                {
                    "fields": list(reference.columns),
                    "reference": {
                        "resource": reference.table,
                        "fields": list(reference.referred),
                    },
                }
                for reference in table.references
            ],
        },
    }


def _field(table: Table, column: Column, format_: str) -> dict[str, Any]:
    type_ = column.type
    if column.is_list:
        type_ = "string" if format_ == "csv" else "array"
    entry: dict[str, Any] = {"name": column.name, "type": type_, "description": column.description}
    if type_ == "datetime":
        entry["format"] = "any"
    if column.unit:
        entry["unit"] = column.unit
    if column.vocabulary:
        entry["vocabulary"] = column.vocabulary
    if column.is_list and format_ == "csv":
        entry["separator"] = column.separator
    if column.name in table.key:
        entry["constraints"] = {"required": True}
    return entry


def _add(package: zipfile.ZipFile, name: str, stamp: Any, chunks: Iterable[bytes]) -> None:
    entry = zipfile.ZipInfo(name, date_time=stamp)
    entry.compress_type = package.compression
    with package.open(entry, "w", force_zip64=True) as file:
        for chunk in chunks:
            file.write(chunk)
