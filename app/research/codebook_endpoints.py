"""GET /v1/codebook, and the data package of all tables."""

import hashlib
from collections.abc import Iterator
from os import SEEK_END
from typing import IO

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from app.catalog.as_of import PARAMETER as AS_OF
from app.catalog.provenance import LICENSE, Provenance, provenance
from app.catalog.shapes import Public
from app.clock import now
from app.database import Database
from app.research import codebook, formats, package
from app.research.tables import TABLES
from app.search.index import Index
from app.search.past_indexes import PastIndexes
from app.settings import Settings
from app.web.cached_response import CachedResponse
from app.web.conditional import (
    CACHE_CONTROL,
    PERMANENT,
    http_date,
    is_not_modified,
    last_modified,
)
from app.web.parameters import openapi, read_parameters, refuse_unknown
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()
CHUNK = 256 * 1024  # bytes


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
    rows: int = Field(description="Number of rows.")
    key: list[str] = Field(description="Columns whose values together name a row.")
    references: list[TableReference] = Field(description="How it joins other tables.")
    columns: list[ColumnMeaning] = Field(description="Its columns, in their order.")


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
    fillings = await run_in_threadpool(codebook.fillings, resource(request, Database), index)
    data = [
        {
            "name": table.name,
            "description": f"All {table.rows_are}.",
            "formats": formats.formats_of(table),
            "link": f"/v1/exports/{table.name}.csv",
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
    f"/v1/exports/{package.NAME}.zip",
    tags=["exports"],
    summary="Export everything as a data package",
    operation_id="export_package",
    response_class=Response,
    responses={
        200: {
            "description": "The data package.",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **responses(400, 406, 422, 429, 503),
    },
    openapi_extra=openapi((AS_OF,)),
)
async def export_package(request: Request) -> Response:
    """Every table as CSV in one ZIP file with `datapackage.json`, a Frictionless Data Package:
    types, units, keys, license and how the tables join."""
    read_parameters(request, (AS_OF,))
    as_of = request.query_params.get(AS_OF.name, "")
    index = await resource(request, PastIndexes).at(as_of)
    revision = index.revision
    headers = _package_headers(request, index)
    modified_since = request.headers.get("if-modified-since", "")
    none_match = request.headers.get("if-none-match", "")
    if is_not_modified(none_match, modified_since, headers["ETag"], index.updated_at):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{package.NAME}-{index.revision}.zip"'
    base_url = resource(request, Settings).base_url
    file = await run_in_threadpool(
        package.write,
        resource(request, Database),
        index,
        base_url=base_url,
        revision=revision if as_of else None,
    )
    headers["Content-Length"] = str(file.seek(0, SEEK_END))
    file.seek(0)
    return StreamingResponse(_chunks(file), media_type="application/zip", headers=headers)


def _package_headers(request: Request, index: Index) -> dict[str, str]:
    as_of = request.query_params.get(AS_OF.name, "")
    seed = f"{request.app.version} {index.revision} {package.NAME} {'as of' if as_of else ''}"
    modified_at, _ = last_modified(index.updated_at, now())
    address = f"{resource(request, Settings).base_url}{request.url.path}"
    permanent = f"{address}?{AS_OF.name}={index.revision}"
    return {
        "ETag": f'"{hashlib.blake2b(seed.encode(), digest_size=12).hexdigest()}"',
        "Last-Modified": http_date(modified_at),
        "Cache-Control": PERMANENT if as_of.isdigit() else CACHE_CONTROL,
        "Directory-Revision": str(index.revision),
        "Link": f'<{LICENSE["url"]}>; rel="license", <{permanent}>; rel="cite-as"',
    }


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
