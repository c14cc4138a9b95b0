"""Tables as people keep them: title lines, a header, records, headings between them, notes and totals below."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from app.desk.imports.cells import (
    UNCHANGED,
    Cell,
    NotReadable,
    Unreadable,
    cell_name,
    mark_in_words,
    read_cell,
    to_text,
)
from app.desk.imports.column_names import (
    YEAR,
    Column,
    Columns,
    count_known,
    derived_parts,
    missing_parts,
    understand,
    year_of,
)
from app.desk.imports.options import ReadOptions
from app.desk.imports.rows import Row
from app.errors import Fault, Invalid
from app.records.kinds import KINDS
from app.records.stored_text import mark_meaning

MAX_COLUMNS = 500
LOOKED_THROUGH = 60  # rows among which the header is looked for
MAX_PASSED_OVER = 200  # that a plan lists
TEXT_SHOWN = 200  # characters of a line that is passed over
_TOTAL = re.compile(
    r"(grand |state |sub-?|statewide )?totals?\b|statewide$|average\b|sum$", re.IGNORECASE
)
_NO_DISTRICT = re.compile(  # a total in the column of names, beside a state
    r"((grand |state |sub-?|statewide )?totals?|statewide|averages?|sum)\W*", re.IGNORECASE
)
_NOTE = re.compile(
    r"([\u2020\u2021*\u2013\u2014]|(data )?source\b|notes?\b|footnote)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table as the file has it. `fault`: why it could not be taken apart."""

    number: int  # of the line in a text, of the row in a workbook; 1 the first
    cells: Sequence[Cell]
    fault: str | None = None


@dataclass(slots=True)
class TableNotes:
    """What the plan says of a table beside its rows. Grows while the rows are read."""

    columns: list[dict[str, object]] = field(default_factory=list)
    header: str | None = None
    missing: list[str] = field(default_factory=list)
    passed_over: list[dict[str, str]] = field(default_factory=list)
    passed_over_count: int = 0

    def pass_over(self, origin: str, cells: Sequence[Cell], reason: str) -> None:
        """Note a line that is no record."""
        self.passed_over_count += 1
        if len(self.passed_over) < MAX_PASSED_OVER:
            text = " | ".join(filled(cells))[:TEXT_SHOWN]
            self.passed_over.append({"origin": origin, "text": text, "reason": reason})


@dataclass(frozen=True, slots=True)
class Table:
    """A table being read."""

    rows: Iterator[Row]
    columns: Columns
    notes: TableNotes


def read_table(
    kind: str, lines: Iterable[Line], options: ReadOptions, *, unit: str, by_letters: bool = False
) -> Table:
    """The records of a table. `unit`: "line" or "row"; `by_letters`: cells are named as B7.

    Raises Invalid at once if the header cannot be understood.
    """
    lines = iter(lines)
    first = list(islice(lines, max(LOOKED_THROUGH, options.header_line or 0)))
    place = _header_place(kind, first, options)
    header, body = first[place], first[place + 1 :]
    names = ["" if isinstance(cell, Unreadable) else to_text(cell).strip() for cell in header.cells]
    while names and not names[-1]:
        names.pop()
    has_index = bool(names) and not names[0] and _numbers_rows(body)
    columns = understand(kind, names, options, index_column=has_index)
    notes = TableNotes(
        columns=[column.as_dict() for column in columns.all],
        header=f"{unit} {header.number}",
        missing=missing_parts(columns, options),
    )
    for line in first[:place]:
        if filled(line.cells):
            notes.pass_over(f"{unit} {line.number}", line.cells, "above the header")
    reader = _RowReader(columns, options, notes, unit, by_letters, names)
    return Table(reader.rows(chain(body, lines)), columns, notes)


def best_header(kind: str, lines: Sequence[Line], options: ReadOptions) -> tuple[int, int]:
    """How many columns the likeliest header has that we know, and its place; (0, 0) for none."""
    counts = [
        count_known(
            kind, [to_text(c) if not isinstance(c, Unreadable) else "" for c in line.cells], options
        )
        for line in lines
    ]
    most = max(counts, default=0)
    return (most, counts.index(most)) if most else (0, 0)


def filled(cells: Sequence[Cell]) -> list[str]:
    """The texts of the cells that are not empty."""
    return [text for cell in cells if (text := _text(cell).strip())]


def _text(cell: Cell) -> str:
    return cell.shown if isinstance(cell, Unreadable) else to_text(cell)


def _header_place(kind: str, lines: Sequence[Line], options: ReadOptions) -> int:
    if options.header_line is not None:
        for place, line in enumerate(lines):
            if line.number == options.header_line:
                return place
        detail = f"The file has no line {options.header_line}."
        raise Invalid([Fault("out_of_range", detail, parameter="header_line")])
    known, place = best_header(kind, lines, options)
    if not known:
        place = next((n for n, line in enumerate(lines) if filled(line.cells) or line.fault), -1)
    if place < 0:
        raise Invalid(
            [Fault("missing_column", "The file is empty. It needs a header row.", pointer="/slug")]
        )
    if lines[place].fault is not None:
        detail = f"The first line cannot be read: {lines[place].fault}."
        raise Invalid([Fault("not_csv", detail, pointer="")])
    return place


def _numbers_rows(lines: Sequence[Line]) -> bool:
    """Whether the first cells are the row numbers that a script saved with its table."""
    cells = [line.cells[0] for line in lines if line.cells and filled(line.cells)]
    texts = [to_text(cell) for cell in cells if not isinstance(cell, Unreadable)]
    return bool(texts) and texts[:2] in (["0"], ["1"], ["0", "1"], ["1", "2"])


class _RowReader:
    """Lines below a header to rows."""

    def __init__(
        self,
        columns: Columns,
        options: ReadOptions,
        notes: TableNotes,
        unit: str,
        by_letters: bool,
        header: Sequence[str],
    ) -> None:
        self._columns, self._options, self._notes = columns, options, notes
        self._unit, self._by_letters, self._header = unit, by_letters, header
        self._fields = KINDS[columns.kind].shape.model_fields
        self._leaves_out = columns.is_federal  # marks and empty cells say nothing

    def rows(self, lines: Iterable[Line]) -> Iterator[Row]:
        """The records among the lines; what is none is noted."""
        for line in lines:
            origin = f"{self._unit} {line.number}"
            if line.fault is not None:
                fault = Fault("not_csv", f"This line cannot be read: {line.fault}.", pointer="")
                yield Row(self._columns.kind, {}, origin, (fault,))
            elif not filled(line.cells):
                continue
            elif self._has_only_a_name(line):
                yield self._refused_name(line, origin)
            elif reason := self._no_record(line):
                self._notes.pass_over(origin, line.cells, reason)
            else:
                yield self._row(line, origin)

    def _refused_name(self, line: Line, origin: str) -> Row:
        name = _text(self._cell("name", line)).strip()
        detail = (
            f"The {self._unit} has only a name, {name[:60]!r}, so it may be a heading. If it is a "
            "district, fill a second cell, such as its slug. If it is none, delete the line."
        )
        fault = Fault("only_a_name", detail, pointer="/name")
        document = {"name": name, "state": self._options.every_row["state"]}
        return Row(self._columns.kind, {}, origin, (fault,), as_sent=document)

    def _no_record(self, line: Line) -> str | None:
        """Why a line is no record: a total, a heading, a note, or the header once more."""
        texts = filled(line.cells)
        if [text.casefold() for text in texts] == [n.casefold() for n in self._header if n]:
            return "the header again"
        if len(self._header) < 2 or self._names_a_record(line) or self._has_name_and_state(line):
            return None
        if _TOTAL.match(texts[0]):
            return "a total"
        if len(texts) == 1 or _NOTE.match(texts[0]):
            return "a heading or a note"
        return None

    def _names_a_record(self, line: Line) -> bool:
        for name in ("slug", "nces_leaid"):
            cell = self._cell(name, line)
            if isinstance(cell, Unreadable):
                return True
            text = to_text(cell).strip()
            is_note = " " in text or _TOTAL.match(text) or mark_meaning(text)
            if text and not is_note:
                return True
        return False

    def _has_name_and_state(self, line: Line) -> bool:
        name = _text(self._cell("name", line)).strip()
        state = _text(self._cell("state", line)).strip()
        return bool(name and state) and not _NO_DISTRICT.fullmatch(name)

    def _has_only_a_name(self, line: Line) -> bool:
        """Whether a line whose state is said once for all has a name and nothing else."""
        name = _text(self._cell("name", line)).strip()
        is_alone = len(filled(line.cells)) == 1 and "state" in self._options.every_row
        return bool(name) and is_alone and not _NOTE.match(name) and not _TOTAL.match(name)

    def _cell(self, name: str, line: Line) -> Cell:
        """The cell of a field; an empty text where the line has none."""
        column = self._columns.by_field.get(name)
        if column is None or column.position > len(line.cells):
            return ""
        return line.cells[column.position - 1]

    def _row(self, line: Line, origin: str) -> Row:
        document: dict[str, Any] = {}
        faults = list(self._surplus(line))
        remarks: list[Fault] = []
        refused: dict[str, str] = {}
        for column in self._columns.by_field.values():
            if column.position > len(line.cells) or column.field == YEAR:
                continue
            try:
                self._read(column, line, document, remarks)
            except NotReadable as error:
                where = self._where(column, line)
                detail = f"{where}: {error}"
                pointer = f"/{column.field}{error.inside}"
                faults.append(Fault(error.code, detail, pointer=pointer))
                refused[column.field] = _text(line.cells[column.position - 1])
        self._say_once(document, line)
        as_sent = {**document, **refused} if refused else None
        return Row(
            self._columns.kind,
            document,
            origin,
            tuple(faults),
            tuple(remarks),
            as_sent,
            is_federal=self._columns.is_federal,
        )

    def _read(
        self, column: Column, line: Line, document: dict[str, Any], remarks: list[Fault]
    ) -> None:
        cell = line.cells[column.position - 1]
        if isinstance(cell, Unreadable):
            raise NotReadable("unreadable_cell", _unreadable(cell))
        text = to_text(cell)
        if text.strip() == UNCHANGED:
            return
        if (meaning := mark_meaning(text, column.field)) or (
            self._leaves_out and text.strip() == "N"
        ):
            mark = mark_in_words(text.strip(), meaning or "not applicable")
            if not self._leaves_out and self._options.placeholders == "refuse":
                raise NotReadable(
                    "placeholder",
                    f"{mark}. Clear the cell, or send placeholders=skip to leave such fields as they are.",
                )
            where = self._where(column, line)
            remark = f"{where}: {mark}. The field is left as it is."
            remarks.append(Fault("placeholder", remark, pointer=f"/{column.field}"))
            return
        if not text.strip() and self._leaves_out:
            return
        reading = read_cell(column.field, self._fields[column.field].annotation, text)
        document[column.field] = reading.value
        if reading.note:
            remark = f"{self._where(column, line)}: {reading.note}."
            remarks.append(Fault("read_as", remark, pointer=f"/{column.field}"))

    def _say_once(self, document: dict[str, Any], line: Line) -> None:
        """Add what is said once for every row, and what the file says of its federal figures."""
        for name, value in self._options.every_row.items():
            figure = _figure_of(name)
            if document.get(name) is None and (figure is None or document.get(figure) is not None):
                annotation = self._fields[name].annotation
                document[name] = read_cell(name, annotation, value).value
        year = self._year(line)
        for column in self._columns.by_field.values():
            if document.get(column.field) is not None:
                for part, said in derived_parts(column, year):
                    if document.get(part) is None:
                        document[part] = said

    def _year(self, line: Line) -> int | None:
        cell = self._cell(YEAR, line)
        return None if isinstance(cell, Unreadable) else year_of(to_text(cell))

    def _surplus(self, line: Line) -> Iterator[Fault]:
        """Cells without a column, and columns without a cell."""
        cells, header = len(line.cells), len(self._header)
        extra = filled(line.cells[header:])
        unnamed = [
            column
            for column in self._columns.all
            if column.how == "unnamed" and filled(line.cells[column.position - 1 : column.position])
        ]
        if extra or cells < header:
            yield Fault(
                "wrong_number_of_cells",
                f"The {self._unit} has {_cells(cells)}, the header has {header}. {self._advice()}",
                pointer="",
            )
        if unnamed and self._options.unknown_columns != "ignore":
            yield Fault(
                "wrong_number_of_cells",
                f"Column {unnamed[0].position} has no name in the header but a cell here. "
                "Name the column, clear it, or send unknown_columns=ignore.",
                pointer="",
            )

    def _advice(self) -> str:
        if self._by_letters:
            return "Name every column in the header, or clear the cells beyond it."
        return 'Check for a comma that is not inside "..." quotes.'

    def _where(self, column: Column, line: Line) -> str:
        if self._by_letters:
            return f"Cell {cell_name(column.position, line.number)} ({column.name})"
        return f"Column {column.position} ({column.name})"


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number:,} cells"


def _figure_of(part: str) -> str | None:
    """The figure that a year, a source or a basis belongs to."""
    if part.startswith("place_"):
        return "latitude"
    figure = part.removesuffix("_year").removesuffix("_source")
    return figure if figure != part and figure in ("locale", "enrollment", "schools") else None


def _unreadable(cell: Unreadable) -> str:
    what = f"shows {cell.shown}: it is {cell.what}, and cannot be read"
    if cell.what.startswith("a date"):
        return f"{what} as text. Format the cell as text and type the value again."
    return f"{what}. Type the value itself, or clear the cell if there is none."
