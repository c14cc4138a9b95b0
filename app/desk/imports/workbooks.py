"""XLSX (ECMA-376): the rows of a workbook's first sheet, once it is sure that the workbook is whole and fits into memory.

The library makes a cell for every place between the first and the last that is filled, so one stray cell in the
furthest corner would ask for terabytes. Therefore a workbook is looked through before it is opened.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from app.errors import Fault, Invalid

MAX_UNPACKED_BYTES = 512 * 1024 * 1024  # a workbook is a packed folder
MAX_CELLS = 4_000_000  # 100,000 rows of 40 columns; 32 bytes each
CHUNK = 256 * 1024
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_OTHER_FORMATS = (
    "content.xml",
    "xl/workbook.bin",
)  # the library would read these too, and they hide their size otherwise


def sheet_rows(file: BinaryIO) -> Iterator[tuple[int, list[Any]]]:
    """Each row of the first sheet with its number, 1 the first. Raises Invalid."""
    _look_through(file)
    file.seek(0)
    try:
        rows = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).iter_rows()
    except CalamineError as error:
        raise _refused(str(error)) from None
    return enumerate(rows, 1)


def _look_through(file: BinaryIO) -> None:
    """Raise Invalid if the file is no workbook, is damaged, or is larger than we read."""
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
            if not any(part.filename == "xl/workbook.xml" for part in parts) or any(
                part.filename in _OTHER_FORMATS for part in parts
            ):
                raise _refused("it holds no sheet")
            if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                raise _too_large(f"unpacked, it may have {MAX_UNPACKED_BYTES:,} bytes")
            for part in parts:
                with packed.open(part) as content:
                    _look_at(content)
    except Invalid:
        raise
    except Exception as error:  # whatever a damaged file makes of the readers
        raise _refused(str(error)) from None


def _look_at(content: Any) -> None:
    """Read a part to its end, which checks it; count the cells if it is a sheet."""
    first = content.read(CHUNK)
    if not first.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        while content.read(CHUNK):  # a picture or the like
            pass
        return
    sheet = _Extent()
    parser = expat.ParserCreate()
    parser.StartElementHandler = sheet.start
    parser.StartDoctypeDeclHandler = sheet.refuse_doctype
    parser.Parse(first, False)
    while more := content.read(CHUNK):
        parser.Parse(more, False)
        sheet.check()
    parser.Parse(b"", True)
    sheet.check()


class _Extent:
    """How far the filled cells of a sheet reach."""

    def __init__(self) -> None:
        self.row = self.column = self.last_row = self.last_column = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "row":
            self.row, self.column = int(attributes.get("r", self.row + 1)), 0
        elif name == "c":
            self.column += 1
            if "r" in attributes:
                if not (reference := _REFERENCE.fullmatch(attributes["r"])):
                    raise _refused(f"there is no cell {attributes['r'][:20]!r}")
                self.column, self.row = _number(reference[1].upper()), int(reference[2])
        elif name in ("f", "v", "is"):
            self.last_row, self.last_column = (
                max(self.last_row, self.row),
                max(self.last_column, self.column),
            )
        elif any(int(attributes.get(count, 0)) > MAX_CELLS for count in ("count", "uniqueCount")):
            raise _too_large("it says that it holds more texts than that")

    def refuse_doctype(self, *_: Any) -> None:
        raise _refused("it has a document type of its own")

    def check(self) -> None:
        if self.last_row * self.last_column > MAX_CELLS:
            raise _too_large(
                f"its cells reach to row {self.last_row:,} and column {self.last_column:,}; delete what stands outside the table, or send it in parts"
            )


def _number(letters: str) -> int:
    """The number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _refused(why: str) -> Invalid:
    return Invalid(
        [Fault("not_xlsx", f"the file is no XLSX workbook that can be read: {why}", pointer="")]
    )


def _too_large(why: str) -> Invalid:
    return Invalid([Fault("too_large", f"the workbook is too large: {why}", pointer="")])
