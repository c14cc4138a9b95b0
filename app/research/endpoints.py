"""GET /v1/exports: the tables of what a search finds, in bulk, streamed, without a cap."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.catalog.as_of import PARAMETER as AS_OF
from app.catalog.provenance import LICENSE
from app.clock import now
from app.database import Database
from app.errors import NotFound
from app.records.kinds import KINDS
from app.research import exports, formats, parquet, shapes
from app.research.tables import TABLES, Table
from app.search.parameters import search_parameters
from app.search.past_indexes import PastIndexes
from app.search.query import OF_A_PAGE
from app.search.shapes import FIELDS
from app.settings import Settings
from app.web.admission import ExportPlaces
from app.web.clients import address_of
from app.web.conditional import (
    CACHE_CONTROL,
    PERMANENT,
    best_encoding,
    http_date,
    is_not_modified,
    last_modified,
)
from app.web.openapi import EXAMPLE_QUERY
from app.web.parameters import read_parameters
from app.web.problem_types import responses
from app.web.problems import problem
from app.web.state import resource
from app.web.streams import stream

router = APIRouter()
MEANINGS = {
    "csv": "one row per line, lists joined by `; `, UTF-8 with a byte order mark for spreadsheets",
    "ndjson": "one object per line",
    "json": "one array",
    "geojson": "features with the positions of districts (RFC 7946)",
    "parquet": "typed columns, where the operator has installed pyarrow; otherwise 501",
}
NO_PYARROW = "This server cannot write Parquet: pyarrow is not installed. Use CSV or NDJSON."
EXAMPLE = {"case-study": "boise-id", "district": "boise-school-district-id"}
COLUMNS_DIGEST = hashlib.blake2b(
    repr([table.columns for table in TABLES.values()]).encode(), digest_size=12
).hexdigest()
ERRORS = (400, 404, 406, 422, 429, 501, 503)
RESPONSE_HEADERS = {
    "ETag": "Changes whenever the export does.",
    "Last-Modified": "When anything public last changed.",
    "Directory-Revision": "Revision of the directory that the export holds.",
    "Link": 'License of the data, with `rel="license"`, and the address to cite, which stays at '
    'this revision, with `rel="cite-as"`.',
    "Repr-Digest": "SHA-256 of an export that is sent whole; absent when it is streamed.",
}


@dataclass(frozen=True, slots=True)
class Selection:
    """What an export is made from."""

    query: str  # normalized
    permanent_query: str  # that stays at this revision
    revision: int
    updated_at: datetime
    documents: exports.Documents


def _export_route(table: Table) -> None:
    name = table.name.replace("-", "_")

    @router.get(
        f"/v1/exports/{table.name}.{{format}}",
        tags=["exports"],
        summary=f"Export the table {table.name}",
        operation_id=f"export_{name}",
        description=_description(table),
        response_class=Response,
        responses={200: _success(table), **responses(*ERRORS)},
        openapi_extra={"parameters": _parameters(table), EXAMPLE_QUERY: _example_query(table)},
    )
    async def export(request: Request) -> Response:
        format_ = request.path_params["format"]
        if format_ not in formats.formats_of(table):
            allowed = ", ".join(f"{table.name}.{each}" for each in formats.formats_of(table))
            raise NotFound(f"There is no export in this format. These exist: {allowed}.")
        if format_ == "parquet" and not parquet.is_available():
            return problem(request, 501, NO_PYARROW)
        selection = await _selection(request, table)
        headers = _headers(request, table, selection, format_)
        modified_since = request.headers.get("if-modified-since", "")
        if is_not_modified(
            request.headers.get("if-none-match", ""),
            modified_since,
            headers["ETag"],
            selection.updated_at,
        ):
            return Response(status_code=304, headers=headers)
        headers["Content-Disposition"] = (
            f'attachment; filename="{table.name}-{selection.revision}.{format_}"'
        )
        documents = _in_place(selection.documents, resource(request, ExportPlaces))
        return await stream(
            request,
            formats.encoded(table, documents, format_),
            source=documents,
            media_type=formats.MEDIA_TYPES[format_],
            headers=headers,
        )


def _in_place(documents: exports.Documents, places: ExportPlaces) -> exports.Documents:
    """The documents, while a place for them is held. Raises Busy with the first if there is none."""
    with places.place():
        yield from documents


async def _selection(request: Request, table: Table) -> Selection:
    """What the parameters select, now or at an older revision. Raises Malformed or Invalid."""
    database, past_indexes = resource(request, Database), resource(request, PastIndexes)
    as_of = request.query_params.get(AS_OF.name, "").strip()
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    if table.kind is not None and [name for name, _ in pairs] == [AS_OF.name]:
        state = await past_indexes.state(as_of)
        if state is not None:  # a whole table needs no index
            then = f"as_of={state.revision}"
            source = exports.documents_then(database, table.kind, state.revision)
            return Selection(then, then, state.revision, state.updated_at, source)
    if table.kind is None:
        read_parameters(request, (AS_OF,))
    index = await past_indexes.at(as_of, address_of(request.scope))
    revision, updated_at = index.revision, index.updated_at
    then = f"as_of={revision}"
    if table.kind is None:
        source = exports.documents(database, index, table, None)
        return Selection(then if as_of else "", then, revision, updated_at, source)
    query = index.query(table.kind, pairs, without=OF_A_PAGE, takes_as_of=True)
    source = exports.documents(database, index, table, query)
    permanent = query.url_with((AS_OF.name, str(revision))).partition("?")[2]
    return Selection(query.canonical(), permanent, revision, updated_at, source)


def _description(table: Table) -> str:
    rows = f"All {table.rows_are}"
    if table.kind and not table.is_of_records:
        rows += " of the case studies that the filters find"
    elif table.kind:
        rows += " that the filters find"
    whole = (
        " JSON and NDJSON give each record in full; the other formats give the columns."
        if table.is_of_records
        else ""
    )
    kinds = "; ".join(f"{format_}: {MEANINGS[format_]}" for format_ in formats.formats_of(table))
    return (
        f"{rows}, ordered by slug, without a cap.{whole} Formats: {kinds}. `/v1/codebook` explains "
        "every column. `Directory-Revision` and the file name give the revision, `Link` the license. "
        "Send `If-None-Match` with the `ETag` of your copy: 304 means that it is still current."
    )


def _parameters(table: Table) -> list[dict[str, Any]]:
    format_ = {
        "name": "format",
        "in": "path",
        "required": True,
        "description": "Format of the file.",
        "schema": {"type": "string", "enum": list(formats.formats_of(table))},
        "example": "csv",
    }
    if table.kind is None:
        return [format_, AS_OF.openapi()]
    noun = KINDS[table.kind].plural
    return [format_, *search_parameters(noun, fields=FIELDS[table.kind], without=OF_A_PAGE)]


def _example_query(table: Table) -> str:
    if table.kind is None:
        return ""
    return f"slug={EXAMPLE[table.kind]}" if table.is_of_records else "strategy=food-security"


def _success(table: Table) -> dict[str, Any]:
    """The OpenAPI entry of an export that succeeds."""
    schemas = {"json": {"type": "array", "items": _reference(shapes.document(table))}}
    if table.is_of_records:
        schemas["geojson"] = _reference(shapes.collection(table))
    return {
        "description": f"The {table.rows_are}.",
        "content": {
            formats.MEDIA_TYPES[format_]: {"schema": schemas.get(format_, {"type": "string"})}
            for format_ in formats.formats_of(table)
        },
        "headers": {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in RESPONSE_HEADERS.items()
        },
    }


def _reference(shape: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _headers(request: Request, table: Table, selection: Selection, format_: str) -> dict[str, str]:
    """What an export and its 304 say of themselves."""
    encoding = best_encoding(request.headers.get("accept-encoding", ""))
    path = f"/v1/exports/{table.name}.{format_}"
    seed = f"{request.app.version} {selection.revision} {path}?{selection.query} {COLUMNS_DIGEST}"
    digest = hashlib.blake2b(seed.encode(), digest_size=12).hexdigest()
    modified_at, _ = last_modified(selection.updated_at, now())
    permanent = f"{resource(request, Settings).base_url}{path}?{selection.permanent_query}"
    is_permanent = request.query_params.get(AS_OF.name, "").strip().isdigit()
    return {
        "ETag": f'"{digest}-{encoding}"',
        "Last-Modified": http_date(modified_at),
        "Cache-Control": PERMANENT if is_permanent else CACHE_CONTROL,
        "Directory-Revision": str(selection.revision),
        "Link": f'<{LICENSE["url"]}>; rel="license", <{permanent}>; rel="cite-as"',
    }


for _table in TABLES.values():
    _export_route(_table)
