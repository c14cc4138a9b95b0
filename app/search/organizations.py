"""The published case studies that name an organization as a partner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pyroaring import BitMap
from sqlmodel import Session

from app.catalog import entry
from app.errors import Refusal
from app.search.index import Index
from app.search.postings import numbers_of

KIND = "organization"
MOST_CASES = 100  # listed with an organization; the search has all of them


@dataclass(frozen=True, slots=True)
class Partnerships:
    """How many case studies and districts name an organization, and the first of the cases."""

    case_studies: int
    districts: int
    slugs: Sequence[str]  # of case studies: strongest evidence first, then the newest


def partnerships(index: Index, slug: str) -> Partnerships:
    """The case studies and districts that name an organization."""
    cases, districts = index.collections["case-study"], index.collections["district"]
    members = cases.facets["partner"].get(slug, BitMap())
    numbers = numbers_of(members)
    in_order = numbers[cases.orders["relevance"].ranks(numbers).argsort()]
    return Partnerships(
        case_studies=len(members),
        districts=len(districts.facets["partner"].get(slug, ())),
        slugs=[cases.slugs[number] for number in in_order[:MOST_CASES].tolist()],
    )


def refusal(session: Session, slug: str, nearest: Sequence[str]) -> Refusal:
    """Why there is no such organization: renamed, withdrawn, or never there."""
    public = entry.find(session, KIND, slug)
    return entry.no_longer_public(public) if public else entry.not_found(KIND, slug, nearest)


def case_lines(session: Session, slugs: Sequence[str], organization: str) -> list[dict[str, Any]]:
    """Case studies in short, each with what the organization does in it, in this order.

    One that was withdrawn just now is left out.
    """
    if not slugs:
        return []
    texts = entry.stream_documents(session, "case-study", frozenset(slugs))
    documents = {document["slug"]: document for document in map(orjson.loads, texts)}
    return [_case_line(documents[slug], organization) for slug in slugs if slug in documents]


def _case_line(document: Mapping[str, Any], organization: str) -> dict[str, Any]:
    return {
        "slug": document["slug"],
        "title": document["title"],
        "states": [state["value"] for state in document["states"]],
        "evidence": document["evidence"],
        "roles": [
            {"name": partner["name"], "role": partner["role"]}
            for partner in document["partners"]
            if partner["organization"] == organization
        ],
        "url": document["url"],
    }
