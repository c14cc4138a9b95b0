"""/v1/admin/search-gaps: what readers looked for and did not find."""

from fastapi import APIRouter, Request, Response

from app.desk import search_gaps
from app.desk import watching_shapes as shapes
from app.desk.endpoints.door import json_answer, may
from app.desk.endpoints.examples import SEARCH_GAPS
from app.desk.search_gaps import HOWS, LEAST_COUNT, SEARCHED
from app.web.parameters import one_of, read_parameters, whole_number
from app.web.problems import responses

router = APIRouter(prefix="/v1/admin", tags=["desk"], dependencies=[may("read")])
READERS = {
    "how": one_of("how", HOWS),
    "kind": one_of("kind", SEARCHED),
    "min_count": whole_number("min_count", LEAST_COUNT, 1_000_000),
    "limit": whole_number("limit", 1, 1_000),
}


@router.get(
    "/search-gaps",
    summary="List the search gaps",
    operation_id="desk_list_search_gaps",
    response_model=shapes.SearchGapList,
    responses=responses(400, 401, 403, 422, 429),
    openapi_extra={"parameters": SEARCH_GAPS},
)
def list_search_gaps(request: Request) -> Response:
    """Words that nothing here has, or that nothing has together, the most frequent first: what the directory lacks, or calls by
    another name. Counted without addresses; what was asked less than three times is shown to nobody. New ones appear within a minute."""
    given = read_parameters(request, READERS)
    with request.state.database.reading() as session:
        rows, total = search_gaps.list_gaps(session, **given)
    data = [{name: getattr(row, name) for name in shapes.SearchGap.model_fields} for row in rows]
    return json_answer({"data": data, "meta": {"total": total, "min_count": given.get("min_count", LEAST_COUNT)}})
