"""GET /v1/snapshots: releases of the directory, their files, and what differs between them."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from app.catalog.provenance import LICENSE, Provenance, provenance, provenance_of
from app.catalog.shapes import Public
from app.clock import now
from app.database import Database
from app.records import parsing
from app.research import package, snapshot_changes, snapshot_store, snapshots
from app.research.snapshot_store import Snapshot, SnapshotFile
from app.research.snapshots import COLLECTION, LATEST, SnapshotRequest
from app.settings import Settings
from app.web.admission import ExportPlaces
from app.web.bodies import JSON, parse_object, read_body
from app.web.cached_response import CachedResponse
from app.web.conditional import (
    PERMANENT,
    http_date,
    is_not_modified,
    last_modified,
)
from app.web.openapi import EXAMPLE_QUERY
from app.web.parameters import openapi, read_parameters, refuse_unknown, text
from app.web.problem_types import responses
from app.web.state import resource
from app.web.streams import ZIP, encoding_of, stream

EXAMPLE = {"version": "2026.1", "note": "For the report to the board."}
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "zip": ZIP,
}
SINCE = replace(
    text("since", 8, "Version of the older snapshot.", "2026.1", required=True),
    schema={"type": "string", "minLength": 1, "maxLength": 8},
)
Version = Annotated[
    str, Path(description=f"Version of the snapshot, or `{LATEST}`.", examples=["2026.2"])
]
LEADS: dict[str, Any] = {"description": f"The newest snapshot, for `{LATEST}`."}
router = APIRouter()


class ListedFile(Public):
    """A file of a snapshot."""

    name: str = Field(description="Name of the file.")
    bytes: int = Field(description="Its size.")
    sha256: str = Field(description="SHA-256 of its content, in hexadecimal.")
    link: str = Field(description="Path of the file.")


class ListedSnapshot(Public):
    """A release of the directory. It never changes."""

    version: str = Field(description="Its name.")
    revision: int = Field(description="Revision of the directory that it holds.")
    updated_at: datetime = Field(description="When anything public had last changed (UTC).")
    frozen_at: datetime = Field(description="When it was made (UTC).")
    note: str = Field(description="What the release is for.")
    software: str = Field(description="Version of the service that made the files.")
    files: list[ListedFile] = Field(description="Every table as CSV and NDJSON, and the package.")


class SnapshotLinks(Public):
    """Links of a snapshot."""

    self: str = Field(description="This snapshot.")
    collection: str = Field(description="All snapshots.")
    changes: str | None = Field(
        description="What changed since the snapshot before; null for the first."
    )
    citation: str = Field(description="How to cite it, for reference managers.")


class SnapshotAnswer(Public):
    """A snapshot."""

    data: ListedSnapshot = Field(description="The snapshot.")
    meta: Provenance = Field(description="Revision, license and citation.")
    links: SnapshotLinks = Field(description="Related links.")


class SnapshotList(Public):
    """Every snapshot."""

    data: list[ListedSnapshot] = Field(description="The snapshots, the newest first.")
    links: dict[str, str] = Field(description="Related links.")


class ListedSnapshotChange(Public):
    """A record that is not the same in two snapshots."""

    change: Literal[snapshot_changes.CHANGES] = Field(  # type: ignore[valid-type]
        description="added, changed, renamed or withdrawn."
    )
    kind: str = Field(description="Kind of the record.")
    slug: str = Field(description="Its slug in the newer snapshot; of a withdrawn one the last.")
    slug_before: str | None = Field(
        description="Its slug in the older snapshot; null if it was not in it."
    )
    fields: list[str] = Field(description="Fields of its document that differ.")
    reason: str | None = Field(description="Why it was withdrawn, where a reason was given.")
    sentence: str = Field(description="The change in words.")


class SnapshotChangesMeta(Provenance):
    """What was compared."""

    since: str = Field(description="Version of the older snapshot.")
    version: str = Field(description="Version of the newer snapshot.")
    total: dict[str, int] = Field(description="Number of records by change.")


class SnapshotChangesAnswer(Public):
    """What differs between two snapshots."""

    data: list[ListedSnapshotChange] = Field(
        description="The records that differ, by kind and slug."
    )
    meta: SnapshotChangesMeta = Field(description="What was compared.")
    links: dict[str, str] = Field(description="Related links.")


@router.get(
    COLLECTION,
    tags=["snapshots"],
    summary="List the snapshots",
    operation_id="list_snapshots",
    response_model=SnapshotList,
    response_description="The snapshots, the newest first.",
    responses=responses(400, 406, 429),
)
def list_snapshots(request: Request) -> Response:
    """The releases of the directory, the newest first, each with its files and their SHA-256. A
    snapshot never changes."""
    refuse_unknown(request, ())
    with resource(request, Database).reading() as session:
        data = [_listed(each) for each in snapshot_store.list_newest_first(session)]
    return _json({"data": data, "links": {"self": COLLECTION}})


@router.get(
    f"{COLLECTION}/{{version}}",
    tags=["snapshots"],
    summary="Read a snapshot",
    operation_id="get_snapshot",
    response_model=SnapshotAnswer,
    response_description="The snapshot.",
    responses={307: LEADS, **responses(400, 404, 406, 429)},
)
def get_snapshot(request: Request, version: Version) -> Response:
    """Revision, date, note and files of a snapshot. `latest` leads to the newest one."""
    refuse_unknown(request, ())
    with resource(request, Database).reading() as session:
        every = snapshot_store.list_newest_first(session)
    if version == LATEST:
        return RedirectResponse(f"{COLLECTION}/{snapshots.newest(every).version}", 307)
    snapshot = snapshots.named(every, version)
    return _json(_answer(request, snapshot, every), permanent=snapshot)


@router.get(
    f"{COLLECTION}/{{version}}/changes",
    tags=["snapshots"],
    summary="Compare two snapshots",
    operation_id="compare_snapshots",
    response_model=SnapshotChangesAnswer,
    response_description="What differs.",
    responses=responses(400, 404, 406, 409, 422, 429),
    openapi_extra={**openapi((SINCE,)), EXAMPLE_QUERY: f"since={SINCE.example}"},
)
def compare_snapshots(request: Request, version: Version) -> Response:
    """The records that were added, changed, renamed or withdrawn between an older snapshot and this
    one, as data and in one sentence each."""
    since = read_parameters(request, (SINCE,))[SINCE.name]
    with resource(request, Database).reading() as session:
        every = snapshot_store.list_newest_first(session)
        newer = snapshots.find(every, version)
        older = snapshots.named(every, since)
        snapshots.refuse_newer(older, than=newer)
        changes = snapshot_changes.between(session, older.revision, newer.revision)
    address = f"{COLLECTION}/{newer.version}/changes?since={since}"
    what = f"changes from snapshot {since} to snapshot {newer.version}"
    counts = dict.fromkeys(snapshot_changes.CHANGES, 0)
    for change in changes:
        counts[change.change] += 1
    about = {"since": since, "version": newer.version, "total": counts}
    answer = {
        "data": changes,
        "meta": _provenance(request, newer, what, address) | about,
        "links": {"self": address, "newer": _path(newer), "older": _path(older)},
    }
    return _json(answer, permanent=None if version == LATEST else newer)


@router.get(
    f"{COLLECTION}/{{version}}/{{table}}.{{format}}",
    tags=["snapshots"],
    summary="Download a file of a snapshot",
    operation_id="get_snapshot_file",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {
                type_.split(";")[0]: {"schema": {"type": "string"}}
                for type_ in MEDIA_TYPES.values()
            },
        },
        307: LEADS,
        **responses(400, 404, 406, 429, 503),
    },
)
async def get_snapshot_file(
    request: Request,
    version: Version,
    table: Annotated[
        str, Path(description=f"A table, or `{package.NAME}`.", examples=["case-studies"])
    ],
    format_: Annotated[
        str,
        Path(
            alias="format",
            description="Format of the file; `zip` for the package.",
            examples=["csv"],
            json_schema_extra={"enum": list(MEDIA_TYPES)},
        ),
    ],
) -> Response:
    """A table as CSV or NDJSON, or everything as a data package: the bytes that were frozen."""
    refuse_unknown(request, ())
    database, file = resource(request, Database), f"{table}.{format_}"
    every = await run_in_threadpool(_every, database)
    if version == LATEST:
        return RedirectResponse(f"{_path(snapshots.newest(every))}/{file}", 307)
    snapshot = snapshots.named(every, version)
    frozen_file = snapshots.file_named(snapshot, file)
    media_type = MEDIA_TYPES[format_]
    headers = _file_headers(snapshot, frozen_file, encoding_of(request, media_type))
    none_match = request.headers.get("if-none-match", "")
    modified_since = request.headers.get("if-modified-since", "")
    if is_not_modified(none_match, modified_since, headers["ETag"], snapshot.frozen_at):
        return Response(status_code=304, headers=headers)
    disposition = f'attachment; filename="model-districts-{version}-{file}"'
    content = _in_place(
        snapshot_store.content(database, version, file), resource(request, ExportPlaces)
    )
    return await stream(
        request,
        content,
        source=content,
        media_type=media_type,
        headers={**headers, "Content-Disposition": disposition},
    )


def freezing_router(may_freeze: Any) -> APIRouter:
    """POST /v1/admin/snapshots, for who has the permission that `may_freeze` asks for.

    The desk knows keys and permissions; it is handed in where the service is put together.
    """
    router = APIRouter(prefix="/v1/admin", tags=["desk"])
    schema = {"$ref": f"#/components/schemas/{SnapshotRequest.__name__}"}
    body = {"required": True, "content": {JSON[0]: {"schema": schema, "example": EXAMPLE}}}

    @router.post(
        "/snapshots",
        status_code=201,
        summary="Freeze a snapshot",
        operation_id="desk_freeze_snapshot",
        response_model=SnapshotAnswer,
        responses=responses(400, 401, 403, 409, 413, 415, 422, 429, 503),
        openapi_extra={"requestBody": body},
    )
    async def freeze(request: Request, by: Annotated[Any, may_freeze]) -> Response:
        """Freeze what is public now as a release: every table and the data package as files, with
        their SHA-256. It never changes, and its version is never used again. Admins."""
        refuse_unknown(request, ())
        database = resource(request, Database)
        release = parsing.parse_shape(
            SnapshotRequest, parse_object(await read_body(request, types=JSON))
        )
        snapshot = await run_in_threadpool(
            snapshots.freeze,
            database,
            release.version,
            note=release.note,
            by=by.label,
            base_url=resource(request, Settings).base_url,
            software=request.app.version,
        )
        answer = _answer(request, snapshot, await run_in_threadpool(_every, database))
        headers = {"Cache-Control": "no-store", "Location": _path(snapshot)}
        body = orjson.dumps(answer, option=orjson.OPT_UTC_Z)
        return Response(body, 201, headers, "application/json")

    return router


def _every(database: Database) -> list[Snapshot]:
    with database.reading() as session:
        return snapshot_store.list_newest_first(session)


def _in_place(parts: Iterator[bytes], places: ExportPlaces) -> Generator[bytes, None, None]:
    """The parts of a file, while a place among the exports is held. Raises Busy with the first."""
    with places.place():
        yield from parts


def _path(snapshot: Snapshot) -> str:
    return f"{COLLECTION}/{snapshot.version}"


def _answer(request: Request, snapshot: Snapshot, every: Sequence[Snapshot]) -> dict[str, Any]:
    """A snapshot, with the changes since the one before it."""
    address = _path(snapshot)
    older = every[every.index(snapshot) + 1 :]
    links = {
        "self": address,
        "collection": COLLECTION,
        "changes": f"{address}/changes?since={older[0].version}" if older else None,
        "citation": f"{address}/citation",
    }
    return {
        "data": _listed(snapshot),
        "meta": _own_provenance(request, snapshot),
        "links": links,
    }


def _listed(snapshot: Snapshot) -> dict[str, Any]:
    names = ("version", "revision", "updated_at", "frozen_at", "note", "software")
    files = [_file(snapshot, file) for file in snapshot.files]
    return {**{name: getattr(snapshot, name) for name in names}, "files": files}


def _file(snapshot: Snapshot, file: SnapshotFile) -> dict[str, Any]:
    link = f"{_path(snapshot)}/{file.name}"
    return {"name": file.name, "bytes": file.bytes, "sha256": file.sha256, "link": link}


def _file_headers(snapshot: Snapshot, file: SnapshotFile, encoding: str) -> dict[str, str]:
    modified_at, _ = last_modified(snapshot.frozen_at, now())
    return {
        "ETag": f'"{file.sha256[:24]}-{encoding}"',
        "Last-Modified": http_date(modified_at),
        "Cache-Control": PERMANENT,
        "Directory-Revision": str(snapshot.revision),
        "Link": f'<{LICENSE["url"]}>; rel="license"',
    }


def _own_provenance(request: Request, snapshot: Snapshot) -> dict[str, Any]:
    return provenance_of(snapshots.citation_of(snapshot, resource(request, Settings).base_url))


def _provenance(request: Request, snapshot: Snapshot, what: str, address: str) -> dict[str, Any]:
    base_url = resource(request, Settings).base_url
    return provenance(snapshot.revision, snapshot.updated_at, what, base_url + address)


def _json(answer: Mapping[str, Any], *, permanent: Snapshot | None = None) -> Response:
    return CachedResponse(
        orjson.dumps(answer, option=orjson.OPT_UTC_Z),
        revision=permanent.revision if permanent else None,
        permanent_since=permanent.frozen_at if permanent else None,
    )
