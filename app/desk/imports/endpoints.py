"""/v1/admin/imports: files of many records, in two steps: a plan that shows what would happen, and its commit."""

from collections.abc import Iterator
from concurrent.futures import TimeoutError as StillPlanning
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, BinaryIO

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from app.clock import now
from app.database import Database
from app.desk.access.dependencies import (
    ALWAYS,
    NO_STORE,
    WRITES,
    Body,
    Key,
    SeenVersion,
    act,
    answered,
    json_answer,
    may,
    parsed,
    request_body,
)
from app.desk.access.idempotency import Answer, once, parse_key
from app.desk.access.permissions import Editor
from app.desk.imports import plans, shapes, templates
from app.desk.imports.commit import Commitment, commit
from app.desk.imports.files import read_file
from app.desk.imports.options import ReadOptions, read_pairs
from app.desk.imports.plans import Planned, PlanRow, RowQuery
from app.desk.imports.worker import PlanWorker
from app.desk.shapes import next_page
from app.web.bodies import content_type, spool_body
from app.web.parameters import (
    limit,
    one_of,
    openapi,
    read_parameters,
    refuse_unknown,
    text,
    whole_number,
)
from app.web.problem_types import responses
from app.web.state import resource
from app.web.write_queue import WritingRoute

router = APIRouter(prefix="/v1/admin/imports", tags=["desk"], route_class=WritingRoute)
IMPORTING = may("import")
IMPORTABLE = ("district", "case-study")
MAX_BYTES = 64 * 1024 * 1024
WAIT_SECONDS = 2.0  # a file that is planned by then is answered with its plan
TYPES = {
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "application/x-ndjson": "ndjson",
    "application/json": "json",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
TEMPLATE_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
FILE = (
    one_of("kind", IMPORTABLE, "The kind of record in each row.", "district", required=True),
    text("filename", 200, "Name of the file, to recognize it later.", "districts.csv"),
    one_of(
        "unknown_columns",
        ("refuse", "ignore"),
        "What to do with columns that are not fields: refuse the file (the default), or pass over "
        "them and name them in `ignored_columns`.",
        "ignore",
    ),
    text(
        "mapping",
        300,
        "Read a column as a field, as `Column:field`; an empty field passes it over. Repeatable.",
        "Institution:name",
        repeatable=True,
    ),
    text(
        "every_row",
        1000,
        "A value for each row that does not have one, as `field:value`: the state of a state's "
        "list, the year and source of its figures. Repeatable.",
        "enrollment_year:2024",
        repeatable=True,
    ),
    one_of(
        "placeholders",
        ("refuse", "skip"),
        "What to do with marks such as `N/A` or `*` in cells: refuse the row (the default), or "
        "leave the field as it is. In federal tables they are always skipped.",
        "skip",
    ),
    whole_number(
        "header_line",
        1,
        100_000,
        "Line (in XLSX: row) of the column names; by default it is looked for.",
        7,
    ),
)
LIST = (
    text("after", 40, "Only imports before this one; `links.next` carries it.", "5f0c3a9e1b7d2486"),
    limit("Imports"),
)
ROWS = (
    one_of("result", plans.RESULTS, "Only rows with this result.", "refused"),
    one_of("warned", ("true",), "Only rows that must be accepted by name.", "true"),
    whole_number(
        "after", 0, 2**31 - 1, "Only rows after this number; `links.next` carries it.", 50
    ),
    limit("Rows"),
)
IMPORT_BODY: dict[str, Any] = {
    "required": True,
    "description": "One record in each row; the templates have every column. In JSON, an array of objects.",
    "content": {
        "text/csv": {
            "schema": {"type": "string"},
            "example": "slug,website\nboise-school-district-id,https://www.boiseschools.org/\n",
        },
        "application/x-ndjson": {
            "schema": {"type": "string"},
            "example": '{"slug": "boise-school-district-id", "website": "https://www.boiseschools.org/"}\n',
        },
        "application/json": {
            "schema": {"type": "array", "items": {"type": "object"}},
            "example": [
                {"slug": "boise-school-district-id", "website": "https://www.boiseschools.org/"}
            ],
        },
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
            "schema": {"type": "string", "format": "binary"}
        },
    },
}
ImportId = Annotated[str, Path(description="Id of the import.", examples=["5f0c3a9e1b7d2486"])]


@dataclass(frozen=True, slots=True)
class _Upload:
    """An uploaded file with its options."""

    kind: str
    format: str
    filename: str
    options: ReadOptions
    file: BinaryIO
    sha256: bytes


async def _upload(request: Request, _by: Annotated[Editor, IMPORTING]) -> _Upload:
    """The file, once its sender and its parameters are checked."""
    values = read_parameters(request, FILE)
    kind = values.pop("kind")
    format_ = TYPES[content_type(request, TYPES)]
    filename = values.pop("filename", f"unnamed.{format_}")
    pairs = read_pairs(kind, values.pop("mapping", ()), values.pop("every_row", ()))
    file, digest = await spool_body(request, most=MAX_BYTES)
    return _Upload(kind, format_, filename, ReadOptions(**values, **pairs), file, digest)


@router.post(
    "",
    status_code=201,
    summary="Plan an import",
    operation_id="desk_create_import",
    response_model=shapes.ImportAnswer,
    responses={
        202: {"model": shapes.ImportAnswer, "description": "The file is still being read."},
        **responses(400, 401, 403, 409, 413, 415, 422, 429),
    },
    openapi_extra={**openapi(FILE), "requestBody": IMPORT_BODY},
)
def create_import(
    request: Request,
    by: Annotated[Editor, IMPORTING],
    upload: Annotated[_Upload, Depends(_upload)],
    key: Key = None,
) -> Response:
    """Send a file (CSV, NDJSON, JSON or XLSX, up to 64 MiB) and get its plan: what each row would
    do. Nothing is written yet. 201: the plan is ready. 202: the file is still being read; read the
    import again until its state is `planned`.

    A row changes the record of its slug or LEAID. Columns that the file lacks stay as they are; an
    empty cell clears its field. Files may come as people have them: title lines above the header,
    totals and notes below, federal column names, semicolons or tabs, UTF-8, UTF-16 or
    Windows-1252. `columns` and `reading` say how the file was understood; `mapping`, `every_row`,
    `unknown_columns`, `placeholders` and `header_line` change that."""
    planning = resource(request, PlanWorker)
    database = resource(request, Database)
    reading = None
    try:
        reading = read_file(upload.file, upload.kind, upload.format, upload.options)

        def create(session: Session) -> Answer:
            plan = plans.create(
                session,
                kind=upload.kind,
                format_=upload.format,
                filename=upload.filename,
                reading=reading,
                by=by.label,
                at=now(),
            )
            return Answer(202, {"Location": f"/v1/admin/imports/{plan.id}"}, b"")

        fingerprint = b"%s?%s %s %s" % (
            request.url.path.encode(),
            request.url.query.encode(),
            upload.format.encode(),
            upload.sha256,
        )
        first, again = once(database, by.key_id, parse_key(key), fingerprint, create, at=now())
    except BaseException:
        upload.file.close()
        raise
    plan_id = first.headers["Location"].rpartition("/")[2]
    if again:
        upload.file.close()
    else:
        with suppress(StillPlanning):
            planning.begin(plan_id, reading, upload.file).result(WAIT_SECONDS)
    with database.reading_primary() as session:
        plan = plans.get(session, plan_id)
        answer = _answer(planning, plan, status=202 if plan.state == "planning" else 201)
    headers = {**first.headers, **({"Idempotency-Replayed": "true"} if again else {})}
    return answered(Answer(answer.status, {**answer.headers, **headers}, answer.body))


@router.get(
    "",
    summary="List the imports",
    operation_id="desk_list_imports",
    dependencies=[IMPORTING],
    response_model=shapes.ImportList,
    responses=responses(*ALWAYS, 422),
    openapi_extra=openapi(LIST),
)
def list_imports(request: Request) -> Response:
    """Imports of the last 30 days, the newest first."""
    values = {"limit": 50, **read_parameters(request, LIST)}
    with resource(request, Database).reading_primary() as session:
        imports = plans.list_(session, after=values.get("after"), limit=values["limit"])
    more = None
    if len(imports) == values["limit"]:
        more = next_page("/v1/admin/imports", request.query_params, after=imports[-1].id)
    data = [_state(resource(request, PlanWorker), plan) for plan in imports]
    return json_answer({"data": data, "links": {"next": more}})


@router.get(
    "/templates/{kind}.{extension}",
    summary="Download a template",
    operation_id="desk_get_import_template",
    dependencies=[IMPORTING],
    response_class=Response,
    responses={
        200: {
            "description": "The template.",
            "content": {type_: {"schema": {"type": "string"}} for type_ in TEMPLATE_TYPES.values()},
        },
        **responses(*ALWAYS, 422),
    },
)
def get_template(
    request: Request,
    kind: Annotated[shapes.ImportKind, Path(description="Kind of record.", examples=["district"])],
    extension: Annotated[shapes.TemplateFormat, Path(description="Format.", examples=["csv"])],
) -> Response:
    """A file with every column and one example row to replace. Separate the words of a list by `|`;
    in CSV and XLSX the parts of a case study (outcomes, scale, funding, partners, sources) are JSON
    in their cell."""
    refuse_unknown(request, ())
    return _download(iter([templates.template(kind, extension)]), f"{kind}.{extension}", extension)


@router.get(
    "/{import_id}",
    summary="Read an import",
    operation_id="desk_get_import",
    dependencies=[IMPORTING],
    response_model=shapes.ImportAnswer,
    responses=responses(*ALWAYS),
)
def get_import(request: Request, import_id: ImportId) -> Response:
    """The current state: the rows read so far, their results, and the records written. To commit,
    send its ETag."""
    refuse_unknown(request, ())
    with resource(request, Database).reading_primary() as session:
        return answered(_answer(resource(request, PlanWorker), plans.get(session, import_id)))


@router.get(
    "/{import_id}/rows",
    summary="Read what each row would do",
    operation_id="desk_list_import_rows",
    dependencies=[IMPORTING],
    response_model=shapes.ImportedRowList,
    responses=responses(*ALWAYS, 422),
    openapi_extra=openapi(ROWS),
)
def list_rows(request: Request, import_id: ImportId) -> Response:
    """The result of each row: created, changed (by field), unchanged or refused (with its faults);
    warnings to accept; and what is still missing for publication."""
    values = read_parameters(request, ROWS)
    result = values.get("result")
    query = RowQuery(
        (result,) if result else (),
        "warned" in values,
        values.get("after", 0),
        values.get("limit", 50),
    )
    with resource(request, Database).reading_primary() as session:
        plans.get(session, import_id)
        rows = plans.rows(session, import_id, query)
    more = None
    if len(rows) == query.limit:
        path = f"/v1/admin/imports/{import_id}/rows"
        more = next_page(path, request.query_params, after=rows[-1].number)
    return json_answer({"data": [_row(row) for row in rows], "links": {"next": more}})


@router.get(
    "/{import_id}/refused.csv",
    summary="Download the refused rows",
    operation_id="desk_get_refused_rows",
    dependencies=[IMPORTING],
    response_class=Response,
    responses={
        200: {
            "description": "The refused rows.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
        **responses(*ALWAYS),
    },
)
def get_refused(request: Request, import_id: ImportId) -> Response:
    """The refused rows as CSV: the columns that you sent, and a column `problem`. Fix them and
    upload the file. The column `problem` is ignored; a cell `(unchanged)` leaves its field as it is,
    and an empty cell clears it."""
    refuse_unknown(request, ())
    database = resource(request, Database)
    with database.reading_primary() as session:
        kind = plans.get(session, import_id).kind

    refused = partial(plans.stream_to_client, database, import_id, ("refused",))
    return _download(templates.refused_csv(kind, refused), f"refused-{import_id}.csv", "csv")


@router.post(
    "/{import_id}/commit",
    summary="Commit an import",
    operation_id="desk_commit_import",
    response_model=shapes.ImportAnswer,
    responses=responses(*WRITES),
    openapi_extra=request_body(
        "ImportCommitment", {"only_good": False, "accept": ["example-schools-oh"], "publish": False}
    ),
)
def commit_import(
    request: Request,
    import_id: ImportId,
    by: Annotated[Editor, IMPORTING],
    version: SeenVersion,
    body: Body,
    key: Key = None,
) -> Response:
    """Write exactly what the plan shows, as drafts, in one transaction; 412 if records have changed
    since. All rows or none, unless you set `only_good`. Rows with warnings must be accepted by slug
    or row number. Admins may publish at once, with a reason. Repeating the commit is harmless."""
    options = parsed(shapes.ImportCommitment, body).model_dump()
    commitment = Commitment(**{**options, "accept": tuple(options["accept"])})
    planning = resource(request, PlanWorker)

    def do(session: Session) -> Answer:
        plan = commit(
            session,
            import_id,
            commitment,
            seen_version=version,
            by=by,
            at=now(),
            on_progress=lambda written: planning.note(import_id, written),
        )
        return _answer(planning, plan, done=True)

    with planning.committing(import_id):
        return act(request, by, key, body, do)


def _answer(
    planning: PlanWorker, plan: PlanRow, *, status: int = 200, done: bool = False
) -> Answer:
    path = f"/v1/admin/imports/{plan.id}"
    state = _state(planning, plan, done=done)
    content = {
        "data": state,
        "links": {
            "self": path,
            "rows": f"{path}/rows",
            "refused": f"{path}/refused.csv" if plan.refused else None,
            "commit": f"{path}/commit" if state["state"] == "planned" else None,
        },
    }
    return Answer(
        status, {"ETag": f'"{plan.version}"'}, orjson.dumps(content, option=orjson.OPT_UTC_Z)
    )


def _state(planning: PlanWorker, plan: PlanRow, *, done: bool = False) -> dict[str, Any]:
    """The state of an import. `done`: this process has just committed it."""
    written = None if done else planning.written(plan.id)
    state = plans.state(plan, at=now())
    about = orjson.loads(plan.about or "{}")
    return {
        **{
            name: getattr(plan, name)
            for name in shapes.ImportState.model_fields
            if hasattr(plan, name)
        },
        "state": state if written is None else "committing",
        "planned_on_revision": plan.planned_on_seq,
        "ignored_columns": orjson.loads(plan.ignored_columns),
        **_reading(about),
        "counts": {
            **{result: getattr(plan, result) for result in plans.RESULTS},
            "passed_over": about.get("passed_over_count", 0),
        },
        "problem": plan.problem or (plans.INTERRUPTED if state == "failed" else None),
        "records_written": plan.written if written is None else written,
        "first_revision": plan.first_seq,
        "commitment": plan.commitment and orjson.loads(plan.commitment),
    }


def _reading(about: dict[str, Any]) -> dict[str, Any]:
    """How the file was understood; empty for JSON, whose fields have their names."""
    names = set(shapes.ReadingNotes.model_fields)
    reading = {name: value for name, value in about.items() if name in names}
    return {"columns": about.get("columns", []), "reading": reading or None}


def _row(row: Planned) -> dict[str, Any]:
    kept_as_json = ("faults", "warnings", "changes", "needs", "notes", "document")
    return {
        name: orjson.loads(getattr(row, name) or "[]")
        if name in kept_as_json
        else getattr(row, name)
        for name in shapes.ImportedRow.model_fields
    }


def _download(content: Iterator[str], filename: str, format_: str) -> Response:
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(content, media_type=TEMPLATE_TYPES[format_], headers=headers)
