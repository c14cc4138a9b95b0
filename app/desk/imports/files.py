"""Files to rows: CSV, XLSX, NDJSON and JSON, read one row after the other."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from itertools import chain, islice
from typing import Any, BinaryIO

import ijson  # type: ignore[import-untyped]
import orjson
from ijson.backends import python as ijson_to_the_letter  # type: ignore[import-untyped]

from app.desk.imports.json_values import JsonObject, read_json, repeated_keys
from app.desk.imports.options import ReadOptions
from app.desk.imports.rows import Reading, Row
from app.desk.imports.tables import (
    LOOKED_THROUGH,
    MAX_COLUMNS,
    Line,
    Table,
    best_header,
    read_table,
)
from app.desk.imports.workbooks import Sheet, read_sheet
from app.errors import Fault, Invalid
from app.records.shape_faults import shown

FORMATS = ("csv", "ndjson", "json", "xlsx")
MAX_ROW_BYTES = 2 * 1024 * 1024  # as much as a record may have that is sent alone
CHUNK = 256 * 1024
MAX_FILE_DEPTH = 1000  # levels; the reader's memory grows with their square: 20 GB for 200,000
SHOWN = 200  # characters of a line that cannot be read
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
UTF8, UTF8_BOM, WINDOWS = "utf-8", "utf-8 with a byte order mark", "windows-1252"
UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UNDECODED = re.compile("[\udc80-\udcff]")  # what `surrogateescape` makes of bytes that are no text
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)

csv.field_size_limit(MAX_ROW_BYTES)


def read_file(
    file: BinaryIO, kind: str, format_: str, options: ReadOptions | None = None
) -> Reading:
    """The rows of a file in one of FORMATS.

    Raises Invalid at once if it cannot be read at all, and while reading if it breaks off.
    """
    options = options or ReadOptions()
    if format_ == "csv":
        return _read_csv(file, kind, options)
    if format_ == "xlsx":
        return _read_xlsx(file, kind, options)
    if options.as_dict():
        detail = (
            "mapping, every_row, header_line, unknown_columns and placeholders are for tables. "
            "Send CSV or XLSX, or name the fields in the JSON as the record does."
        )
        raise Invalid([Fault("not_a_table", detail, parameter=next(iter(options.as_dict())))])
    return Reading(_ndjson_rows(file, kind)) if format_ == "ndjson" else _read_json(file, kind)


def _read_csv(file: BinaryIO, kind: str, options: ReadOptions) -> Reading:
    """RFC 4180; commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252."""
    encoding = _encoding(file)
    text = _lines(file, encoding)
    first = list(_beginning(text))
    delimiter = _delimiter(first, kind, options)
    lines = _csv_lines(chain(first, text), delimiter)
    table = read_table(kind, lines, options, unit="line")
    return _of_table(table, options, encoding=encoding, delimiter=DELIMITERS[delimiter])


def _read_xlsx(file: BinaryIO, kind: str, options: ReadOptions) -> Reading:
    """The first visible sheet of a workbook that is not empty."""
    sheet = read_sheet(file)
    lines = (Line(number, cells) for number, cells in sheet.rows)
    try:
        table = read_table(kind, lines, options, unit="row", by_letters=True)
    except Invalid as invalid:
        raise _of_sheet(invalid, sheet) from None
    return _of_table(
        table,
        options,
        encoding=None,
        delimiter=None,
        sheet=sheet.name,
        other_sheets=sheet.others,
        hidden_rows=sheet.hidden_rows,
        hidden_columns=sheet.hidden_columns,
    )


def _of_sheet(invalid: Invalid, sheet: Sheet) -> Invalid:
    """The faults of a header, with the name of the sheet where it may be the wrong one."""
    if not sheet.others:
        return invalid
    advice = (
        f"The sheet {sheet.name!r} was read. If another one has the table, move it to the front: "
        f"{', '.join(sheet.others)[:SHOWN]}."
    )
    return Invalid([replace(fault, detail=f"{fault.detail} {advice}") for fault in invalid.faults])


def _of_table(table: Table, options: ReadOptions, **more: Any) -> Reading:
    def about() -> dict[str, Any]:
        return {**asdict(table.notes), **more, "options": options.as_dict()}

    return Reading(table.rows, table.columns.ignored, about)


def _encoding(file: BinaryIO) -> str:
    """How a text is encoded. Raises Invalid if it is no text that we know."""
    start = file.read(4)
    file.seek(0)
    if start.startswith(codecs.BOM_UTF8):
        return UTF8_BOM
    if start[:2] in UTF16:
        return UTF16[start[:2]]
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, has_multibyte, undefined = True, False, False
    while chunk := file.read(CHUNK):
        if b"\0" in chunk:
            file.seek(0)
            raise _not_text("It holds NUL bytes")
        has_multibyte = has_multibyte or (not chunk.isascii() and bool(_MULTIBYTE.search(chunk)))
        undefined = undefined or any(byte in chunk for byte in b"\x81\x8d\x8f\x90\x9d")
        if is_utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
    file.seek(0)
    if is_utf8 or has_multibyte:  # UTF-8 with a damaged row or two: those rows are refused
        return UTF8
    if undefined:
        raise _not_text("It is neither UTF-8 nor Windows-1252")
    return WINDOWS


def _lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    """The lines of a text, whatever ends them; bytes that are no text become lone surrogates."""
    chunks: Iterable[bytes] = iter(partial(file.read, CHUNK), b"")
    if encoding in UTF16.values():
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        chunks = (decoder.decode(chunk).encode() for chunk in chunks)
    codec = WINDOWS if encoding == WINDOWS else UTF8
    mark = codecs.BOM_UTF8
    for raw in _split_lines(chunks):
        yield raw.removeprefix(mark).decode(codec, "surrogateescape")
        mark = b""


def _split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a text that comes in chunks. Raises Invalid when one of them is too long.

    Bytes end a line at \\n and \\r alone; `str` would also end one at U+2028, inside a cell. The last
    line of a chunk waits for the next one, as its \\r may be followed by a \\n.
    """
    number, rest = 0, b""
    for chunk in chunks:
        lines = (rest + chunk).splitlines(keepends=True)
        rest = lines.pop() if lines else rest
        number += len(lines)
        if len(rest) > MAX_ROW_BYTES:
            raise _line_too_long(number + 1)
        yield from lines
    yield from rest.splitlines(keepends=True)


def _beginning(lines: Iterator[str]) -> Iterator[str]:
    """The lines among which the header is looked for; fewer where they are long."""
    size = 0
    for line in islice(lines, 4 * LOOKED_THROUGH):
        yield line
        size += len(line)
        if size > MAX_ROW_BYTES:
            return


def _delimiter(lines: Sequence[str], kind: str, options: ReadOptions) -> str:
    """What stands between the cells: whatever makes most columns known."""

    def quality(delimiter: str) -> tuple[int, int]:
        parsed = list(islice(_csv_lines(iter(lines), delimiter), LOOKED_THROUGH))
        known, place = best_header(kind, parsed, options)
        return known, len(parsed[place].cells) if parsed else 0

    best = max(DELIMITERS, key=quality)
    if quality(best)[0]:
        return best
    first = next((line for line in lines if line.strip()), "")
    return max(DELIMITERS, key=first.count)  # no column is known: the header may be damaged


def _csv_lines(text: Iterator[str], delimiter: str) -> Iterator[Line]:
    size = 0  # of the lines since the last row, which may go over many

    def measured() -> Iterator[str]:
        nonlocal size
        for line in text:
            size += len(line)
            if size > MAX_ROW_BYTES:
                raise _line_too_long(number)
            yield line

    reader = csv.reader(measured(), strict=True, delimiter=delimiter)
    while True:
        number = reader.line_num + 1
        size = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(number, (), _in_words(error))
            continue
        if len(cells) > MAX_COLUMNS:
            yield Line(
                number,
                (),
                f"it has {len(cells):,} cells, and a row may have {MAX_COLUMNS}. Remove empty columns",
            )
        elif all(map(_is_text, cells)):
            yield Line(number, cells)
        else:
            yield Line(
                number, (), "it holds bytes that are not valid UTF-8. Save the file as CSV UTF-8"
            )


def _in_words(error: csv.Error) -> str:
    """Why a line of CSV cannot be taken apart, and what to do, without a point at the end."""
    text = str(error)
    if text == "unexpected end of data":
        return 'a quote is opened and not closed. Close it with "'
    if "expected after" in text:
        return 'text follows a closing quote. Write a quote inside a cell twice: ""'
    return f"{text}. Correct it, or save the file again as CSV"


def _ndjson_rows(file: BinaryIO, kind: str) -> Iterator[Row]:
    """One record as a JSON object on each line."""
    number = 0
    while line := file.readline(MAX_ROW_BYTES + 1):
        number += 1
        if len(line) > MAX_ROW_BYTES:
            yield Row(kind, {}, f"line {number}", (_too_long(),))
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_ROW_BYTES)
            continue
        if text := line.removeprefix(codecs.BOM_UTF8).strip():
            yield _json_row(kind, text, f"line {number}")


def _json_row(kind: str, text: bytes, origin: str) -> Row:
    try:
        value = read_json(text.decode())
    except UnicodeDecodeError:
        detail = "This line is not UTF-8. Save the file as UTF-8 and upload it again."
        return Row(kind, {}, origin, (Fault("not_json", detail, pointer=""),))
    except ValueError as error:
        beginning = text.decode()[:SHOWN]
        detail = f"This is not JSON: {error}. Correct the line; it begins {beginning!r}."
        fault = Fault("not_json", detail, pointer="")
        return Row(kind, {}, origin, (fault,))
    return _object_row(kind, value, origin)


def _read_json(file: BinaryIO, kind: str) -> Reading:
    """A JSON array of records, read one after the other, never whole in memory."""
    start = file.read(CHUNK).removeprefix(codecs.BOM_UTF8)
    file.seek(0)
    if not start.lstrip().startswith(b"["):
        raise _no_array("it does not begin with [")
    _refuse_deep(file)
    rows = _json_rows(file, kind)
    first = next(rows, None)
    return Reading(chain([first] if first else [], rows))


def _refuse_deep(file: BinaryIO) -> None:
    """Refuse a file whose brackets are opened without end, before it is read into records."""
    depth = 0
    with suppress(ijson.JSONError, ValueError):  # told when the records are read
        for event, _value in ijson.basic_parse(file):
            if event.startswith("start_"):
                depth += 1
                if depth > MAX_FILE_DEPTH:
                    detail = (
                        f"The file nests deeper than {MAX_FILE_DEPTH:,} levels. "
                        "Check for a [ or { too many."
                    )
                    raise Invalid([Fault("too_deep", detail, pointer="")])
            elif event.startswith("end_"):
                depth -= 1


def _json_rows(file: BinaryIO, kind: str) -> Iterator[Row]:
    count = 0
    try:
        for value in _entries(file, ijson):
            count += 1
            yield _object_row(kind, value, f"entry {count}")
        return
    except (ijson.JSONError, ValueError):
        pass
    # The fast reader stops before the piece of the file that holds the error. The slow one goes on
    # to the very entry: an editor wants to know which.
    entries = enumerate(_entries(file, ijson_to_the_letter), 1)
    done = count
    try:
        for count, value in entries:
            if count > done:
                yield _object_row(kind, value, f"entry {count}")
    except (ijson.JSONError, ValueError):
        where = f"past entry {count}" if count else "its first entry"
        raise _no_array(f"cannot read {where}") from None


def _entries(file: BinaryIO, reader: Any) -> Iterator[Any]:
    file.seek(0)
    if file.read(3) != codecs.BOM_UTF8:
        file.seek(0)
    entries: Iterator[Any] = reader.items(file, "item", use_float=True, map_type=JsonObject)
    return entries


def _object_row(kind: str, value: Any, origin: str) -> Row:
    if not isinstance(value, dict):
        detail = f"A record must be a JSON object, not {shown(value)}. Write it as {{...}}."
        fault = Fault("not_an_object", detail, pointer="")
        return Row(kind, {}, origin, (fault,))
    if _is_too_long(value):
        return Row(kind, {}, origin, (_too_long(),))
    return Row(kind, dict(value), origin, tuple(repeated_keys(value)))


def _is_too_long(value: dict[str, Any]) -> bool:
    try:
        return len(orjson.dumps(value)) > MAX_ROW_BYTES
    except TypeError:  # nested deeper than JSON writers go: it is refused later
        return False


def _is_text(text: str) -> bool:
    return text.isascii() or not _UNDECODED.search(text)


def _no_array(why: str) -> Invalid:
    detail = (
        f"Not a JSON array of objects: {why}. Check that the file is UTF-8, and look for a missing "
        "comma or a NaN; or send NDJSON."
    )
    return Invalid([Fault("not_json", detail, pointer="")])


def _not_text(why: str) -> Invalid:
    detail = f"The file is not a text that we can read: {why}. Save it as CSV UTF-8."
    return Invalid([Fault("not_utf8", detail, pointer="")])


def _line_too_long(number: int) -> Invalid:
    detail = (
        f"Line {number:,} has more than {MAX_ROW_BYTES:,} characters. A row ends with its line; "
        'check for a quote that is not closed with ".'
    )
    return Invalid([Fault("too_large", detail, pointer="")])


def _too_long() -> Fault:
    return Fault("too_large", f"Too long. Shorten the row to {MAX_ROW_BYTES:,} bytes.", pointer="")
