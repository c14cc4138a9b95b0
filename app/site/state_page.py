"""/states/{usps}: the map of a state with its case studies, numbered as in the table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from app.database import Database
from app.errors import NotFound
from app.records.wording import counted
from app.search.index import Index
from app.site import marks, terms
from app.site.gathered import documents_of, measured, members, strategies_of, strongest_first
from app.site.map import placed_districts, state_map
from app.site.map_page import kind_mark
from app.site.marks import Mark
from app.site.page import CSV, JSON, Alternate, Page, feed, respond, unknown_parameters
from app.web.state import resource

router = APIRouter()
Card = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """A column that sorts the table."""

    name: str
    label: str
    key: Callable[[Card], Any] | None  # None: the order they come in, by strength of evidence
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its link sorts by it. `direction`: as aria-sort has it."""

    label: str
    address: str
    direction: str | None
    is_number: bool


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case study of the state. `number` is that on the map."""

    number: int
    title: str
    address: str
    places: list[Mark]
    study: Mark | None
    students: int | None
    began: int | None


@router.get("/states/{usps}")
async def state(request: Request, usps: str) -> Response:
    """The state by its USPS code, small as addresses are."""
    if usps != usps.lower():
        return RedirectResponse(terms.address("state", usps), status_code=308)
    index = resource(request, Index)
    await index.follow()
    code, vocabulary = usps.upper(), index.vocabulary
    term = vocabulary.terms_by_code("state").get(code)
    if term is None:
        nearest = [each.lower() for each in vocabulary.nearest("state", usps[:100])]
        raise NotFound(f"No state has the code {usps[:100]!r}.", nearest=nearest)
    order, descending = _order(request.query_params.get("sort", ""))
    cards = strongest_first(index.collections["case-study"], members(index, "state", code))
    documents = await run_in_threadpool(documents_of, resource(request, Database), cards)
    if order.key:
        cards.sort(key=order.key)
    if descending:
        cards.reverse()
    page = Page(
        "state.html",
        term.label,
        terms.address("state", code),
        f"{counted(len(cards), 'case study', 'case studies')} of community school districts in "
        f"{term.label}, on a map and as a table.",
        "map",
        {
            "state": term.label,
            "region": vocabulary.label("region", term.record.get("region") or ""),
            "total": len(cards),
            "map": state_map(code, placed_districts(cards)),
            "kind_mark": lambda kind: kind_mark(vocabulary, kind),
            "heads": _heads(terms.address("state", code), order, descending),
            "rows": [_row(number, each, index) for number, each in enumerate(cards, start=1)],
            "districts": _districts(cards, code),
            "measured": measured([*documents.values()], vocabulary),
            "strategies": strategies_of(cards) if cards else [],
            "search": f"/case-studies?state={code}",
        },
        alternates=[
            Alternate(JSON, "JSON", f"/v1/case-studies?state={code}"),
            Alternate(CSV, "CSV", f"/v1/exports/case-studies.csv?state={code}"),
            feed(f"state={code}"),
        ],
        ignored=unknown_parameters(request, ("sort",)),
    )
    return respond(request, page)


def _districts(cards: Iterable[Card], code: str) -> int:
    """How many districts of the state they name."""
    rows = (row for case in cards for row in case["districts"])
    return len({row["slug"] for row in rows if row["state"] == code})


def _students(case: Card) -> int | None:
    counts = [row["enrollment"]["value"] for row in case["districts"] if row["enrollment"]]
    return max(counts, default=None)


ORDERS = {
    order.name: order
    for order in (
        Order("title", "Case study", lambda case: case["title"].casefold()),
        Order("place", "Kind of place", lambda case: case["rurality"] or ["~"]),
        Order("evidence", "Evidence", None),
        Order("students", "Students", lambda case: _students(case) or -1, is_number=True),
        Order("began", "Began", lambda case: case["started_year"] or -1, is_number=True),
    )
}


def _order(sort: str) -> tuple[Order, bool]:
    """The column of `sort`, and whether it descends; by title where there is no such column."""
    order = ORDERS.get(sort.removeprefix("-"))
    return (order, sort.startswith("-")) if order else (ORDERS["title"], False)


def _heads(address: str, chosen: Order, descending: bool) -> list[Head]:
    heads = []
    for order in ORDERS.values():
        direction = None
        if order is chosen:
            direction = "descending" if descending else "ascending"
        turns = order is chosen and not descending
        # Figures are asked for from the largest.
        prefix = "-" if turns or (order.is_number and order is not chosen) else ""
        heads.append(
            Head(order.label, f"{address}?sort={prefix}{order.name}", direction, order.is_number)
        )
    return heads


def _row(number: int, case: Card, index: Index) -> CaseRow:
    vocabulary = index.vocabulary
    return CaseRow(
        number,
        case["title"],
        f"/case-studies/{case['slug']}",
        [marks.place(vocabulary, code) for code in case["rurality"]],
        marks.study(vocabulary, case["evidence"]) if case["evidence"] else None,
        _students(case),
        case["started_year"],
    )
