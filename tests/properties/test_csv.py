"""Whatever a record holds comes out of a table as it went in: CSV and XLSX, written and read."""

import io
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from importing import as_csv, as_xlsx

from app.desk.imports.column_names import fields_of
from app.desk.imports.files import read_file
from app.desk.imports.plans import Planned
from app.desk.imports.templates import refused_csv, to_cells
from app.records.kinds import KINDS
from app.records.stored_text import mark_meaning, normalize

pytestmark = pytest.mark.slow

Json = dict[str, Any]

# No NUL and no half of a pair, which no record holds; nothing that XML cannot say. White space around is taken off.
texts = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff")
    | st.sampled_from('\n\t",;|[]'),
    min_size=1,
)
# A mark for a missing value, such as "N/A", is refused in a cell, so no record holds one alone.
# Nor does one hold text of invisible characters alone.
words = texts.map(lambda text: normalize(text).strip()).filter(
    lambda text: text and mark_meaning(text) is None
)
slugs = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True).filter(
    lambda slug: len(slug) <= 200
)
figures = st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: value + 0.0)
short = words.filter(lambda text: len(text) <= 200)
# The mark of a footnote is taken off a name.
names = short.filter(lambda text: text == text.strip("*\u2020\u2021 "))
districts = st.fixed_dictionaries(
    {"slug": slugs, "name": names, "state": st.sampled_from(["ID", "OR"])},
    optional={
        "nces_leaid": st.from_regex("[0-9]{7}", fullmatch=True),
        "city": short,
        "enrollment": st.integers(0, 10_000_000),
        "latitude": st.floats(-90, 90, allow_nan=False).map(lambda value: value + 0.0),
        "aliases": st.lists(short, max_size=5),
    },
)
sources = st.fixed_dictionaries(
    {
        "id": st.from_regex("[a-z][a-z0-9]{0,9}", fullmatch=True),
        "title": short,
        "publisher": short,
        "url": st.just("https://example.org/?a=|"),
        "kind": slugs,
    }
)
cases = st.fixed_dictionaries(
    {"slug": slugs, "title": short},
    optional={
        "summary": short,
        "approach": words,
        "aliases": st.lists(short, max_size=5),
        "districts": st.lists(slugs, max_size=4),
        "scale": st.lists(
            st.fixed_dictionaries(
                {
                    "measure": short,
                    "value": figures,
                    "unit": st.just("schools"),
                    "source": st.just("s1"),
                }
            ),
            max_size=3,
        ),
        "sources": st.lists(sources, max_size=3),
    },
)


def read(body: bytes, kind: str, format_: str) -> Json:
    """The one row of a file, without what it does not say."""
    [row] = read_file(io.BytesIO(body), kind, format_).rows
    assert row.faults == ()
    return said(kind, row.document)


def said(kind: str, document: Json) -> Json:
    """A row as a record's shape takes it."""
    given = {name: value for name, value in document.items() if value is not None}
    return KINDS[kind].shape.model_validate(given).model_dump(mode="json")


def check(kind: str, document: Json) -> None:
    """One record through each kind of table."""
    table = [fields_of(kind), to_cells(kind, document, fields_of(kind))]
    assert read(as_csv(table), kind, "csv") == said(kind, document)
    assert read(as_xlsx(table), kind, "xlsx") == said(kind, document)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(districts)
@example({"slug": "a", "name": "[", "state": "ID", "aliases": ["[", "a|b", "|"]})
@example({"slug": "a", "name": "=1+1", "state": "ID", "latitude": 1e-7})
def test_a_district_comes_out_of_a_table_as_it_went_in(document: Json) -> None:
    check("district", document)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases)
def test_a_case_study_comes_out_of_a_table_as_it_went_in(document: Json) -> None:
    check("case-study", document)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(districts, words), min_size=1, max_size=5))
def test_refused_rows_are_read_again_as_they_were_sent(rows: list[tuple[Json, str]]) -> None:
    refused = [
        Planned(
            "1",
            number,
            f"line {number}",
            "",
            "refused",
            None,
            None,
            orjson.dumps([{"detail": problem}]).decode(),
            "[]",
            "[]",
            "[]",
            "[]",
            orjson.dumps(document).decode(),
        )
        for number, (document, problem) in enumerate(rows, 1)
    ]
    file = "".join(refused_csv("district", lambda: refused)).encode()
    assert [
        said("district", row.document)
        for row in read_file(io.BytesIO(file), "district", "csv").rows
    ] == [said("district", document) for document, _ in rows]
