"""GET /v1/exports: every record that a search finds, in bulk, streamed, without a cap."""

import hashlib
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from app.catalog.provenance import LICENSE
from app.catalog.shapes import CaseStudyDocument, DistrictDocument, Public
from app.clock import now
from app.database import Database
from app.research import exports, formats
from app.search.index import Index
from app.search.parameters import search_parameters
from app.search.query import OF_A_PAGE, SearchQuery
from app.search.shapes import FIELDS
from app.web.conditional import (
    CACHE_CONTROL,
    best_encoding,
    http_date,
    is_not_modified,
    last_modified,
)
from app.web.openapi import EXAMPLE_QUERY
from app.web.problem_types import responses
from app.web.state import resource
from app.web.streams import stream

router = APIRouter()
FORMATS = {
    "json": ("application/json", "one array"),
    "ndjson": ("application/x-ndjson", "one document per line"),
    "csv": (
        "text/csv; charset=utf-8",
        "one row per record, lists joined by `; `, UTF-8 with a byte order mark for spreadsheets",
    ),
}
EXAMPLE = {"case-study": "boise-id", "district": "boise-school-district-id"}
DOCUMENT: dict[str, type[Public]] = {"case-study": CaseStudyDocument, "district": DistrictDocument}
DESCRIPTION = (
    "Every one of the {noun} that the filters find, in full, {how}, ordered by slug. "
    "There is no cap. `Directory-Revision` and the file name give the revision, `Link` the license. "
    "Send `If-None-Match` with the `ETag` of your copy: 304 means that it is still current."
)
RESPONSE_HEADERS = {
    "ETag": "Changes whenever the export does.",
    "Last-Modified": "When anything public last changed.",
    "Directory-Revision": "Revision of the directory that the export holds.",
    "Link": 'License of the data, with `rel="license"`.',
    "Repr-Digest": "SHA-256 of an export that is sent whole; absent when it is streamed.",
}


def _export_route(table: str, kind: str, extension: str) -> None:
    media_type, how = FORMATS[extension]
    noun = table.replace("-", " ")
    reference = {"$ref": f"#/components/schemas/{DOCUMENT[kind].__name__}"}
    array = {"type": "array", "items": reference}
    schema = array if extension == "json" else {"type": "string"}
    success = {
        "description": f"The {noun}.",
        "content": {media_type.split(";")[0]: {"schema": schema}},
        "headers": {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in RESPONSE_HEADERS.items()
        },
    }

    @router.get(
        f"/v1/exports/{table}.{extension}",
        tags=["exports"],
        summary=f"Export {noun} as {extension.upper()}",
        operation_id=f"export_{table.replace('-', '_')}_{extension}",
        description=DESCRIPTION.format(noun=noun, how=how),
        response_class=Response,
        responses={200: success, **responses(400, 406, 422)},
        openapi_extra={
            "parameters": search_parameters(noun, fields=FIELDS[kind], without=OF_A_PAGE),
            EXAMPLE_QUERY: f"slug={EXAMPLE[kind]}",
        },
    )
    async def export(request: Request) -> Response:
        index = resource(request, Index)
        await index.follow()
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        query = index.query(kind, pairs, without=OF_A_PAGE)
        headers = _headers(request, query, extension, index)
        modified_since = request.headers.get("if-modified-since", "")
        if is_not_modified(
            request.headers.get("if-none-match", ""),
            modified_since,
            headers["ETag"],
            index.updated_at,
        ):
            return Response(status_code=304, headers=headers)
        headers["Content-Disposition"] = (
            f'attachment; filename="{table}-{index.revision}.{extension}"'
        )
        documents = exports.documents(resource(request, Database), index, query)
        chunks = formats.encoded(documents, exports.COLUMNS[kind], extension)
        return await stream(
            request, chunks, source=documents, media_type=media_type, headers=headers
        )


def _headers(request: Request, query: SearchQuery, extension: str, index: Index) -> dict[str, str]:
    """What an export and its 304 say of themselves."""
    encoding = best_encoding(request.headers.get("accept-encoding", ""))
    columns = [name for name, _ in exports.COLUMNS[query.kind]]
    seed = f"{request.app.version} {index.revision} {query.url()} {extension} {columns}"
    digest = hashlib.blake2b(seed.encode(), digest_size=12).hexdigest()
    modified_at, _ = last_modified(index.updated_at, now())
    return {
        "ETag": f'"{digest}-{encoding}"',
        "Last-Modified": http_date(modified_at),
        "Cache-Control": CACHE_CONTROL,
        "Directory-Revision": str(index.revision),
        "Link": f'<{LICENSE["url"]}>; rel="license"',
    }


for _table, _kind in exports.TABLES.items():
    for _extension in FORMATS:
        _export_route(_table, _kind, _extension)
