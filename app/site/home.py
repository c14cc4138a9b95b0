"""/: the front page."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from app.records.wording import counted
from app.search.filters import NOT_STATED
from app.search.index import Index
from app.search.results import find
from app.settings import Settings
from app.site import marks, structured_data, terms
from app.site.cards import card
from app.site.hits import Hit, case_study_hit
from app.site.map import national_map
from app.site.map_page import legend_links, state_addresses, state_names
from app.site.marks import Mark
from app.site.page import Alternate, Page, feed, respond, unknown_parameters
from app.site.terms import IndexEntry
from app.web.state import resource

router = APIRouter()
EXAMPLES = ("attendance in rural districts", "dental clinic at school", "chronic absence")
NEWEST = 6


@dataclass(frozen=True, slots=True)
class Pillar:
    """A pillar with its strategies."""

    label: str
    strategies: list[IndexEntry]


@dataclass(frozen=True, slots=True)
class Design:
    """A study design, and the case studies with an outcome from a study of it."""

    mark: Mark
    definition: str
    count: int
    address: str


@router.get("/")
async def home(request: Request) -> Response:
    """How much there is, and every way in."""
    index = resource(request, Index)
    await index.follow()
    case_studies = len(index.collections["case-study"])
    page = Page(
        "home.html",
        "What districts did, with whom, and what came of it",
        "/",
        f"{counted(case_studies, 'case study', 'case studies')} of US school districts that use the community school "
        "strategy, each claim with its source.",
        values=_values(index, case_studies),
        alternates=[Alternate("application/json", "JSON", "/v1"), feed()],
        ignored=unknown_parameters(request),
        structured_data=structured_data.directory(resource(request, Settings).base_url, index),
    )
    return respond(request, page)


def _values(index: Index, case_studies: int) -> dict[str, Any]:
    collection = index.collections["case-study"]
    states = index.vocabulary.terms("state")
    return {
        "case_studies": case_studies,
        "districts": len(index.collections["district"]),
        "examples": EXAMPLES,
        "states": terms.entries(index, "state", [(state.code, state.label) for state in states]),
        "pillars": _pillars(index),
        "designs": _designs(index),
        "without_outcome": len(collection.facets["evidence"].get(NOT_STATED, ())),
        "newest": _newest(index),
        **_map(index),
    }


def _map(index: Index) -> dict[str, Any]:
    collection, names = index.collections["case-study"], state_names(index.vocabulary)
    drawn = national_map([card(collection, number) for number in collection.all], names)
    everything = index.query("case-study", ())
    return {
        "map": drawn,
        "addresses": state_addresses(everything, list(names)),
        "legend": legend_links(drawn, everything, index.vocabulary),
    }


def _pillars(index: Index) -> list[Pillar]:
    strategies = index.vocabulary.terms("strategy")
    pillars = []
    for pillar in index.vocabulary.terms("pillar"):
        own = [
            (strategy.code, strategy.label)
            for strategy in strategies
            if strategy.record["pillar"] == pillar.code
        ]
        by_count = sorted(terms.entries(index, "strategy", own), key=lambda entry: -entry.count)
        pillars.append(Pillar(pillar.label, by_count))
    return pillars


def _designs(index: Index) -> list[Design]:
    facets = index.collections["case-study"].facets["evidence"]
    return [
        Design(
            marks.study(index.vocabulary, term.code),
            term.record.get("definition") or "",
            len(facets.get(term.code, ())),
            terms.address("evidence", term.code),
        )
        for term in index.vocabulary.terms("evidence")
        if term.code != NOT_STATED
    ]


def _newest(index: Index) -> list[Hit]:
    query = index.query(
        "case-study", [("sort", "-updated"), ("limit", str(NEWEST)), ("facets", "none")]
    )
    results = find(query, index)
    return [case_study_hit(hit.read_card(), index.vocabulary) for hit in results.hits]
