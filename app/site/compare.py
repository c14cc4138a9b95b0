"""/compare: case studies side by side. What they share stands in one row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from app.catalog import entry
from app.catalog.vocabulary import Vocabulary
from app.database import Database
from app.records.wording import listed
from app.search.index import Index
from app.site import marks
from app.site.display import figure
from app.site.marks import Mark
from app.site.outcomes import directions
from app.site.page import CSV, JSON, Alternate, Page, respond, unknown_parameters
from app.site.share_card import place_of
from app.web.state import resource

router = APIRouter()
ADDRESS = "/compare"
MOST = 4  # case studies side by side
Json = dict[str, Any]  # the document of a case study


@dataclass(frozen=True, slots=True)
class Cell:
    """What one case study has in a row: marks, terms or a text; none of them if nothing is stated."""

    text: str = ""
    marks: Sequence[Mark] = ()
    terms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """An attribute of all of them."""

    label: str
    cells: Sequence[Cell]
    group: str = ""  # the heading above it, where one begins


@router.get(ADDRESS)
def compare(request: Request) -> Response:
    """The case studies that `slug` names, commas between them or given several times."""
    texts = request.query_params.getlist("slug")
    slugs = list(dict.fromkeys(filter(None, ",".join(texts)[:2000].split(","))))
    with resource(request, Database).reading() as session:
        documents = {
            slug: orjson.loads(text)
            for slug, _, text in entry.documents(session, "case-study", slugs[:MOST])
        }
    cases = [documents[slug] for slug in slugs if slug in documents]
    shown = f"slug={','.join(case['slug'] for case in cases)}"
    index = resource(request, Index)
    with index.reading():
        rows = _rows(cases, index.vocabulary) if cases else []
    page = Page(
        "compare.html",
        "Compare case studies",
        f"{ADDRESS}?{shown}" if cases else ADDRESS,
        "Case studies of community school districts side by side.",
        "cases",
        {
            "cases": cases,
            "rows": rows,
            "unknown": [slug[:80] for slug in slugs[:MOST] if slug not in documents],
            "left_out": max(0, len(slugs) - MOST),
            "most": MOST,
        },
        alternates=[
            Alternate(JSON, "JSON", f"/v1/case-studies?{shown}"),
            Alternate(CSV, "CSV", f"/v1/exports/case-studies.csv?{shown}"),
        ]
        if cases
        else [],
        ignored=unknown_parameters(request, ("slug",)),
    )
    return respond(request, page)


def _rows(cases: Sequence[Json], vocabulary: Vocabulary) -> list[Row]:
    def row(label: str, cell: Callable[[Json], Cell]) -> Row:
        return Row(label, [cell(case) for case in cases])

    return [
        row("Where", lambda case: Cell(place_of(case))),
        row(
            "Kind of place",
            lambda case: Cell(marks=[marks.place(vocabulary, code) for code in case["rurality"]]),
        ),
        row("Students, largest district", lambda case: Cell(_students(case))),
        row("Began", lambda case: Cell(str(case["started_year"] or ""))),
        row("Model", lambda case: Cell(listed([model["label"] for model in case["models"]]))),
        row("Partners named", lambda case: Cell(_number(case["partners"]))),
        row("Money, where an amount is known", lambda case: Cell(terms=_money(case))),
        row("Strongest evidence", lambda case: Cell(marks=_study(case, vocabulary))),
        row("Outcomes reported", lambda case: Cell(_number(case["outcomes"]))),
        row("Sources", lambda case: Cell(_number(case["sources"]))),
        *_outcome_rows(cases, vocabulary),
        *_term_rows("Strategies", cases, "strategies"),
        *_term_rows("Topics", cases, "topics"),
    ]


def _students(case: Json) -> str:
    counts = [row["enrollment"]["value"] for row in case["districts"] if row["enrollment"]]
    return figure(max(counts)) if counts else ""


def _number(items: Sequence[Json]) -> str:
    return figure(len(items)) if items else ""


def _money(case: Json) -> list[str]:
    return [
        f"${figure(row['amount_usd'])}: {row['name']} ({row['year'] or 'no date'})"
        for row in case["funding"]
        if row["amount_usd"] is not None
    ]


def _study(case: Json, vocabulary: Vocabulary) -> list[Mark]:
    return [marks.study(vocabulary, case["evidence"])] if case["evidence"] else []


def _outcome_rows(cases: Sequence[Json], vocabulary: Vocabulary) -> list[Row]:
    """A row for each indicator: how its outcomes changed, as sources say, by study design."""
    labels = {
        outcome["indicator"]: outcome["label"] for case in cases for outcome in case["outcomes"]
    }
    rows = []
    for indicator, label in labels.items():
        own = [
            [outcome for outcome in case["outcomes"] if outcome["indicator"] == indicator]
            for case in cases
        ]
        cells = [Cell(terms=directions(outcomes, vocabulary)) for outcomes in own]
        rows.append((sum(map(bool, own)), Row(label, cells)))
    return _grouped("Outcomes, as sources state them", rows)


def _term_rows(group: str, cases: Sequence[Json], name: str) -> list[Row]:
    """A row for each term that several have, and one for what each has alone."""
    labels = {term["value"]: term["label"] for case in cases for term in case[name]}
    owners = {
        code: [any(term["value"] == code for term in case[name]) for case in cases]
        for code in labels
    }
    shared = [
        (sum(has), Row(labels[code], [Cell("yes" if each else "") for each in has]))
        for code, has in owners.items()
        if sum(has) > 1
    ]
    own = [
        sorted(labels[code] for code, has in owners.items() if sum(has) == 1 and has[place])
        for place in range(len(cases))
    ]
    alone = Row("Only here", [Cell(terms=terms) for terms in own])
    return _grouped(group, [*shared, *([(0, alone)] if any(own) else [])])


def _grouped(group: str, rows: Iterable[tuple[int, Row]]) -> list[Row]:
    """Rows under a heading: those that most of them share come first."""
    in_order = [row for _, row in sorted(rows, key=lambda pair: (-pair[0], pair[1].label))]
    return [
        Row(row.label, row.cells, group if place == 0 else "") for place, row in enumerate(in_order)
    ]
