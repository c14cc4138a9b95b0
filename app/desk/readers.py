"""Files to rows: each row a record's document, with the file and line that it came from."""

import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import Fault, Invalid

# Where a row's cell holds several values.
SEPARATOR = "|"
LISTS = {"aliases"}
NUMBERS = {"locale_year", "enrollment", "enrollment_year", "schools", "schools_year"}
DEGREES = {"latitude", "longitude"}


@dataclass(frozen=True, slots=True)
class Row:
    """One record as a file says it."""

    kind: str
    document: dict[str, Any]
    origin: str  # file, and line or place in it


def read_seed(folder: Path) -> Iterator[Row]:
    """Every record of the seed, in the order in which records may be written."""
    taxonomies = folder / "taxonomies"
    for position, term in enumerate(_toml(taxonomies / "terms.toml")["terms"]):
        document = {"slug": f"{term.get('vocabulary')}.{term.get('code')}", "rank": position, **term}
        yield Row("term", document, f"taxonomies/terms.toml, term {position + 1}")
    for kind, file in (("state", "states"), ("locale", "locales"), ("strategy", "strategies"), ("indicator", "indicators")):
        yield from _tables(kind, taxonomies / f"{file}.toml", file)
    yield from _tables("organization", folder / "organizations.toml", "organizations")
    yield from read_csv(folder / "districts.csv", "district")
    for path in sorted((folder / "case-studies").glob("*.toml")):
        yield Row("case_study", {"slug": path.stem, **_trimmed(_toml(path))}, f"case-studies/{path.name}")


def read_csv(path: Path, kind: str) -> Iterator[Row]:
    """A row for each line of a CSV file with a header; empty cells are left out, lists are separated by a bar."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for line in csv.DictReader(lines, strict=True):
            document = {name: _cell(name, value) for name, value in line.items() if value}
            yield Row(kind, document, f"{path.name}, {line.get('slug') or 'a row without slug'}")


def _tables(kind: str, path: Path, name: str) -> Iterator[Row]:
    for position, document in enumerate(_toml(path)[name], 1):
        yield Row(kind, document, f"{path.name}, {document.get('slug', f'entry {position}')}")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid([Fault("not_toml", f"{path.name}: {error}")]) from None


def _trimmed(document: dict[str, Any]) -> dict[str, Any]:
    """Multi-line strings begin and end with a line break in the file, and an empty one says nothing."""
    return {name: value.strip() or None if isinstance(value, str) else value for name, value in document.items()}


def _cell(name: str, value: str) -> Any:
    if name in LISTS:
        return value.split(SEPARATOR)
    try:
        return int(value) if name in NUMBERS else float(value) if name in DEGREES else value
    except ValueError:
        return value  # the shape says what is wrong with it
