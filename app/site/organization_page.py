"""/organizations/{slug}: an organization, and what it does in the case studies that name it."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.catalog import entry
from app.database import Database
from app.records.wording import counted
from app.search.index import Index
from app.search.organizations import KIND, case_lines, partnerships, refusal
from app.site import marks
from app.site.page import CSV, JSON, Alternate, Page, feed, respond, unknown_parameters
from app.web.state import resource

router = APIRouter()


@router.get("/organizations/{slug}")
def organization(request: Request, slug: str) -> Response:
    """The organization with its case studies."""
    index, database = resource(request, Index), resource(request, Database)
    with index.reading():
        term = index.vocabulary.terms_by_code(KIND).get(slug)
        nearest = index.vocabulary.nearest(KIND, slug[: entry.MAX_SLUG]) if term is None else []
        named = partnerships(index, slug)
    with database.reading() as session:
        if term is None:
            raise refusal(session, slug, nearest)
        lines = case_lines(session, named.slugs, slug)
    with index.reading():
        page = _page(request, index, term.label, slug, lines, term.record, named.case_studies)
    return respond(request, page)


def _page(
    request: Request,
    index: Index,
    name: str,
    slug: str,
    lines: list[dict[str, Any]],
    record: dict[str, Any],
    total: int,
) -> Page:
    vocabulary = index.vocabulary
    return Page(
        "organization.html",
        name,
        f"/organizations/{slug}",
        f"{name}: its part in {counted(total, 'case study', 'case studies')} of community school "
        "districts.",
        "cases",
        {
            "name": name,
            "type": vocabulary.label("partner-type", record.get("type") or ""),
            "aliases": record.get("aliases") or [],
            "website": record.get("website"),
            "total": total,
            "lines": [
                line
                | {
                    "address": f"/case-studies/{line['slug']}",
                    "where": [vocabulary.label("state", code) for code in line["states"]],
                    "study": marks.study(vocabulary, line["evidence"])
                    if line["evidence"]
                    else None,
                }
                for line in lines
            ],
            "search": f"/case-studies?partner={slug}",
        },
        alternates=[
            Alternate(JSON, "JSON", f"/v1/organizations/{slug}"),
            Alternate(CSV, "CSV", f"/v1/exports/case-studies.csv?partner={slug}"),
            feed(f"partner={slug}"),
        ],
        ignored=unknown_parameters(request),
    )
