"""The published case studies that name an organization as a partner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap

from app.search.index import Index
from app.search.postings import numbers_of

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


def case_line(document: Mapping[str, Any], organization: str) -> dict[str, Any]:
    """A case study in short, with what the organization does in it."""
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
