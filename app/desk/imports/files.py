"""Files to rows: each row a record's document, with the file and line that it came from. Rows are read as they are asked for."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

import orjson

from app.desk.imports.columns import check_header, from_cells, to_text
from app.desk.imports.workbooks import sheet_rows
from app.errors import Fault, Invalid

FORMATS = ("csv", "ndjson", "json", "xlsx")
MAX_ROW_BYTES = 2 * 1024 * 1024  # as much as a record may have that is sent alone
CHUNK = 256 * 1024
LEAID = "nces_leaid"
_TOKEN = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]"]', re.DOTALL
)  # a quote alone opens a text that goes on behind the buffer
_UNDECODED = re.compile("[\udc80-\udcff]")  # what `surrogateescape` makes of bytes that are no text

csv.field_size_limit(MAX_ROW_BYTES)


@dataclass(frozen=True, slots=True)
class Row:
    """One record as a file says it; `faults`: what in the row could not be read."""

    kind: str
    document: dict[str, Any]
    origin: str  # file, and line or place in it
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A file being read."""

    rows: Iterator[Row]
    ignored_columns: tuple[str, ...] = ()


def read_file(file: BinaryIO, kind: str, format_: str) -> Reading:
    """The rows of a file in one of FORMATS. Raises Invalid at once if it cannot be read at all, and while reading if it breaks off."""
    return {"csv": _read_csv, "ndjson": _read_ndjson, "json": _read_json, "xlsx": _read_xlsx}[
        format_
    ](file, kind)


def _read_csv(file: BinaryIO, kind: str) -> Reading:
    """RFC 4180 in UTF-8; a spreadsheet's semicolons and tabs are taken too."""
    text = _lines(file)
    first = next(text, "")
    if not _is_text(first):
        raise Invalid(
            [
                Fault(
                    "not_utf8",
                    "the file is not a text in UTF-8; in a spreadsheet program, save as CSV UTF-8",
                    pointer="",
                )
            ]
        )
    lines = csv.reader(chain([first], text), strict=True, delimiter=max(",;\t", key=first.count))
    try:
        header = [name.strip() for name in next(lines, [])]
    except csv.Error as error:
        raise Invalid(
            [Fault("not_csv", f"the first row cannot be read: {error}", pointer="")]
        ) from None
    return Reading(_csv_rows(lines, header, kind), check_header(kind, header))


def _lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a text, whatever ends them; bytes that are no UTF-8 become halves of surrogate pairs."""
    mark = b"\xef\xbb\xbf"  # of byte order, before the first line
    for piece in file:
        for line in piece.splitlines(keepends=True):
            yield line.removeprefix(mark).decode("utf-8", "surrogateescape")
            mark = b""


def _csv_rows(lines: Any, header: list[str], kind: str) -> Iterator[Row]:
    while True:
        origin = f"line {lines.line_num + 1}"
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(
                kind,
                {},
                origin,
                (Fault("not_csv", f"the line cannot be read: {error}", pointer=""),),
            )
            continue
        yield from _row(kind, header, cells, origin)


def _read_xlsx(file: BinaryIO, kind: str) -> Reading:
    """The first sheet of a workbook; a number in the column of LEAIDs gets the leading zeros back that it lost."""
    rows = sheet_rows(file)
    header = next(([to_text(name).strip() for name in row] for _, row in rows if any(row)), [])
    return Reading(_xlsx_rows(rows, header, kind), check_header(kind, header))


def _xlsx_rows(
    rows: Iterable[tuple[int, list[Any]]], header: list[str], kind: str
) -> Iterator[Row]:
    for number, row in rows:
        cells = [
            f"{int(cell):07d}"
            if name == LEAID and isinstance(cell, float) and cell.is_integer() and cell > 0
            else to_text(cell)
            for name, cell in zip(header, row, strict=False)
        ]
        yield from _row(kind, header, cells, f"row {number}")


def _row(kind: str, header: list[str], cells: list[str], origin: str) -> Iterator[Row]:
    if not any(cells):
        return  # an empty line says nothing
    whole = [cell if _is_text(cell) else cell.encode("utf-8", "replace").decode() for cell in cells]
    document, faults = from_cells(kind, header, whole)
    if whole != cells:
        faults.append(
            Fault("not_utf8", "the row holds bytes that are no text in UTF-8", pointer="")
        )
    yield Row(kind, document, origin, tuple(faults))


def _read_ndjson(file: BinaryIO, kind: str) -> Reading:
    """One record as a JSON object on each line."""
    return Reading(_ndjson_rows(file, kind))


def _ndjson_rows(file: BinaryIO, kind: str) -> Iterator[Row]:
    number = 0
    while line := file.readline(MAX_ROW_BYTES + 1):
        number += 1
        if len(line) > MAX_ROW_BYTES:
            yield Row(kind, {}, f"line {number}", (_too_long(),))
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_ROW_BYTES)
            continue
        if text := line.removeprefix(b"\xef\xbb\xbf").strip():
            yield _parsed(kind, text, f"line {number}")


def _read_json(file: BinaryIO, kind: str) -> Reading:
    """A JSON array of records, taken apart as it comes in, never whole in memory."""
    elements = _elements(file)
    first = next(elements, None)
    return Reading(
        _parsed(kind, text, f"entry {n}")
        for n, text in enumerate(chain([first] if first else [], elements), 1)
    )


def _elements(file: BinaryIO) -> Iterator[bytes]:
    """The objects of a JSON array. Raises Invalid where it is none."""
    expected, count = b"[", 0
    for between, element in _taken_apart(lambda: file.read(CHUNK)):
        between = between.removeprefix(b"\xef\xbb\xbf") if not count else between
        if b"".join(between.split()) != (
            expected if element else expected.replace(b",", b"") + b"]"
        ):
            raise Invalid(
                [
                    Fault(
                        "not_json",
                        f"the file is no JSON array of objects: what follows entry {count} cannot be read",
                        pointer="",
                    )
                ]
            )
        if element:
            yield element
        expected, count = b",", count + 1


def _taken_apart(read: Callable[[], bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Each object one level inside an array, and what stands before it; at the end what is left, and nothing."""
    buffer, done, position, depth, start = (
        b"",
        0,
        0,
        0,
        0,
    )  # `start`: of the object, while inside one (depth 2 and deeper)
    while chunk := read():
        buffer, position, start, done = buffer[done:] + chunk, position - done, start - done, 0
        while token := _TOKEN.search(buffer, position):
            if token[0] == b'"':
                break  # the text goes on in the next chunk
            position = token.end()
            if token[0] in (b"{", b"["):
                depth += 1
                if depth == 2:
                    start = token.start()
            elif token[0] in (b"}", b"]"):
                depth -= 1
                if depth == 1:
                    yield buffer[done:start], buffer[start:position]
                    done = position
        else:
            position = len(buffer)
        if len(buffer) - done > MAX_ROW_BYTES + CHUNK:
            raise Invalid([_too_long()])
    yield buffer[done:], b""


def _parsed(kind: str, text: bytes, origin: str) -> Row:
    fault = Fault("not_an_object", "a record is a JSON object", pointer="")
    if len(text) > MAX_ROW_BYTES:
        return Row(kind, {}, origin, (_too_long(),))
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        document, fault = None, Fault("not_json", f"this is not JSON: {error}", pointer="")
    return (
        Row(kind, document, origin)
        if isinstance(document, dict)
        else Row(kind, {}, origin, (fault,))
    )


def _is_text(text: str) -> bool:
    return text.isascii() or not _UNDECODED.search(text)


def _too_long() -> Fault:
    return Fault("too_large", f"a record may have {MAX_ROW_BYTES:,} bytes", pointer="")
