"""A text that a spreadsheet program would take for a formula is text in our CSV files, and comes back as it was."""

import csv
import io

import httpx
import pytest
from importing import results, rows_of, send
from people import People, case_study, district, published
from seeding import SEED

from app.desk.imports.files import read_file
from app.records.csv_cells import as_text, as_written

pytestmark = [pytest.mark.one_database, pytest.mark.few_records]
FORMULAS = ('=HYPERLINK("https://evil.example","x")', "@SUM(1+1)", "+cmd|' /C calc'!A0", "-2+3")
STARTS = tuple("=@+-\t\r\n\uff1d\uff0b\uff0d\uff20")


def table(content: bytes) -> list[list[str]]:
    """The cells of a CSV file, as a spreadsheet program has them."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def is_text(cell: str) -> bool:
    """Whether a cell is no formula: a number may begin with its sign."""
    return not cell.lstrip(" ").startswith(STARTS) or cell.lstrip("-+").replace(".", "").isdigit()


@pytest.mark.slow
@pytest.mark.parametrize("formula", FORMULAS)
def test_a_public_export_holds_no_formula_and_an_import_takes_it_back(
    formula: str, people: People
) -> None:
    slug = f"formula-{FORMULAS.index(formula)}"
    published(
        people,
        district(
            f"{slug}-id",
            name=formula,
            longitude=-116.2,
            latitude=43.6,
            place_basis="office",
            place_source="U.S. Census",
        ),
        "districts",
    )
    published(people, case_study(slug, title=formula, summary=f"{formula} was done."))
    for path, name in (("districts", "name"), ("case-studies", "title")):
        answer = httpx.get(
            f"{people.service.url}/v1/exports/{path}.csv", timeout=60
        ).raise_for_status()
        header, *lines = table(answer.content)
        assert all(is_text(cell) for line in lines for cell in line)
        (line,) = (line for line in lines if line[0].startswith(slug))
        cell = line[header.index(name)]
        assert (cell, as_written(cell)) == (f"'{formula}", formula)
        if path == "districts":
            assert line[header.index("longitude")] == "-116.2"
    again = f'slug,name,state\n{slug}-id,"\'{formula.replace(chr(34), chr(34) * 2)}",ID\n'
    planned = send(people.ada, again.encode())
    assert results(people.ada, planned) == [(f"{slug}-id", "unchanged", [])]


@pytest.mark.slow
def test_refused_rows_hold_no_formula_and_come_back_as_they_were(people: People) -> None:
    rows = "".join(f'"{f.replace(chr(34), chr(34) * 2)}",=1+1,ID\n' for f in FORMULAS)
    planned = send(people.ada, f"slug,name,state\n{rows}".encode())
    path = f"/imports/{planned.json()['data']['id']}/refused.csv"
    refused = people.ada.get(path).raise_for_status().content
    assert all(is_text(cell) for line in table(refused) for cell in line)
    documents = [row.document for row in read_file(io.BytesIO(refused), "district", "csv").rows]
    assert [document["slug"] for document in documents] == list(FORMULAS)
    assert {document["name"] for document in documents} == {"=1+1"}
    assert {row["result"] for row in rows_of(people.ada, send(people.ada, refused))} == {"refused"}


@pytest.mark.parametrize(
    "text",
    ["", "'", "''", "'=1", "''=1", " =1", "-", "'- a", "'okina", "-1", "+1,000.5", "-1e5", "a=1"],
)
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert as_written(as_text(text)) == text


def test_the_seed_has_no_text_that_would_be_changed() -> None:
    with (SEED / "districts.csv").open(encoding="utf-8", newline="") as file:
        assert all(
            as_text(cell) == cell == as_written(cell) for row in csv.reader(file) for cell in row
        )
