"""Templates for imports: every column, and one record to be written over. And refused rows in the same form, to be fixed."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from app.desk.imports.cells import UNCHANGED, write_cell
from app.desk.imports.column_names import PROBLEM, fields_of
from app.desk.imports.plans import Planned
from app.records.csv_cells import as_text
from app.records.kinds import KINDS

CHUNK = 64 * 1024  # characters

EXAMPLES: dict[str, dict[str, Any]] = {
    "district": {
        "slug": "example-schools-oh",
        "nces_leaid": "3999999",
        "name": "Example Schools",
        "state": "OH",
        "city": "Example",
        "county": "Example County",
        "locale": "41",
        "locale_year": 2023,
        "locale_source": "NCES EDGE 2023-24",
        "enrollment": 1234,
        "enrollment_year": 2023,
        "enrollment_source": "NCES CCD LEA membership 2023-24",
        "schools": 4,
        "schools_year": 2023,
        "schools_source": "NCES CCD 2023-24",
        "latitude": 39.5,
        "longitude": -84.5,
        "place_basis": "city",
        "place_source": "GeoNames",
        "website": "https://www.example.org/",
        "aliases": ["ES", "Example City Schools"],
    },
    "case-study": {
        "slug": "example-schools-clinic-oh",
        "title": "A clinic at two Example schools",
        "initiative": "Example Community Schools",
        "state": "OH",
        "summary": "Two schools opened a clinic with the county in 2019. Chronic absence fell by 12 percent.",
        "challenge": "Families had far to go to a doctor. [^s1]",
        "approach": "The county and the district opened a clinic at two schools. [^s1]",
        "results": "Chronic absence fell by 12 percent. [^s1]",
        "lessons": "Its people say that a coordinator at each school comes first. [^s1]",
        "started_year": 2019,
        "started_year_source": "s1",
        "ended_year": 2024,
        "ended_year_source": "s1",
        "status": "ended",
        "status_year": 2024,
        "status_source": "s1",
        "setting": "town",
        "setting_source": "s1",
        "models": ["community-school"],
        "kinship": "named",
        "aliases": ["ECS"],
        "asked_as": ["doctor at school"],
        "topics": ["primary-care-at-school"],
        "districts": ["cincinnati-public-schools-oh"],
        "strategies": ["school-based-health-center", "site-coordinator"],
        "outcomes": [
            {
                "indicator": "chronic-absence",
                "finding": "Chronic absence fell by 12 percent",
                "value": -12,
                "qualifier": "about",
                "unit": "percent-change",
                "baseline": "2018-19",
                "baseline_value": None,
                "comparison": "the year before",
                "population": "students of two schools",
                "period": "2019-20",
                "design": "descriptive",
                "direction": "better",
                "source": "s1",
            }
        ],
        "scale": [
            {
                "measure": "schools with a clinic",
                "value": 2,
                "qualifier": None,
                "unit": "schools",
                "year": 2019,
                "source": "s1",
            }
        ],
        "context": [
            {
                "measure": "students who qualify for free or reduced-price meals",
                "value": 60,
                "qualifier": "more-than",
                "unit": "percent",
                "year": 2019,
                "source": "s1",
            }
        ],
        "funding": [
            {
                "name": "County health levy",
                "kind": "county",
                "amount_usd": 250000,
                "year": 2019,
                "source": "s1",
            }
        ],
        "partners": [
            {
                "name": "Example County",
                "organization": None,
                "type": "county-government",
                "role": "runs the clinic",
                "source": "s1",
            }
        ],
        "sources": [
            {
                "id": "s1",
                "title": "A clinic at school",
                "publisher": "Example County",
                "year": 2024,
                "url": "https://www.example.org/clinic",
                "kind": "report",
            }
        ],
    },
}


def to_cells(kind: str, document: dict[str, Any], columns: Iterable[str]) -> list[str]:
    """The cells of a record in these columns, none of them a formula."""
    fields = KINDS[kind].shape.model_fields
    return [as_text(write_cell(fields[name].annotation, document.get(name))) for name in columns]


def template(kind: str, format_: str) -> str:
    """A file of one example, as CSV or NDJSON."""
    if format_ == "ndjson":
        return orjson.dumps(EXAMPLES[kind], option=orjson.OPT_APPEND_NEWLINE).decode()
    columns = fields_of(kind)
    return "".join(_lines([columns, to_cells(kind, EXAMPLES[kind], columns)]))


def refused_csv(kind: str, rows: Callable[[], Iterable[Planned]]) -> Iterator[str]:
    """Refused rows as CSV, what is wrong with each in the first column, which is passed over when the file is sent again.

    It has the columns that were sent, and a cell that was not sent says UNCHANGED: an empty one
    would clear the field. `rows` is called twice, once for the columns. A byte order mark comes
    first: without one, spreadsheet programs take UTF-8 for something else.
    """

    def cells() -> Iterator[list[str]]:
        columns = _columns_sent(kind, rows())
        yield [f"\ufeff{PROBLEM}", *columns]
        for row in rows():
            document = orjson.loads(row.document)
            yield [as_text(_problem(kind, row, document)), *_cells_sent(kind, document, columns)]

    return _lines(cells())


def _columns_sent(kind: str, rows: Iterable[Planned]) -> list[str]:
    """The fields that a row names, and the slug, which faults ask for."""
    sent = {"slug"}
    for row in rows:
        sent.update(orjson.loads(row.document))
    return [name for name in fields_of(kind) if name in sent]


def _cells_sent(kind: str, document: dict[str, Any], columns: list[str]) -> Iterator[str]:
    for name, cell in zip(columns, to_cells(kind, document, columns), strict=True):
        yield cell if name in document or name == "slug" else UNCHANGED


def _problem(kind: str, row: Planned, document: dict[str, Any]) -> str:
    """What is wrong with a row, and what it says in fields that have no column."""
    faults = [
        f"{fault.get('pointer', '')}: {fault['detail']}".removeprefix(": ")
        for fault in orjson.loads(row.faults)
    ]
    without_column = {
        name: value for name, value in document.items() if name not in fields_of(kind)
    }
    if without_column:
        faults.append(f"Without a column: {orjson.dumps(without_column).decode()}")
    return f"{row.origin}: {'; '.join(faults)}"


def _lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """RFC 4180, in chunks."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > CHUNK:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
