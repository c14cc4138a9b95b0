"""What one file may ask of the service: lines, columns, and the unpacked parts of a workbook."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from importing import as_csv, as_xlsx
from migrating import ROOT

from app.desk.imports.files import MAX_ROW_BYTES, read_file
from app.desk.imports.rows import Row
from app.desk.imports.tables import MAX_COLUMNS
from app.errors import Invalid

pytestmark = pytest.mark.one_database
HEADER = b"slug,name,state\n"
# Reads a file in a process of its own, and prints by how many megabytes that made it larger.
READ = """
import resource, sys
from app.desk.imports.files import read_file
from app.errors import Invalid
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(sys.argv[1], "rb") as file:
    try:
        print(sum(1 for _ in read_file(file, "district", sys.argv[2]).rows), "rows")
    except Invalid as invalid:
        print(invalid.faults[0].code)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def rows(content: bytes, format_: str = "csv") -> list[Row]:
    """The rows of a file."""
    return list(read_file(io.BytesIO(content), "district", format_).rows)


def codes(content: bytes, format_: str = "csv") -> list[str]:
    """Why a file is refused as a whole."""
    with pytest.raises(Invalid) as refused:
        rows(content, format_)
    return [fault.code for fault in refused.value.faults]


def read_apart(content: bytes, format_: str, folder: Any) -> tuple[str, float]:
    """What reading a file in another process comes to, and the megabytes that it took."""
    path = folder / f"rows.{format_}"
    path.write_bytes(content)
    command = [sys.executable, "-c", READ, str(path), format_]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    outcome, megabytes = done.stdout.splitlines()
    return outcome, float(megabytes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        b"a," * 29_000_000,
        HEADER + b"," * 58_000_000,
        HEADER + b'"' + b"a" * 58_000_000,
        HEADER + b'"a\n",' * 10_000_000,
        ("a," * 14_000_000).encode("utf-16"),
    ],
    ids=["header", "row", "cell", "row of many lines", "utf-16"],
)
def test_a_csv_without_an_end_of_line_takes_no_memory(content: bytes, tmp_path: Any) -> None:
    outcome, megabytes = read_apart(content, "csv", tmp_path)
    assert outcome == "too_large"
    assert megabytes < 60


def test_a_header_has_so_many_columns_and_no_more() -> None:
    most = ["slug", "name", "state", *(f"x{n}" for n in range(MAX_COLUMNS - 3))]
    assert "unknown_column" in codes(as_csv([most, ["a-id", "A", "ID"]]))
    with pytest.raises(Invalid, match="a row may have 500"):
        rows(as_csv([[*most, "y"], ["a-id", "A", "ID"]]))


def test_a_row_of_too_many_cells_is_refused_and_the_next_is_read() -> None:
    long, good = rows(HEADER + b"," * 600 + b"\na-id,A,ID\n")
    assert [fault.code for fault in long.faults] == ["not_csv"]
    assert (good.document["slug"], good.faults) == ("a-id", ())


@pytest.mark.slow
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_end_where_they_end_in_whatever_pieces_a_file_is_read(end: bytes) -> None:
    lines = [b"slug,name,state", *(b"n-%d-id,%s,ID" % (n, b"x" * (n % 97)) for n in range(9000))]
    read = rows(end.join([*lines, b""]))
    assert [row.document["slug"] for row in read] == [f"n-{n}-id" for n in range(9000)]
    assert not any(row.faults for row in read[1:97])


@pytest.mark.slow
def test_a_long_line_that_is_allowed_is_read() -> None:
    name = "x" * (MAX_ROW_BYTES - 1000)
    (row,) = rows(as_csv([["slug", "name", "state"], ["a-id", name, "ID"]]))
    assert row.document["name"] == name


def workbook(parts: dict[str, Iterator[bytes] | bytes], rows_: str) -> bytes:
    """A workbook with these parts beside its sheet, which has these rows."""
    packed = io.BytesIO(as_xlsx([["slug"]], sheet=f"{rows_}"))
    copy = io.BytesIO()
    relation = (
        '<Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as to:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/_rels/workbook.xml.rels":
                content = content.replace(b"</Relationships>", relation.encode())
            to.writestr(name, content)
        for name, chunks in parts.items():
            with to.open(name, "w") as part:
                for chunk in [chunks] if isinstance(chunks, bytes) else chunks:
                    part.write(chunk)
    return copy.getvalue()


def texts(text: bytes) -> bytes:
    """The part of a workbook that keeps this one text for all its cells."""
    return b'<sst xmlns="%s"><si><t>%s</t></si></sst>' % (MAIN, text)


MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@pytest.mark.slow
def test_one_text_in_many_cells_is_counted_as_often_as_it_would_be_copied(tmp_path: Any) -> None:
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_001))
    content = workbook({"xl/sharedStrings.xml": texts(b"x" * 30_000)}, cells)
    assert len(content) < 200_000
    outcome, megabytes = read_apart(content, "xlsx", tmp_path)
    assert outcome == "too_large"
    assert megabytes < 60


@pytest.mark.slow
def test_texts_of_a_hundred_megabytes_are_refused_before_they_are_read(tmp_path: Any) -> None:
    noise = bytes(range(32, 60)) + bytes(range(63, 127))

    def large() -> Iterator[bytes]:
        yield b'<sst xmlns="%s"><si><t>' % MAIN
        for n in range(1100):
            piece = noise[n % 80 :] + b"%d" % (n * 7919)
            yield (piece * 1200)[: 96 * 1024].replace(b"&", b"+")
        yield b"</t></si></sst>"

    cells = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    content = workbook({"xl/sharedStrings.xml": large()}, cells)
    outcome, megabytes = read_apart(content, "xlsx", tmp_path)
    assert outcome == "too_large"
    assert megabytes < 60


@pytest.mark.parametrize("place", ["A200001", "SG1", "XFD1048576"])
def test_a_cell_far_outside_the_table_is_refused(place: str) -> None:
    row = "".join(filter(str.isdigit, place))
    cells = f'<row r="{row}"><c r="{place}"><v>1</v></c></row>'
    assert codes(workbook({}, cells), "xlsx") == ["too_large"]


@pytest.mark.parametrize("opening", [b"[", b'[{"a":'])
def test_a_file_of_opened_brackets_is_refused_in_small_memory(
    opening: bytes, tmp_path: Any
) -> None:
    outcome, megabytes = read_apart(opening * 20_000, "json", tmp_path)
    assert outcome == "too_deep"
    assert megabytes < 50
