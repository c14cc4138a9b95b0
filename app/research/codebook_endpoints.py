"""GET /v1/codebook: what every table and column means, in words and as JSON Schema."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response
from pydantic import Field, RootModel
from starlette.concurrency import run_in_threadpool

from app.catalog.provenance import Provenance, provenance
from app.catalog.shapes import Public
from app.errors import NotFound
from app.records.spelling import nearest
from app.research import formats, shapes
from app.research.codebook import Fillings
from app.research.tables import TABLES
from app.search.index import Index
from app.settings import Settings
from app.web.cached_response import CachedResponse
from app.web.parameters import refuse_unknown
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()
DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_NAME = 60  # characters of a name that are sent back


class ColumnMeaning(Public):
    """A column of a table."""

    name: str = Field(description="Name of the column.")
    type: str = Field(description="string, integer, number, boolean or datetime.")
    is_list: bool = Field(description="Whether a cell holds several values.")
    description: str = Field(description="What the values mean.")
    unit: str | None = Field(description="Unit of the values; null where they have none.")
    vocabulary: str | None = Field(
        description="Vocabulary that the values are terms of; null for free values."
    )
    filled: int = Field(description="Number of rows with a value.")


class TableReference(Public):
    """Columns that name a row of another table."""

    columns: list[str] = Field(description="Columns of this table.")
    table: str = Field(description="The other table.")
    referred: list[str] = Field(description="Columns of the other table with the same values.")


class TableMeaning(Public):
    """A table with its columns."""

    name: str = Field(description="Name of the table.")
    description: str = Field(description="What a row is.")
    formats: list[str] = Field(description="Formats that it comes in.")
    link: str = Field(description="Path of the table as CSV.")
    schema_link: str = Field(description="Path of the JSON Schema of what JSON and NDJSON list.")
    rows: int = Field(description="Number of rows.")
    key: list[str] = Field(description="Columns whose values together name a row.")
    references: list[TableReference] = Field(description="How it joins other tables.")
    columns: list[ColumnMeaning] = Field(description="Its columns, in their order.")


class JsonSchema(RootModel[dict[str, Any]]):
    """A document in JSON Schema (2020-12)."""


class CodebookAnswer(Public):
    """Every table and column."""

    data: list[TableMeaning] = Field(description="The tables.")
    meta: Provenance = Field(description="Revision, license and citation.")


@router.get(
    "/v1/codebook",
    tags=["exports"],
    summary="Read what every column means",
    operation_id="get_codebook",
    response_model=CodebookAnswer,
    response_description="The tables with their columns.",
    responses=responses(400, 406, 429),
)
async def get_codebook(request: Request) -> Response:
    """Every table of the exports with its key, how it joins other tables, and of each column the
    meaning, type, unit, vocabulary and number of rows with a value."""
    refuse_unknown(request, ())
    index = resource(request, Index)
    await index.follow()
    revision, updated_at = index.revision, index.updated_at
    fillings = await run_in_threadpool(resource(request, Fillings).newest)
    data = [
        {
            "name": table.name,
            "description": f"All {table.rows_are}.",
            "formats": formats.formats_of(table),
            "link": f"/v1/exports/{table.name}.csv",
            "schema_link": _schema_path(table.name),
            "rows": fillings[table.name].rows,
            "key": table.key,
            "references": table.references,
            "columns": [
                {
                    "name": column.name,
                    "type": column.type,
                    "is_list": column.is_list,
                    "description": column.description,
                    "unit": column.unit,
                    "vocabulary": column.vocabulary,
                    "filled": fillings[table.name].filled[column.name],
                }
                for column in table.columns
            ],
        }
        for table in TABLES.values()
    ]
    address = f"{resource(request, Settings).base_url}/v1/codebook"
    meta = provenance(revision, updated_at, "codebook", address)
    body = orjson.dumps({"data": data, "meta": meta}, option=orjson.OPT_UTC_Z)
    return CachedResponse(body, key="codebook", by_revision=True)


@router.get(
    "/v1/codebook/{table}/schema",
    tags=["exports"],
    summary="Read the JSON Schema of a table",
    operation_id="get_table_schema",
    response_model=JsonSchema,
    response_description="The JSON Schema.",
    responses=responses(400, 404, 406, 429),
)
def get_table_schema(
    request: Request,
    table: Annotated[str, Path(description="Name of the table.", examples=["outcomes"])],
) -> Response:
    """The JSON Schema (2020-12) of one line of the table's NDJSON, and of each item of its JSON: a whole
    case study or district, else a row. A 404 names similar tables."""
    refuse_unknown(request, ())
    if table not in TABLES:
        detail = f"There is no table {table[:MAX_NAME]!r}."
        raise NotFound(detail, nearest=nearest(table[:MAX_NAME], TABLES))
    address = f"{resource(request, Settings).base_url}{_schema_path(table)}"
    schema = shapes.document(TABLES[table]).model_json_schema()
    return CachedResponse(orjson.dumps({"$schema": DIALECT, "$id": address, **schema}))


def _schema_path(table: str) -> str:
    return f"/v1/codebook/{table}/schema"
