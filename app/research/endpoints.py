"""GET /v1/exports: everything that a question finds, in bulk, streamed, without a cap."""

from fastapi import APIRouter, Request, Response

from app.catalog.shapes import CaseStudyDocument, DistrictDocument, Public
from app.database import Database
from app.research import exports, formats
from app.search.endpoints import parse_search
from app.search.index import Index
from app.search.parameters import search_parameters
from app.search.query import OF_A_PAGE
from app.search.shapes import FIELDS
from app.web.openapi import EXAMPLE_QUERY
from app.web.problem_types import responses
from app.web.state import resource
from app.web.streams import Stream

router = APIRouter()
FORMATS = {
    "json": ("application/json", "one array"),
    "ndjson": ("application/x-ndjson", "one document on a line"),
    "csv": ("text/csv; charset=utf-8", "one row for each, lists joined by `; `"),
}
EXAMPLE = {"case-study": "boise-id", "district": "boise-school-district-id"}
DOCUMENT: dict[str, type[Public]] = {"case-study": CaseStudyDocument, "district": DistrictDocument}


def _export_route(table: str, kind: str, extension: str) -> None:
    media_type, how = FORMATS[extension]
    noun = table.replace("-", " ")
    reference = {"$ref": f"#/components/schemas/{DOCUMENT[kind].__name__}"}
    schema = {
        "json": {"type": "array", "items": reference},
        "ndjson": {"type": "string"},
        "csv": {"type": "string"},
    }[extension]

    @router.get(
        f"/v1/exports/{table}.{extension}",
        tags=["exports"],
        summary=f"Export {noun} as {extension.upper()}",
        operation_id=f"export_{table.replace('-', '_')}_{extension}",
        description=f"Every one of the {noun} that the filters find, whole, {how}, ordered by slug. Streamed; there is no cap. The file's name carries the revision.",
        response_class=Response,
        responses={
            200: {
                "description": f"The {noun}.",
                "content": {media_type.split(";")[0]: {"schema": schema}},
            },
            **responses(400, 406, 422),
        },
        openapi_extra={
            "parameters": search_parameters(noun, fields=FIELDS[kind], without=OF_A_PAGE),
            EXAMPLE_QUERY: f"slug={EXAMPLE[kind]}",
        },
    )
    async def export(request: Request) -> Response:
        query = parse_search(request, kind, without=OF_A_PAGE)
        index = resource(request, Index)
        documents = exports.documents(resource(request, Database), index, query)
        name = f"{table}-{index.revision}.{extension}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        chunks = formats.encoded(documents, exports.COLUMNS[kind], extension)
        return Stream(chunks, source=documents, media_type=media_type, headers=headers)


for _table, _kind in exports.TABLES.items():
    for _extension in FORMATS:
        _export_route(_table, _kind, _extension)
