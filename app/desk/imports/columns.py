"""The flat form of a record, one cell for each field, as CSV and XLSX hold it.

Lists of words are separated by a bar; the parts of a case study (outcomes, scale, funding, partners, sources) stand in
their cell as JSON. An empty cell says that there is nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any, get_args, get_origin

import orjson

from app.errors import Fault, Invalid
from app.records.kinds import KINDS
from app.records.spelling import nearest

SEPARATOR = "|"
PROBLEM = "problem"  # the column in which refused rows come back with what is wrong with them
IDS = {
    "district": ("slug", "nces_leaid"),
    "case-study": ("slug",),
}  # by which a row finds its record
# What the public export of districts has besides: made from other records, so it is not taken in.
DERIVED = {
    "district": (
        "region",
        "rurality",
        "strategies",
        "outcomes",
        "case_studies",
        "version",
        "updated_at",
        "url",
    )
}


def columns(kind: str) -> tuple[str, ...]:
    """Every column that a file of the kind may have: the fields of the record."""
    return tuple(KINDS[kind].shape.model_fields)


def check_header(kind: str, header: Sequence[str]) -> tuple[str, ...]:
    """The columns of a file that are not taken in. Raises Invalid if any is not known or stands there twice, or none can find a record."""
    known, ignored = columns(kind), (PROBLEM, *DERIVED.get(kind, ()))
    faults = []
    for number, name in enumerate(header, 1):
        if name and name not in (*known, *ignored):
            faults.append(
                Fault(
                    "unknown_column",
                    f"column {number} is called {name[:60]!r}, which is no field of a {KINDS[kind].noun}",
                    pointer=f"/{name[:60]}",
                    allowed=known,
                    nearest=tuple(nearest(name, known)),
                )
            )
        elif name and name in header[: number - 1]:
            faults.append(
                Fault("repeated", f"there are two columns called {name!r}", pointer=f"/{name}")
            )
    if not faults and not set(IDS[kind]).intersection(header):
        faults.append(
            Fault(
                "missing_column",
                f"the first row names the columns, and among them {' or '.join(IDS[kind])}",
                pointer="/slug",
            )
        )
    if faults:
        raise Invalid(faults)
    return tuple(name for name in header if name in ignored and name != PROBLEM)


def from_cells(
    kind: str, header: Sequence[str], cells: Sequence[str]
) -> tuple[dict[str, Any], list[Fault]]:
    """The fields that a row of cells says, and what cannot be read in it."""
    faults = []
    if len(cells) != len(header) or any(
        cell for name, cell in zip(header, cells, strict=False) if not name
    ):
        faults.append(
            Fault(
                "wrong_number_of_cells",
                f"the row has {len(cells)} cells, the first row has {len(header)} names",
                pointer="",
            )
        )
    fields = KINDS[kind].shape.model_fields
    document: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=False):
        if name in fields:
            try:
                document[name] = _value(fields[name].annotation, cell.strip())
            except orjson.JSONDecodeError as error:
                document[name] = cell
                faults.append(
                    Fault(
                        "not_json",
                        f"the cell holds a list as JSON, and this is none: {error}",
                        pointer=f"/{name}",
                    )
                )
    return document, faults


def to_cells(kind: str, document: dict[str, Any]) -> list[str]:
    """The cells of a record, in the order of `columns`."""
    fields = KINDS[kind].shape.model_fields
    return [_cell(fields[name].annotation, document.get(name)) for name in columns(kind)]


def to_text(value: float | str | bool) -> str:
    """What a typed cell of a spreadsheet says, as a CSV file would."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _value(annotation: Any, cell: str) -> Any:
    if get_origin(annotation) is not list:
        return cell or None
    if not cell:
        return None
    if cell.startswith("[") or get_args(annotation) != (str,):
        return orjson.loads(cell)
    return [word.strip() for word in cell.split(SEPARATOR) if word.strip()]


def _cell(annotation: Any, value: Any) -> str:
    if value is None or value == []:
        return ""
    if isinstance(value, str):
        return value
    if get_origin(annotation) is list and get_args(annotation) == (str,) and _plain(value):
        return SEPARATOR.join(value)
    return orjson.dumps(value).decode()


def _plain(words: Iterable[Any]) -> bool:
    """Whether words can stand in a cell with bars between them."""
    return all(
        isinstance(word, str)
        and word.strip()
        and SEPARATOR not in word
        and not word.startswith("[")
        for word in words
    )
