"""/compare: case studies side by side. What they share stands in one row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from app.catalog.vocabulary import Vocabulary
from app.search.filters import NOT_STATED
from app.search.index import Index
from app.site import marks
from app.site.cards import card_of
from app.site.display import figure, listed
from app.site.marks import Mark
from app.site.page import JSON, Alternate, Page, respond, unknown_parameters
from app.web.state import resource

router = APIRouter()
ADDRESS = "/compare"
MOST = 4  # case studies side by side
Card = dict[str, Any]


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
async def compare(request: Request) -> Response:
    """The case studies that `slug` names, commas between them or given several times."""
    index = resource(request, Index)
    await index.follow()
    texts = request.query_params.getlist("slug")
    slugs = list(dict.fromkeys(filter(None, ",".join(texts)[:2000].split(","))))
    cards = [card for slug in slugs[:MOST] if (card := card_of(index, "case-study", slug))]
    shown = [card["slug"] for card in cards]
    page = Page(
        "compare.html",
        "Compare case studies",
        f"{ADDRESS}?slug={','.join(shown)}" if shown else ADDRESS,
        "Case studies of community school districts side by side.",
        "cases",
        {
            "cards": cards,
            "rows": _rows(cards, index.vocabulary) if cards else [],
            "unknown": [slug[:80] for slug in slugs[:MOST] if slug not in shown],
            "left_out": max(0, len(slugs) - MOST),
            "most": MOST,
        },
        alternates=[
            Alternate(JSON, "JSON", f"/v1/case-studies?slug={','.join(shown)}"),
        ]
        if shown
        else [],
        ignored=unknown_parameters(request, ("slug",)),
    )
    return respond(request, page)


def _rows(cards: Sequence[Card], vocabulary: Vocabulary) -> list[Row]:
    def row(label: str, cell: Callable[[Card], Cell]) -> Row:
        return Row(label, [cell(card) for card in cards])

    return [
        row("Where", lambda card: Cell(listed([state["label"] for state in card["states"]]))),
        row(
            "Kind of place",
            lambda card: Cell(marks=[marks.place(vocabulary, code) for code in card["rurality"]]),
        ),
        row("Students, largest district", lambda card: Cell(_students(card))),
        row("Began", lambda card: Cell(str(card["started_year"] or ""))),
        row("Model", lambda card: Cell(listed([model["label"] for model in card["models"]]))),
        row("Strongest evidence", lambda card: Cell(marks=_study(card, vocabulary))),
        *_outcome_rows(cards, vocabulary),
        *_term_rows("Strategies", cards, "strategies"),
        *_term_rows("Topics", cards, "topics"),
    ]


def _students(card: Card) -> str:
    counts = [row["enrollment"]["value"] for row in card["districts"] if row["enrollment"]]
    return figure(max(counts)) if counts else ""


def _study(card: Card, vocabulary: Vocabulary) -> list[Mark]:
    return [marks.study(vocabulary, card["evidence"])] if card["evidence"] else []


def _outcome_rows(cards: Sequence[Card], vocabulary: Vocabulary) -> list[Row]:
    """A row for each indicator: how it changed, as the source says, and the design of the study."""
    labels = {line["indicator"]: line["label"] for card in cards for line in card["outcomes"]}
    rows = []
    for indicator, label in labels.items():
        lines = [
            next((line for line in card["outcomes"] if line["indicator"] == indicator), None)
            for card in cards
        ]
        cells = [Cell(_outcome(line, vocabulary)) if line else Cell() for line in lines]
        rows.append((sum(line is not None for line in lines), Row(label, cells)))
    return _grouped("Outcomes, as sources state them", rows)


def _outcome(line: dict[str, Any], vocabulary: Vocabulary) -> str:
    study = vocabulary.label("evidence", line["evidence"])
    if line["direction"] == NOT_STATED:
        return f"Reported ({study.lower()})"
    return f"{vocabulary.label('direction', line['direction'])} ({study.lower()})"


def _term_rows(group: str, cards: Sequence[Card], name: str) -> list[Row]:
    """A row for each term that several have, and one for what each has alone."""
    labels = {term["value"]: term["label"] for card in cards for term in card[name]}
    owners = {
        code: [any(term["value"] == code for term in card[name]) for card in cards]
        for code in labels
    }
    shared = [
        (sum(has), Row(labels[code], [Cell("yes" if each else "") for each in has]))
        for code, has in owners.items()
        if sum(has) > 1
    ]
    own = [
        sorted(labels[code] for code, has in owners.items() if sum(has) == 1 and has[place])
        for place in range(len(cards))
    ]
    alone = Row("Only here", [Cell(terms=terms) for terms in own])
    return _grouped(group, [*shared, *([(0, alone)] if any(own) else [])])


def _grouped(group: str, rows: Iterable[tuple[int, Row]]) -> list[Row]:
    """Rows under a heading: those that most of them share come first."""
    in_order = [row for _, row in sorted(rows, key=lambda pair: (-pair[0], pair[1].label))]
    return [
        Row(row.label, row.cells, group if place == 0 else "") for place, row in enumerate(in_order)
    ]
