"""The whole directory as one file: a Frictionless Data Package with every table as CSV.

https://specs.frictionlessdata.io/data-package/ (version 1)
"""

import tempfile
import zipfile
from datetime import datetime
from typing import IO, Any

import orjson

from app.catalog.provenance import LICENSE
from app.database import Database
from app.research import exports, formats
from app.research.columns import Column
from app.research.tables import TABLES, Table
from app.search.index import Index

NAME = "model-districts"
IN_MEMORY = 8 * 1024 * 1024  # bytes; a larger package waits on disk
LEVEL = 6  # of compression


def write(
    database: Database, index: Index, *, base_url: str, revision: int | None = None
) -> IO[bytes]:
    """The package as a temporary file, which the caller rewinds and closes.

    `revision`: an older one, which the index stands at.
    """
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the caller closes it)
    stamp = index.updated_at.timetuple()[:6]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as package:
        _add(
            package,
            "datapackage.json",
            stamp,
            [
                orjson.dumps(
                    descriptor(index.revision, index.updated_at, base_url=base_url),
                    option=orjson.OPT_INDENT_2,
                )
            ],
        )
        for table in TABLES.values():
            documents = exports.all_documents(database, index, table, revision=revision)
            _add(package, f"{table.name}.csv", stamp, formats.encoded(table, documents, "csv"))
    return file


def descriptor(revision: int, updated_at: datetime, *, base_url: str) -> dict[str, Any]:
    """What datapackage.json says."""
    return {
        "profile": "data-package",
        "name": NAME,
        "title": "Model Districts",
        "description": "US school districts that use the community school strategy, and case "
        "studies of what they did. Each claim has its source.",
        "homepage": base_url,
        "version": str(revision),
        "created": updated_at.isoformat(),
        "licenses": [{"name": "CC-BY-4.0", "title": LICENSE["name"], "path": LICENSE["url"]}],
        "resources": [_resource(table) for table in TABLES.values()],
    }


def _resource(table: Table) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": f"{table.name}.csv",
        "description": f"All {table.rows_are}.",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig",
        "schema": {
            "fields": [_field(table, column) for column in table.columns],
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


def _field(table: Table, column: Column) -> dict[str, Any]:
    type_ = "string" if column.is_list else column.type
    entry: dict[str, Any] = {"name": column.name, "type": type_, "description": column.description}
    if type_ == "datetime":
        entry["format"] = "any"
    if column.unit:
        entry["unit"] = column.unit
    if column.vocabulary:
        entry["vocabulary"] = column.vocabulary
    if column.is_list:
        entry["separator"] = column.separator
    if column.name in table.key:
        entry["constraints"] = {"required": True}
    return entry


def _add(package: zipfile.ZipFile, name: str, stamp: Any, chunks: Any) -> None:
    entry = zipfile.ZipInfo(name, date_time=stamp)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with package.open(entry, "w", force_zip64=True) as file:
        for chunk in chunks:
            file.write(chunk)
