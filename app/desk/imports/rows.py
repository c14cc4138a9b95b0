"""What reading a file gives: rows, each a record's document, and what the plan says of the file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.errors import Fault


@dataclass(frozen=True, slots=True)
class Row:
    """One record as a file has it."""

    kind: str
    document: dict[str, Any]
    origin: str  # file, and line or place in it
    faults: tuple[Fault, ...] = ()  # what could not be read
    notes: tuple[Fault, ...] = ()  # what was understood otherwise than it stands in the file
    as_sent: dict[str, Any] | None = None  # the row as the file has it, if that is not `document`
    is_federal: bool = False  # from a table of a federal agency


@dataclass(frozen=True, slots=True)
class Reading:
    """A file being read."""

    rows: Iterator[Row]
    ignored_columns: tuple[str, ...] = ()
    # What the plan says of the file; complete when the rows are read.
    about: Callable[[], dict[str, Any]] = field(default=dict)
