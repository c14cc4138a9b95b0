"""GET /v1/exports/model-districts...: the whole directory as one file."""

import hashlib
from contextlib import ExitStack
from datetime import datetime
from typing import IO

from anyio import from_thread
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from app.catalog.as_of import PARAMETER as AS_OF
from app.catalog.provenance import LICENSE
from app.clock import now
from app.database import Database
from app.research.archives import ARCHIVES, Archive
from app.research.tables import TABLES
from app.research.whole_directory import WholeDirectory, past_directory, whole_directory
from app.search.index import Index
from app.search.past_indexes import PastIndexes
from app.settings import Settings
from app.web.admission import ExportPlaces
from app.web.clients import address_of
from app.web.conditional import (
    CACHE_CONTROL,
    PERMANENT,
    http_date,
    is_not_modified,
    last_modified,
)
from app.web.edge import HEAD
from app.web.parameters import openapi, read_parameters
from app.web.problem_types import responses
from app.web.problems import problem
from app.web.state import resource
from app.web.streams import encoding_of, head_only, stream_file

router = APIRouter()
NO_PYARROW = (
    "This server cannot write Parquet: pyarrow is not installed. Use model-districts.zip or "
    "model-districts.sqlite."
)
CONTENT_DIGEST = hashlib.blake2b(
    repr([table.columns for table in TABLES.values()]).encode(), digest_size=12
).hexdigest()


def _archive_route(archive: Archive) -> None:
    content = {archive.media_type: {"schema": {"type": "string", "format": "binary"}}}

    @router.get(
        f"/v1/exports/{archive.name}",
        tags=["exports"],
        summary=f"Export {archive.title[:1].lower()}{archive.title[1:]}",
        operation_id=archive.operation,
        description=archive.description,
        response_class=Response,
        responses={
            200: {"description": f"{archive.title}.", "content": content},
            **responses(400, 406, 422, 429, 501, 503),
        },
        openapi_extra=openapi((AS_OF,)),
    )
    async def export(request: Request) -> Response:
        read_parameters(request, (AS_OF,))
        if not archive.is_available():
            return problem(request, 501, NO_PYARROW)
        index = await resource(request, PastIndexes).at(_as_of(request), address_of(request.scope))
        headers = _headers(request, archive, index.revision, index.updated_at)
        modified_since = request.headers.get("if-modified-since", "")
        none_match = request.headers.get("if-none-match", "")
        if is_not_modified(none_match, modified_since, headers["ETag"], index.updated_at):
            return Response(status_code=304, headers=headers)
        if request.scope.get(HEAD):
            return head_only(archive.media_type, headers)
        return await _answer(request, archive, index)


async def _answer(request: Request, archive: Archive, index: Index) -> Response:
    """The file, which is made first. A place for exports is held until it has been sent."""
    opened = ExitStack()
    try:
        whole, file = await run_in_threadpool(_make, request, archive, index, opened)
    except BaseException:
        opened.close()
        raise
    return await stream_file(
        request,
        file,
        source=opened,
        media_type=archive.media_type,
        headers=_headers(request, archive, whole.revision, whole.updated_at),
    )


def _make(
    request: Request, archive: Archive, index: Index, opened: ExitStack
) -> tuple[WholeDirectory, IO[bytes]]:
    database = resource(request, Database)
    opened.enter_context(resource(request, ExportPlaces).place())
    directory = (
        past_directory(database, index)
        if _as_of(request)
        else whole_directory(database, index, catch_up=lambda: from_thread.run(index.follow))
    )
    with directory as whole:
        file = archive.write(whole, base_url=resource(request, Settings).base_url)
    opened.enter_context(file)
    return whole, file


def _headers(
    request: Request, archive: Archive, revision: int, updated_at: datetime
) -> dict[str, str]:
    """What an archive and its 304 say of themselves."""
    encoding = encoding_of(request, archive.media_type)
    as_of = _as_of(request)
    then = "as of" if as_of else ""
    seed = f"{request.app.version} {revision} {archive.name} {CONTENT_DIGEST} {then}"
    address = f"{resource(request, Settings).base_url}{request.url.path}"
    modified_at, _ = last_modified(updated_at, now())
    return {
        "ETag": f'"{hashlib.blake2b(seed.encode(), digest_size=12).hexdigest()}-{encoding}"',
        "Last-Modified": http_date(modified_at),
        "Cache-Control": PERMANENT if as_of.isdigit() else CACHE_CONTROL,
        "Directory-Revision": str(revision),
        "Link": f'<{LICENSE["url"]}>; rel="license", <{address}?as_of={revision}>; rel="cite-as"',
        "Content-Disposition": f'attachment; filename="{archive.file_name(revision)}"',
    }


def _as_of(request: Request) -> str:
    return request.query_params.get(AS_OF.name, "").strip()


for _archive in ARCHIVES:
    _archive_route(_archive)
