"""Files as editors send them: the same rows as CSV, NDJSON, JSON or XLSX, planned and committed at the desk."""

import csv
import io
import json
import time
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

import httpx
from people import seen
from sqlalchemy import text

from app.database import Database

Json = dict[str, Any]
TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PATIENCE_SECONDS = 120  # far more than any machine needs
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORKBOOK = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="Rows" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def as_file(rows: Sequence[Json], format_: str) -> bytes:
    """Rows of the same fields as a file; in CSV and XLSX, lists of words with bars between them, other lists as JSON."""
    if format_ == "ndjson":
        return "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    if format_ == "json":
        return json.dumps(rows).encode()
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    return as_xlsx(table) if format_ == "xlsx" else as_csv(table)


def as_csv(table: Sequence[Sequence[Any]]) -> bytes:
    """A table as CSV."""
    written = io.StringIO()
    csv.writer(written).writerows(table)
    return written.getvalue().encode()


def as_workbook(**tables: Sequence[Sequence[Any]]) -> bytes:
    """A workbook of several sheets, by their names."""
    packed = io.BytesIO()
    parts = dict(_WORKBOOK)
    sheets, targets = "", ""
    for number, (name, table) in enumerate(tables.items(), 1):
        sheets += f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>'
        targets += f'<Relationship Id="r{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        rows = "".join(f"<row>{''.join(map(_xlsx_cell, row))}</row>" for row in table)
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        )
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'
    )
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{_PACKAGE}/relationships">{targets}</Relationships>'
    )
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, part in parts.items():
            folder.writestr(name, part)
    return packed.getvalue()


def as_xlsx(table: Sequence[Sequence[Any]], *, sheet: str | None = None) -> bytes:
    """A table as a workbook: texts as texts, numbers as numbers. `sheet`: XML to stand in place of its rows."""
    packed = io.BytesIO()
    data = (
        sheet
        if sheet is not None
        else "".join(f"<row>{''.join(map(_xlsx_cell, row))}</row>" for row in table)
    )
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, part in _WORKBOOK.items():
            folder.writestr(name, part)
        folder.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>',
        )
    return packed.getvalue()


def send(
    editor: httpx.Client, body: bytes, format_: str = "csv", kind: str = "district", **headers: str
) -> httpx.Response:
    """What an editor gets for a file."""
    return editor.post(
        f"/imports?kind={kind}&filename=rows.{format_}",
        content=body,
        headers={"Content-Type": TYPES[format_], **headers},
    )


def plan(
    editor: httpx.Client, rows: Sequence[Json], kind: str = "district", format_: str = "ndjson"
) -> httpx.Response:
    """The plan for rows."""
    answer = send(editor, as_file(rows, format_), format_, kind)
    assert answer.status_code == 201, answer.text
    return answer


def commit(editor: httpx.Client, planned: httpx.Response, **asked: Any) -> httpx.Response:
    """What an editor gets who has read the plan and commits it."""
    return editor.post(
        f"/imports/{planned.json()['data']['id']}/commit", json=asked, headers=seen(planned)
    )


def rows_of(editor: httpx.Client, planned: httpx.Response, **query: Any) -> list[Json]:
    """What each row would do."""
    found: list[Json] = (
        editor.get(f"/imports/{planned.json()['data']['id']}/rows", params=query)
        .raise_for_status()
        .json()["data"]
    )
    return found


def results(editor: httpx.Client, planned: httpx.Response) -> list[tuple[str, str, list[str]]]:
    """Slug, result and reason codes of each row."""
    return [
        (row["slug"], row["result"], [fault["code"] for fault in row["faults"]])
        for row in rows_of(editor, planned)
    ]


def many_districts(rows: int) -> bytes:
    """So many new districts, none of which looks like another."""
    table = (
        [f"many-{n}-or", f"{4_120_000 + n}", f"Many {n}", "OR", "Salem", str(n)]
        for n in range(rows)
    )
    return as_csv([["slug", "nces_leaid", "name", "state", "city", "problem"], *table])


def count(database: Database, table: str, where: str = "1 = 1") -> int:
    """How many rows a table has."""
    with database.reading() as session:
        return int(
            session.connection()
            .execute(text(f"SELECT count(*) FROM {table} WHERE {where}"))
            .scalar_one()
        )


def wait_until_planned(editor: httpx.Client, planned: httpx.Response) -> httpx.Response:
    """The plan when it is ready."""
    progress = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while planned.json()["data"]["state"] == "planning":
        assert time.monotonic() < deadline, f"not planned within {PATIENCE_SECONDS} s"
        time.sleep(0.05)
        planned = editor.get(f"/imports/{planned.json()['data']['id']}").raise_for_status()
        progress.append(planned.json()["data"]["rows_seen"])
    assert progress == sorted(progress)
    return planned


def _cell(value: Any) -> Any:
    if isinstance(value, list) and value:
        return "|".join(value) if isinstance(value[0], str) else json.dumps(value)
    return "" if value is None or value == [] else value


def _xlsx_cell(value: Any) -> str:
    if isinstance(value, int | float):
        return f"<c><v>{value!r}</v></c>"
    return (
        f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
        if value
        else "<c/>"
    )
