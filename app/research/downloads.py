"""Every file that the data set comes in."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.research import formats, parquet
from app.research.archives import ARCHIVES
from app.research.tables import TABLES

FOLDER = "/v1/exports"


@dataclass(frozen=True, slots=True)
class Download:
    """A file that the data set, or a part of it, comes in."""

    path: str  # from the root of the server
    title: str
    description: str
    format: str
    media_type: str  # without parameters
    standard: tuple[str, str] | None  # name and address of a specification that it follows


def downloads() -> Iterator[Download]:
    """The files of everything, then every table in every format, as far as this server writes it."""
    for archive in ARCHIVES:
        if not archive.is_available():
            continue
        yield Download(
            f"{FOLDER}/{archive.name}",
            archive.title,
            archive.description,
            archive.format_name,
            archive.media_type,
            archive.standard,
        )
    for table in TABLES.values():
        for format_ in formats.formats_of(table):
            if format_ == "parquet" and not parquet.is_available():
                continue
            yield Download(
                f"{FOLDER}/{table.name}.{format_}",
                f"{table.name} as {formats.NAMES[format_]}",
                f"All {table.rows_are}.",
                formats.NAMES[format_],
                formats.MEDIA_TYPES[format_],
                formats.STANDARDS.get(format_),
            )
