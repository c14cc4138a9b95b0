"""/about and /codebook: what the directory is, and what every table and column means."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from app.research import formats, parquet
from app.research.codebook import Filling, Fillings
from app.research.tables import TABLES
from app.search.filters import NOT_STATED
from app.search.index import Index
from app.settings import Settings
from app.site import marks, structured_data
from app.site.page import JSON, Alternate, Page, respond, unknown_parameters
from app.web.state import resource

router = APIRouter()


@router.get("/about")
async def about(request: Request) -> Response:
    """What this is, how evidence is labeled, and where figures come from."""
    index, settings = resource(request, Index), resource(request, Settings)
    await index.follow()
    values = {
        "case_studies": len(index.collections["case-study"]),
        "districts": len(index.collections["district"]),
        "designs": [
            (marks.study(index.vocabulary, term.code), term.record.get("definition") or "")
            for term in index.vocabulary.terms("evidence")
            if term.code != NOT_STATED
        ],
        "revision": index.revision,
        "contact_email": settings.contact_email,
    }
    page = Page(
        "about.html",
        "About the directory",
        "/about",
        "What Model Districts is, how it labels evidence, where its figures come from, and how to "
        "cite and correct it.",
        "about",
        values,
        ignored=unknown_parameters(request),
        structured_data=[structured_data.data_set(settings.base_url, index)],
    )
    return respond(request, page)


@router.get("/codebook")
async def codebook_page(request: Request) -> Response:
    """Every table and column of the exports."""
    index = resource(request, Index)
    await index.follow()
    fillings = await run_in_threadpool(resource(request, Fillings).newest)
    page = Page(
        "codebook.html",
        "Codebook",
        "/codebook",
        "Every table and column of the exports: meaning, type, unit, vocabulary and how often it is "
        "filled.",
        "about",
        {"tables": [_table(name, fillings[name]) for name in TABLES]},
        alternates=[Alternate(JSON, "JSON", "/v1/codebook")],
        ignored=unknown_parameters(request),
        structured_data=[structured_data.data_set(resource(request, Settings).base_url, index)],
    )
    return respond(request, page)


def _table(name: str, filling: Filling) -> dict[str, Any]:
    table = TABLES[name]
    return {
        "name": name,
        "rows_are": table.rows_are,
        "rows": filling.rows,
        "key": table.key,
        "references": table.references,
        "files": [
            (format_, f"/v1/exports/{name}.{format_}")
            for format_ in formats.formats_of(table)
            if format_ != "parquet" or parquet.is_available()
        ],
        "columns": [
            (column, round(100 * filling.filled[column.name] / filling.rows) if filling.rows else 0)
            for column in table.columns
        ],
    }
