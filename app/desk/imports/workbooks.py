"""XLSX (ECMA-376): the rows of a workbook's first visible sheet that is not empty.

The library makes a cell for every place between the first and the last that is filled, so one
stray cell in the furthest corner would ask for terabytes. It also reads an error, and a formula
whose result was not saved, as an empty cell. So a workbook is looked through before it is opened.
"""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from posixpath import dirname, join, normpath
from typing import IO, Any, BinaryIO
from xml.etree import ElementTree
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from app.desk.imports.cells import Cell, Unreadable
from app.desk.imports.tables import MAX_COLUMNS
from app.desk.imports.workbook_texts import shared_characters, text_lengths
from app.errors import Fault, Invalid

# A workbook is a packed folder. What these allow takes at most 300 MB, beside the 140 of a worker.
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_PART_BYTES = 64 * 1024 * 1024  # of a part that is not a sheet, such as the texts
MAX_TEXT = 64 * 1024 * 1024  # characters in all cells of a sheet
MAX_CELLS = 4_000_000  # 100,000 rows of 40 columns; 32 bytes each
MAX_LINES = 200_000
MAX_UNREADABLE = 200_000  # cells
MAX_MERGED = 200_000  # ranges
MAX_INDEX_BYTES = 4 * 1024 * 1024  # of the parts that say where the sheets are
# A part that grows so much when unpacked is one text repeated, not a table.
SUSPICIOUS_BYTES, SUSPICIOUS_RATIO = 32 * 1024 * 1024, 500
CHUNK = 256 * 1024
MAIN_PART, PACKAGE_RELS = "xl/workbook.xml", "_rels/.rels"
_PACKAGE_RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="xl/workbook.xml" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
# The library would read these too, and they hide their size otherwise.
_OTHER_FORMATS = ("content.xml", "xl/workbook.bin")
_FORMULA = "a formula whose result was not saved"

_Places = dict[tuple[int, int], Unreadable]  # row and column, 1 the first


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    part: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet of a workbook that is read, and what else the workbook has."""

    rows: Iterator[tuple[int, list[Cell]]]  # with their numbers, 1 the first
    name: str
    others: tuple[str, ...]  # visible sheets with cells, which are not read
    hidden_rows: int  # of the sheet; they are read like the others
    hidden_columns: int


def read_sheet(file: BinaryIO) -> Sheet:
    """The first visible sheet that is not empty. Raises Invalid."""
    checks: dict[str, _SheetCheck] = {}
    try:
        with zipfile.ZipFile(file) as packed:
            _refuse_unsafe(packed)
            main = _main_part(packed)
            for part in packed.infolist():
                with packed.open(part) as content:
                    if check := _look_at(content):
                        checks[part.filename] = check
            sheets = _visible_sheets(packed, main)
            not_empty = [
                each for each in sheets if each.part in checks and checks[each.part].has_cells
            ]
            sheet, *others = not_empty or sheets[:1]
            _refuse_shared_texts(packed, main, sheet)
            if main == MAIN_PART:
                file.seek(0)
                opened: IO[bytes] = file
            else:
                opened = _with_usual_names(packed, main)
        read = CalamineWorkbook.from_filelike(opened).get_sheet_by_name(sheet.name)
        merged = _MergedCells(read.merged_cell_ranges or ())
    except Invalid:
        raise
    except CalamineError as error:
        raise _refused(str(error)) from None
    except Exception as error:  # whatever a damaged file makes of the readers
        raise _refused(str(error)) from None
    check = checks[sheet.part]
    rows = (
        (number, merged.fill(number, _cells(row, number, check.unreadable)))
        for number, row in enumerate(read.iter_rows(), 1)
    )
    names = tuple(other.name for other in others)
    return Sheet(rows, sheet.name, names, check.hidden_rows, check.hidden_columns)


def _cells(row: list[Any], number: int, unreadable: _Places) -> list[Cell]:
    cells = [_cell(value) for value in row]
    if unreadable:
        for column in range(len(cells)):
            cells[column] = unreadable.get((number, column + 1), cells[column])
    return cells


class _MergedCells:
    """Cells that are merged downward. The file has their value in the first one alone, and the
    library reads the others as empty, which would clear a field.

    Cells that are merged across are titles and headings: they stay in their first column.
    """

    def __init__(self, ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> None:
        self._beginning: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._open: dict[int, tuple[int, Cell]] = {}  # column -> last row, and the value
        for (first_row, column), (last_row, _last_column) in ranges:
            if last_row > first_row:
                self._beginning[first_row + 1].append((column, last_row + 1))

    def fill(self, number: int, cells: list[Cell]) -> list[Cell]:
        """The cells of a row, each merged one with the value that it shows. Call it row by row."""
        for column, (last, value) in list(self._open.items()):
            if number > last:
                del self._open[column]
            elif column < len(cells):
                cells[column] = value
        for column, last in self._beginning.pop(number, ()):
            if column < len(cells):
                self._open[column] = last, cells[column]
        return cells


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return Unreadable(str(value).upper(), "a true/false value")
    if isinstance(value, date | time | timedelta):
        return Unreadable(str(value), "a date or time")
    return value  # type: ignore[no-any-return]


def _refuse_unsafe(packed: zipfile.ZipFile) -> None:
    parts = packed.infolist()
    if any(part.filename in _OTHER_FORMATS for part in parts):
        raise _refused("it holds no sheet")
    if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise _too_large(f"unpacked, it may have {MAX_UNPACKED_BYTES:,} bytes")
    for part in parts:
        grown = part.file_size / max(part.compress_size, 1)
        is_sheet = "/worksheets/" in part.filename
        if (part.file_size > SUSPICIOUS_BYTES and grown > SUSPICIOUS_RATIO) or (
            part.file_size > MAX_PART_BYTES and not is_sheet
        ):
            raise _too_large(f"its part {part.filename[:60]} unpacks to {part.file_size:,} bytes")


def _refuse_shared_texts(packed: zipfile.ZipFile, main: str, sheet: _Sheet) -> None:
    """Refuse a sheet whose cells, each with its copy of a text, would take too much memory."""
    for kind, part in _relationships(packed, main).values():
        if kind.endswith("/sharedStrings") and part in packed.namelist():
            with packed.open(part) as texts, packed.open(sheet.part) as cells:
                lengths = text_lengths(texts)
                if shared_characters(cells, lengths, most=MAX_TEXT) > MAX_TEXT:
                    raise _too_large(f"its cells have more than {MAX_TEXT:,} characters")


def _main_part(packed: zipfile.ZipFile) -> str:
    """The part that lists the sheets. Its name is free (ECMA-376 part 2); `_rels/.rels` has it."""
    names = set(packed.namelist())
    for kind, target in _relationships(packed, "").values():
        if kind.endswith("/officeDocument") and target in names:
            return target
    if MAIN_PART in names:
        return MAIN_PART
    raise _refused("it holds no sheet")


def _visible_sheets(packed: zipfile.ZipFile, main: str) -> list[_Sheet]:
    """The sheets that are not hidden, at least one."""
    sheets = []
    targets = _relationships(packed, main)
    for element in _xml(packed, main).iter():
        if _local(element.tag) != "sheet" or element.get("state", "visible") != "visible":
            continue
        for name, value in element.attrib.items():
            kind, target = targets.get(value, ("", ""))
            if _local(name) == "id" and kind.endswith("/worksheet"):
                sheets.append(_Sheet(element.get("name", ""), target))
    if not sheets:
        raise _refused("it holds no sheet")
    return sheets


def _relationships(packed: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Type and target of each relationship of a part, by id."""
    folder = dirname(part)
    rels = join(folder, "_rels", f"{part.rpartition('/')[2]}.rels")
    if rels not in packed.namelist():
        return {}
    relationships = {}
    for element in _xml(packed, rels):
        target = element.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
        relationships[element.get("Id", "")] = element.get("Type", ""), path
    return relationships


def _xml(packed: zipfile.ZipFile, part: str) -> ElementTree.Element:
    if packed.getinfo(part).file_size > MAX_INDEX_BYTES:
        raise _too_large(f"its part {part[:60]} is larger than {MAX_INDEX_BYTES:,} bytes")
    content = packed.read(part)
    if b"<!DOCTYPE" in content:
        raise _refused("it has a document type of its own")
    return ElementTree.fromstring(content)  # noqa: S314  (no document type: no entities)


def _with_usual_names(packed: zipfile.ZipFile, main: str) -> IO[bytes]:
    """The workbook with its parts under the names that the library expects."""
    folder, usual = dirname(main), dirname(MAIN_PART)
    rels = join(folder, "_rels", f"{main.rpartition('/')[2]}.rels")
    usual_rels = join(usual, "_rels", f"{MAIN_PART.rpartition('/')[2]}.rels")
    renamed = {main: MAIN_PART, rels: usual_rels}
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        target.writestr(PACKAGE_RELS, _PACKAGE_RELS)
        for part in packed.infolist():
            if part.filename == PACKAGE_RELS:
                continue
            name = renamed.get(part.filename, part.filename)
            if name == part.filename and folder and name.startswith(f"{folder}/"):
                name = join(usual, name.removeprefix(f"{folder}/"))
            info = zipfile.ZipInfo(name)
            info.file_size, info.compress_type = part.file_size, zipfile.ZIP_DEFLATED
            with packed.open(part) as content, target.open(info, "w") as to:
                while chunk := content.read(CHUNK):
                    to.write(chunk)
    copy.seek(0)
    return copy


def _look_at(content: IO[bytes]) -> "_SheetCheck | None":
    """Read a part to its end, which checks it. Returns what it holds if it is XML, as sheets are."""
    first = content.read(CHUNK)
    if not first.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        while content.read(CHUNK):  # a picture or the like
            pass
        return None
    parser = expat.ParserCreate()
    sheet = _SheetCheck(parser)
    parser.Parse(first, False)
    while more := content.read(CHUNK):
        parser.Parse(more, False)
        sheet.check()
    parser.Parse(b"", True)
    sheet.check()
    return sheet


class _SheetCheck:
    """How far the filled cells of a sheet reach, and which of them cannot be read."""

    def __init__(self, parser: Any) -> None:
        self.unreadable: _Places = {}
        self._parser = parser
        self._row = self._column = self._last_row = self._last_column = 0
        self.hidden_rows = 0
        self._hidden_ranges: list[tuple[int, int]] = []  # of columns
        self._in_hidden_row = False
        self._merged = 0
        self._type = ""
        self._is_formula = self._in_value = False
        self._shown = ""
        parser.StartElementHandler = self._start
        parser.StartDoctypeDeclHandler = self._refuse_doctype

    @property
    def has_cells(self) -> bool:
        """Whether a cell of the sheet is filled."""
        return self._last_row > 0

    @property
    def hidden_columns(self) -> int:
        """How many columns of the table are hidden."""
        hidden = [range(first, last + 1) for first, last in self._hidden_ranges]
        columns = range(1, self._last_column + 1)
        return sum(any(column in some for some in hidden) for column in columns)

    def check(self) -> None:
        """Raise Invalid if the cells reach too far."""
        if (
            self._last_row * self._last_column > MAX_CELLS
            or self._last_row > MAX_LINES
            or self._last_column > MAX_COLUMNS
        ):
            raise _too_large(
                f"its cells reach to row {self._last_row:,} and column {self._last_column:,}",
                "Delete what stands outside the table, or send it in parts.",
            )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
            self._in_hidden_row = _is_hidden(attributes)
        elif name == "col" and _is_hidden(attributes):
            if len(self._hidden_ranges) < MAX_COLUMNS:
                self._hidden_ranges.append((int(attributes["min"]), int(attributes["max"])))
        elif name == "c":
            self._start_cell(attributes)
        elif name in ("f", "v", "is"):
            if self._in_hidden_row:
                self.hidden_rows, self._in_hidden_row = self.hidden_rows + 1, False
            self._last_row = max(self._last_row, self._row)
            self._last_column = max(self._last_column, self._column)
            if name == "f":
                self._is_formula = True
                self._follow(self._end)
            self._in_value = name == "v"
        elif name == "mergeCell":
            self._merged += 1
            if self._merged > MAX_MERGED:
                raise _too_large(f"it has more than {MAX_MERGED:,} merged cells")
        elif any(int(attributes.get(count, 0)) > MAX_CELLS for count in ("count", "uniqueCount")):
            raise _too_large("it says that it holds more texts than that")

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._column += 1
        if "r" in attributes:
            if not (reference := _REFERENCE.fullmatch(attributes["r"])):
                raise _refused(f"there is no cell {attributes['r'][:20]!r}")
            self._column, self._row = _number(reference[1].upper()), int(reference[2])
        self._type = attributes.get("t", "n")
        self._is_formula, self._shown = False, ""
        if self._type == "e":
            self._follow(self._end)

    def _follow(self, end: Callable[[str], None] | None) -> None:
        """Also hear the text and the end of this cell, which others need not be slowed by."""
        self._parser.EndElementHandler = end
        self._parser.CharacterDataHandler = self._text if end else None

    def _text(self, text: str) -> None:
        if self._in_value:
            self._shown += text

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "v":
            self._in_value = False
        if name != "c":
            return
        self._follow(None)
        shown = self._shown.strip()
        if self._type == "e":
            self._note(Unreadable(shown or "an error", "an error"))
        elif self._is_formula and not shown and self._type != "str":
            self._note(Unreadable("nothing", _FORMULA))

    def _note(self, cell: Unreadable) -> None:
        if len(self.unreadable) >= MAX_UNREADABLE:
            raise _refused(f"more than {MAX_UNREADABLE:,} cells are errors or unsaved formulas")
        self.unreadable[self._row, self._column] = cell

    def _refuse_doctype(self, *_: Any) -> None:
        raise _refused("it has a document type of its own")


def _is_hidden(attributes: dict[str, str]) -> bool:
    return attributes.get("hidden") in ("1", "true")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _number(letters: str) -> int:
    """The number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _refused(why: str) -> Invalid:
    detail = f"Not an XLSX workbook that can be read: {why}. Save it again as .xlsx."
    return Invalid([Fault("not_xlsx", detail, pointer="")])


def _too_large(why: str, advice: str = "Send it in parts.") -> Invalid:
    detail = f"The workbook is too large: {why}. {advice}"
    return Invalid([Fault("too_large", detail, pointer="")])
