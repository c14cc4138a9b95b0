"""/v1/suggestions, where readers suggest without a key; /v1/admin/suggestions, where editors read them; and /v1/admin/search-gaps."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from app.clock import now
from app.database import Database
from app.desk.access.dependencies import Body, SeenVersion, json_answer, may, parsed, request_body
from app.desk.access.permissions import Editor
from app.desk.feedback import shapes, suggestions
from app.desk.feedback.intake import MAX_BYTES, take_in
from app.desk.feedback.suggestions import STATUSES, SuggestionQuery, SuggestionRow
from app.desk.shapes import next_page
from app.records.kinds import KINDS, SEARCHABLE
from app.search import gaps
from app.search.gaps import HOWS, LEAST_COUNT
from app.search.index import Index
from app.web.bodies import JSON, read_body
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
from app.web.rate_limits import let_in
from app.web.state import resource
from app.web.write_queue import WritingRoute

router = APIRouter(route_class=WritingRoute)
HANDLING = may("handle_suggestions")
SUGGESTIONS = (
    one_of("status", STATUSES, "Only suggestions with this status.", "received"),
    text("after", 200, "Only suggestions received after this one; `links.next` carries it.", "0"),
    limit("Suggestions"),
)
GAPS = (
    one_of("how", HOWS, "Only gaps of this kind.", "none"),
    one_of("kind", SEARCHABLE, "Only searches of this kind of record.", "case-study"),
    whole_number(
        "min_count",
        LEAST_COUNT,
        1_000_000,
        "Only gaps met at least this often.",
        3,
        default=LEAST_COUNT,
    ),
    whole_number("limit", 1, 1_000, "Gaps to show.", 10, default=50),
)
SUGGESTION: dict[str, Any] = {
    "kind": "correction",
    "about": "boise-id",
    "text": "The number of community schools has grown since; the district's own page has the list.",
    "source_url": "https://www.example.org/community-schools",
    "contact": "reader@example.org",
}


async def small_body(request: Request) -> bytes:
    """A JSON body of a suggestion's size."""
    return await read_body(request, types=JSON, most=MAX_BYTES)


SuggestionId = Annotated[
    str,
    Path(description="Name of the suggestion.", examples=["019f1a2b3c4d5e6f708192a3b4c5d6e7f809"]),
]


@router.post(
    "/v1/suggestions",
    tags=["suggestions"],
    status_code=201,
    summary="Suggest a correction or a case study",
    operation_id="create_suggestion",
    response_model=shapes.SuggestionReceived,
    response_description="The suggestion was received.",
    responses=responses(400, 406, 413, 415, 422, 429),
    openapi_extra=request_body("SuggestionRequest", SUGGESTION),
)
def create_suggestion(request: Request, body: Annotated[bytes, Depends(small_body)]) -> Response:
    """No key is needed, and a form on any web page may send it. Editors read the suggestion; it is
    never published as it is. Your address is not stored. Save the link in the answer: it shows the
    status of the suggestion."""
    refuse_unknown(request, ())
    let_in(request.scope)
    suggestion = parsed(shapes.SuggestionRequest, body)
    database, index = resource(request, Database), resource(request, Index)
    return _received(take_in(database, index, suggestion, at=now()))


@router.get(
    "/v1/suggestions/{token}",
    tags=["suggestions"],
    summary="Read the status of a suggestion",
    operation_id="get_suggestion",
    response_model=shapes.SuggestionReceiptAnswer,
    response_description="Its status.",
    responses=responses(400, 404, 406, 429),
)
def get_suggestion(
    request: Request,
    token: Annotated[
        str,
        Path(
            description="The last part of the link in the answer to your suggestion.",
            examples=["019f1a2b3c4d5e6f708192a3b4c5d6e7f809"],
        ),
    ],
) -> Response:
    """Whether the suggestion is waiting, was taken up or was declined. Nothing else is shown."""
    refuse_unknown(request, ())
    with resource(request, Database).reading_primary() as session:
        row = suggestions.get(session, token)
    return json_answer({"data": {"status": row.status}})


@router.get(
    "/v1/admin/suggestions",
    tags=["desk"],
    summary="List the suggestions",
    operation_id="desk_list_suggestions",
    dependencies=[HANDLING],
    response_model=shapes.SuggestionList,
    responses=responses(400, 401, 403, 422, 429),
    openapi_extra=openapi(SUGGESTIONS),
)
def list_suggestions(request: Request) -> Response:
    """Suggestions, the oldest first."""
    query = SuggestionQuery(**read_parameters(request, SUGGESTIONS))
    with resource(request, Database).reading_primary() as session:
        rows = suggestions.list_(session, query)
    more = None
    if len(rows) == query.limit:
        more = next_page("/v1/admin/suggestions", request.query_params, after=rows[-1].id)
    return json_answer({"data": [_shown(row) for row in rows], "links": {"next": more}})


@router.get(
    "/v1/admin/suggestions/{suggestion_id}",
    tags=["desk"],
    summary="Read a suggestion",
    operation_id="desk_get_suggestion",
    dependencies=[HANDLING],
    response_model=shapes.SuggestionAnswer,
    responses=responses(400, 401, 403, 404, 429),
)
def read_suggestion(request: Request, suggestion_id: SuggestionId) -> Response:
    """One suggestion. `contact` is there until the suggestion is handled."""
    refuse_unknown(request, ())
    with resource(request, Database).reading_primary() as session:
        row = suggestions.get(session, suggestion_id)
    return _answer(row)


@router.put(
    "/v1/admin/suggestions/{suggestion_id}/status",
    tags=["desk"],
    summary="Handle a suggestion",
    operation_id="desk_handle_suggestion",
    response_model=shapes.SuggestionAnswer,
    responses=responses(400, 401, 403, 404, 412, 413, 415, 422, 428, 429),
    openapi_extra=request_body(
        "SuggestionHandling", {"status": "taken_up", "note": "Drafted in boise-id."}
    ),
)
def handle_suggestion(
    request: Request,
    suggestion_id: SuggestionId,
    by: Annotated[Editor, HANDLING],
    version: SeenVersion,
    body: Body,
) -> Response:
    """Take a suggestion up, decline it, or put it back. The reader sees the status only; `contact` is
    deleted once the suggestion is handled."""
    refuse_unknown(request, ())
    handling = parsed(shapes.SuggestionHandling, body)
    with resource(request, Database).writing() as session:
        row = suggestions.handle(
            session,
            suggestion_id,
            status=handling.status,
            note=handling.note,
            seen_version=version,
            by=by.label,
            at=now(),
        )
    return _answer(row)


@router.get(
    "/v1/admin/search-gaps",
    tags=["desk"],
    dependencies=[may("read")],
    summary="List the search gaps",
    operation_id="desk_list_search_gaps",
    response_model=shapes.SearchGapList,
    responses=responses(400, 401, 403, 422, 429),
    openapi_extra=openapi(GAPS),
)
def list_search_gaps(request: Request) -> Response:
    """Searches that found nothing, or nothing with all the words, the most frequent first: what the
    directory lacks, or calls by another name. Addresses are not stored; searches made fewer than
    three times are never shown. New ones appear within a minute."""
    values = read_parameters(request, GAPS)
    with resource(request, Database).reading_primary() as session:
        rows, total = gaps.list_gaps(session, **values)
    data = [{name: getattr(row, name) for name in shapes.SearchGap.model_fields} for row in rows]
    return json_answer(
        {"data": data, "meta": {"total": total, "min_count": values.get("min_count", LEAST_COUNT)}}
    )


def _received(token: str) -> Response:
    path = f"/v1/suggestions/{token}"
    answer = json_answer({"data": {"status": "received"}, "links": {"self": path}}, 201)
    answer.headers["Location"] = path
    return answer


def _answer(row: SuggestionRow) -> Response:
    answer = json_answer({"data": _shown(row)})
    answer.headers["ETag"] = f'"{row.version}"'
    return answer


def _shown(row: SuggestionRow) -> dict[str, Any]:
    link = f"/v1/admin/{KINDS[row.about_kind].path}/{row.about}" if row.about_kind else None
    return {
        name: link if name == "about_link" else getattr(row, name)
        for name in shapes.SuggestionState.model_fields
    }
