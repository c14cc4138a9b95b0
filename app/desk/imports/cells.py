"""One cell of a table to one value of a field. What cannot be read is a fault, never an empty cell."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args, get_origin

import orjson

from app.desk.imports.json_values import read_json, repeated_keys
from app.records.csv_cells import as_written
from app.records.stored_text import normalize

SEPARATOR = "|"
UNCHANGED = "(unchanged)"  # a cell that leaves its field as it is; an empty cell clears it
SCHOOL_YEAR = re.compile(r"\b((?:19|20)\d{2})(?:\s*[-\u2013/]\s*(?:\d{4}|\d{2}))?\b")
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?")
_WHOLE = re.compile(r"([-+]?\d+)\.0*")
_LOCALE = re.compile(r"([1-4][1-3])\s*[-\u2013:]\s*(?:City|Suburb|Town|Rural)\b.*", re.IGNORECASE)
_LEAID = re.compile(r"\d{6}")  # a leading zero is gone; the states' FIPS codes begin at 01
_FOOTNOTE_MARKS = "*\u2020\u2021"
_OUR_NUMBERS = (int, float)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell of a workbook that holds no text and no number."""

    shown: str
    what: str  # in words


Cell = str | float | Unreadable


@dataclass(frozen=True, slots=True)
class Reading:
    """A cell as it was read. `note`: what was understood otherwise than it stands there."""

    value: Any
    note: str | None = None


class NotReadable(Exception):
    """A cell that cannot be read, and why, in words. `inside`: where in the value of its field."""

    def __init__(self, code: str, detail: str, *, inside: str = "") -> None:
        self.code, self.inside = code, inside
        super().__init__(detail)


def to_text(cell: float | str) -> str:
    """What a typed cell of a spreadsheet says, as a CSV file would, without our apostrophe before
    what looks like a formula."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return as_written(str(cell))


def mark_in_words(mark: str, meaning: str) -> str:
    """What a mark for a missing value is, without a point at the end."""
    if meaning.startswith("an "):
        return f"{mark!r} is {meaning}; it is not a value"
    return f"{mark!r} means {meaning!r}; it is not a value"


def cell_name(column: int, row: int) -> str:
    """A cell as spreadsheet programs name it: column 2 of row 7 is B7."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def read_cell(name: str, annotation: Any, text: str) -> Reading:
    """The value of a field that a cell's text says; None for an empty one. Raises NotReadable."""
    text = normalize(text).strip()
    if not text:
        return Reading(None)
    if get_origin(annotation) is list:
        return _list(annotation, text)
    if name == "nces_leaid":
        return _leaid(text)
    if name == "name":
        return _name(text)
    if name == "locale" and (match := _LOCALE.fullmatch(text)):
        return Reading(match[1])
    if name.endswith("_year") and not text.isdigit() and (match := SCHOOL_YEAR.fullmatch(text)):
        return Reading(match[1], f"{text!r} is read as {match[1]}, the year in which it begins")
    if name in ("latitude", "longitude") and "," in text:
        detail = f"{text[:60]!r} has a comma. Write the decimals behind a point, such as 43.615."
        raise NotReadable("float_parsing", detail)
    if _is_number(annotation):
        return _number(text)
    return Reading(text)


def write_cell(annotation: Any, value: Any) -> str:
    """A value as the text of a cell."""
    if value is None or value == []:
        return ""
    if isinstance(value, str):
        return value
    if _is_word_list(annotation) and _plain(value):
        return SEPARATOR.join(value)
    return orjson.dumps(value).decode()


def _list(annotation: Any, text: str) -> Reading:
    if text.startswith("[") or not _is_word_list(annotation):
        return Reading(_json_list(text))
    if SEPARATOR not in text and '",' in f"{text}," and text.count('"') % 2 == 0:
        [words] = csv.reader([text], skipinitialspace=True)  # as Airtable writes a list
        if len(words) > 1 and all(words):
            return Reading(words, f"read as a list of {len(words)}, separated by commas")
    return Reading([word.strip() for word in text.split(SEPARATOR) if word.strip()])


def _json_list(text: str) -> Any:
    try:
        value = read_json(text)
    except ValueError as error:
        detail = f"This cell must hold a JSON list: {error}. Correct it there."
        raise NotReadable("not_json", detail) from None
    for fault in repeated_keys(value):
        raise NotReadable(fault.code, fault.detail, inside=fault.pointer or "")
    return value


def _name(text: str) -> Reading:
    bare = text.strip().strip(_FOOTNOTE_MARKS).strip()
    if bare == text.strip() or not bare:
        return Reading(text)
    return Reading(bare, f"{text!r} is read as {bare!r}, without the mark of a footnote")


def _leaid(text: str) -> Reading:
    digits = text.replace(",", "")
    if whole := _WHOLE.fullmatch(digits):
        digits = whole[1]
    if _LEAID.fullmatch(digits):
        return Reading(f"0{digits}", f"{text!r} lost its leading zero and is read as '0{digits}'")
    return Reading(digits if digits.isdigit() else text)


def _number(text: str) -> Reading:
    if _GROUPED.fullmatch(text):
        digits = text.replace(",", "").replace(" ", "")
        return Reading(digits, f"{text!r} is read as {digits}")
    if whole := _WHOLE.fullmatch(text):
        return Reading(whole[1])
    return Reading(text)


def _is_number(annotation: Any) -> bool:
    return annotation in _OUR_NUMBERS or any(
        member in _OUR_NUMBERS for member in get_args(annotation)
    )


def _is_word_list(annotation: Any) -> bool:
    """Whether a field is a list of texts; terms of a vocabulary are annotated texts."""
    if get_origin(annotation) is not list:
        return False
    (item,) = get_args(annotation)
    return item is str or getattr(item, "__origin__", None) is str


def _plain(words: Iterable[Any]) -> bool:
    """Whether words can stand in a cell with bars between them."""
    words = list(words)
    text = SEPARATOR.join(word for word in words if isinstance(word, str))
    return '"' not in text and all(
        isinstance(word, str)
        and word.strip()
        and SEPARATOR not in word
        and not word.startswith("[")
        for word in words
    )
