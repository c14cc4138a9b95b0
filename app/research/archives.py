"""The files that hold the whole directory: data package, SQLite file and Parquet files."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import IO, Protocol

from app.research import package, parquet, sqlite_file
from app.research.whole_directory import WholeDirectory


class Write(Protocol):
    """Makes the file as a temporary one, which the caller rewinds and closes."""

    def __call__(self, whole: WholeDirectory, *, base_url: str) -> IO[bytes]: ...


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of everything."""

    format: str  # as the command calls it
    format_name: str  # in words
    name: str  # the last part of its address
    operation: str  # in the OpenAPI document
    title: str
    description: str
    media_type: str
    write: Write
    standard: tuple[str, str] | None = None  # name and address of a specification that it follows
    is_available: Callable[[], bool] = lambda: True
    reads_once: bool = False  # each record, for all tables; else anew for each table

    def file_name(self, revision: int) -> str:
        """What the file is called where it is saved."""
        stem, _, extension = self.name.rpartition(".")
        return f"{stem}-{revision}.{extension}"


ARCHIVES = (
    Archive(
        "zip",
        "ZIP of CSV files",
        f"{package.NAME}.zip",
        "export_package",
        "The whole directory as a Frictionless Data Package",
        "Every table as CSV in one ZIP file with `datapackage.json`, a Frictionless Data Package: "
        "types, units, keys, license and how the tables join.",
        "application/zip",
        package.write,
        ("Frictionless Data Package", "https://specs.frictionlessdata.io/data-package/"),
    ),
    Archive(
        "sqlite",
        "SQLite",
        f"{package.NAME}.sqlite",
        "export_sqlite",
        "The whole directory as an SQLite file",
        "Every table in one SQLite file, typed, with primary and foreign keys. Names have `_` for "
        "`-`; lists of values are JSON arrays. The table `codebook` explains every column, and "
        "`about` gives revision, license and citation.",
        "application/vnd.sqlite3",
        sqlite_file.write,
        reads_once=True,
    ),
    Archive(
        "parquet",
        "ZIP of Parquet files",
        f"{package.NAME}-parquet.zip",
        "export_parquet",
        "The whole directory as Parquet files",
        "Every table as Parquet in one ZIP file, typed, with `datapackage.json`. Where the operator "
        "has not installed pyarrow, the answer is 501.",
        "application/zip",
        partial(package.write, format_="parquet"),
        is_available=parquet.is_available,
    ),
)
