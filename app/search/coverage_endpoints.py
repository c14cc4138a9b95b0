"""GET /v1/coverage: how many case studies or districts the directory holds, by two facets."""

from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.catalog.provenance import Provenance, provenance
from app.catalog.shapes import Public
from app.records.kinds import KINDS, SEARCHABLE
from app.search.cross_tabs import Group, cross_tab
from app.search.filters import FEW_VALUED
from app.search.index import Index
from app.settings import Settings
from app.web.openapi import EXAMPLE_QUERY
from app.web.parameters import one_of, openapi, read_parameters
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()
PARAMETERS = (
    one_of("rows", FEW_VALUED, "Facet whose values make the rows. Default: state.", "state"),
    one_of(
        "columns",
        FEW_VALUED,
        "Facet whose values make the columns. Default: rurality.",
        "rurality",
    ),
    one_of("kind", SEARCHABLE, "What is counted. Default: case-study.", "case-study"),
)


class CoverageLabel(Public):
    """A value of a facet."""

    value: str | None = Field(description="Code of the value; null for entries that state none.")
    label: str = Field(description="Name to show.")
    total: int = Field(description="Entries with this value.")


class CoverageRow(CoverageLabel):
    """A value of the row facet, with its counts."""

    counts: list[int] = Field(description="Entries by column, in the order of `columns`.")


class CoverageTable(Public):
    """A cross-tab of two facets. An entry with several values counts under each of them. Of two
    facets of outcomes, a cell counts entries with one outcome that has both values."""

    rows_facet: str = Field(description="Facet of the rows.")
    columns_facet: str = Field(description="Facet of the columns.")
    columns: list[CoverageLabel] = Field(description="Every value of the column facet.")
    rows: list[CoverageRow] = Field(description="Every value of the row facet, zeros included.")
    missing: list[CoverageLabel] = Field(
        description="Values of the row facet of which the directory holds nothing yet."
    )
    total: int = Field(description="Entries counted, each once.")


class CoverageAnswer(Public):
    """What the directory holds, and what it lacks."""

    data: CoverageTable = Field(description="The cross-tab.")
    meta: Provenance = Field(description="Where the answer comes from, and how to cite it.")


@router.get(
    "/v1/coverage",
    tags=["vocabularies"],
    summary="See what the directory covers",
    operation_id="get_coverage",
    response_model=CoverageAnswer,
    response_description="The cross-tab.",
    responses=responses(400, 406, 422, 429),
    openapi_extra={**openapi(PARAMETERS), EXAMPLE_QUERY: "rows=region&columns=rurality"},
)
async def get_coverage(request: Request) -> Response:
    """Count case studies or districts by any two facets, zeros shown: where the directory knows
    of something, and where it knows of nothing yet."""
    values = {
        "rows": "state",
        "columns": "rurality",
        "kind": "case-study",
        **read_parameters(request, PARAMETERS),
    }
    index = resource(request, Index)
    await index.follow()
    rows, columns = values["rows"], values["columns"]
    collection = index.collections[values["kind"]]
    table = cross_tab(collection, index.vocabulary, (rows, columns), collection.all)
    address = f"{resource(request, Settings).base_url}/v1/coverage?{urlencode(values)}"
    what = f"{KINDS[values['kind']].plural} by {rows} and {columns}"
    data = {
        "rows_facet": rows,
        "columns_facet": columns,
        "columns": [_label(value) for value in table.columns],
        "rows": [
            _label(value) | {"counts": counts}
            for value, counts in zip(table.rows, table.counts, strict=True)
        ],
        "missing": [_label(value) for value in table.missing_rows],
        "total": table.total,
    }
    meta = provenance(index.revision, index.updated_at, what, address)
    body = orjson.dumps({"data": data, "meta": meta}, option=orjson.OPT_UTC_Z)
    return Response(body, media_type="application/json")


def _label(value: Group) -> dict[str, Any]:
    return {"value": value.code, "label": value.label, "total": value.total}
