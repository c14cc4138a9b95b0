"""/strategies, and the pages of one strategy or one topic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from app.catalog.vocabulary import Term
from app.database import Database
from app.errors import NotFound
from app.records.wording import counted
from app.search.index import Index
from app.site import terms
from app.site.gathered import (
    Card,
    Json,
    by_strength,
    documents_of,
    measured,
    members,
    strategies_of,
    strongest_first,
)
from app.site.hits import Hit, case_study_hit
from app.site.outcomes import directions
from app.site.page import CSV, JSON, Alternate, Page, feed, respond, unknown_parameters
from app.web.state import resource

router = APIRouter()
CASES = ("case study", "case studies")


@dataclass(frozen=True, slots=True)
class DefinedTerm:
    """A term in the list of all strategies."""

    label: str
    address: str
    definition: str
    count: int


@router.get("/strategies")
async def strategies(request: Request) -> Response:
    """Every strategy by pillar, with its definition."""
    index = resource(request, Index)
    await index.follow()
    pillars = []
    for pillar in index.vocabulary.terms("pillar"):
        own = [
            _defined(index, term)
            for term in index.vocabulary.terms("strategy")
            if term.record["pillar"] == pillar.code
        ]
        pillars.append((pillar.code, pillar.label, pillar.record.get("definition") or "", own))
    page = Page(
        "strategies.html",
        "Strategies",
        "/strategies",
        "What community school districts do, by pillar, with definitions and case studies.",
        "strategies",
        {"pillars": pillars},
        alternates=[
            Alternate(JSON, "JSON", "/v1/strategies"),
            Alternate(CSV, "CSV", "/v1/exports/strategies.csv"),
        ],
        ignored=unknown_parameters(request),
    )
    return respond(request, page)


@router.get("/strategies/{slug}")
async def strategy(request: Request, slug: str) -> Response:
    """One strategy: what it means, who did it, and with what."""
    return await _term(request, "strategy", slug)


@router.get("/topics/{slug}")
async def topic(request: Request, slug: str) -> Response:
    """One topic: what it means, and who worked on it."""
    return await _term(request, "topic", slug)


async def _term(request: Request, name: str, slug: str) -> Response:
    index = resource(request, Index)
    await index.follow()
    term = index.vocabulary.terms_by_code(name).get(slug)
    if term is None:
        nearest = index.vocabulary.nearest(name, slug[:100])
        raise NotFound(f"No {name} is called {slug[:100]!r}.", nearest=nearest)
    collection = index.collections["case-study"]
    cards = strongest_first(collection, members(index, name, slug))
    documents = await run_in_threadpool(documents_of, resource(request, Database), cards)
    search = f"{name}={slug}"
    page = Page(
        "term.html",
        term.label,
        terms.address(name, slug),
        f"{term.label}: {counted(len(cards), *CASES)} of community school districts.",
        "strategies",
        {
            "term": term,
            "crumbs": _crumbs(index, name, term),
            "total": len(cards),
            "strengths": [
                (strength.mark, [_hit(each, documents, index) for each in strength.cards])
                for strength in by_strength(cards, index.vocabulary)
            ],
            "measured": measured([*documents.values()], index.vocabulary),
            "together": strategies_of(cards, without=slug),
            "search": f"/case-studies?{search}",
            "map": f"/map?{search}",
        },
        alternates=[
            Alternate(JSON, "JSON", f"/v1/case-studies?{search}"),
            Alternate(CSV, "CSV", f"/v1/exports/case-studies.csv?{search}"),
            feed(search),
        ],
        ignored=unknown_parameters(request),
    )
    return respond(request, page)


def _hit(case: Card, documents: Mapping[str, Json], index: Index) -> tuple[Hit, str]:
    """A case study, and how the outcomes of its strongest design changed."""
    outcomes = documents[case["slug"]]["outcomes"] if case["slug"] in documents else []
    own = [outcome for outcome in outcomes if outcome["design"] == case["evidence"]]
    return case_study_hit(case, index.vocabulary), "".join(directions(own, index.vocabulary))


def _crumbs(index: Index, name: str, term: Term) -> list[tuple[str, str]]:
    if name == "topic":
        return [("Case studies", "/case-studies")]
    pillar: Any = term.record["pillar"]
    label = index.vocabulary.label("pillar", pillar)
    return [("Strategies", "/strategies"), (label, f"/strategies#{pillar}")]


def _defined(index: Index, term: Term) -> DefinedTerm:
    return DefinedTerm(
        term.label,
        terms.address("strategy", term.code),
        term.record.get("definition") or "",
        len(members(index, "strategy", term.code)),
    )
