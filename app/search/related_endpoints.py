"""GET /v1/case-studies/{slug}/related: the case studies most like one."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.catalog import entry
from app.catalog.provenance import provenance
from app.catalog.published import published
from app.database import Database
from app.errors import Refusal
from app.search import shapes
from app.search.collection import Collection
from app.search.index import Index
from app.search.related import DEFAULT_LIMIT, KIND, MAX_LIMIT, Related, related
from app.settings import Settings
from app.web.cached_response import CachedResponse
from app.web.parameters import openapi, read_parameters, whole_number
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()
PARAMETERS = (
    whole_number("limit", 1, MAX_LIMIT, "How many case studies.", 3, default=DEFAULT_LIMIT),
)


@router.get(
    "/v1/case-studies/{slug}/related",
    tags=["case studies"],
    summary="List related case studies",
    operation_id="list_related_case_studies",
    response_model=shapes.RelatedAnswer,
    response_description="The case studies most like it, with the reasons.",
    responses=responses(400, 404, 406, 410, 422, 429),
    openapi_extra=openapi(PARAMETERS),
)
async def list_related(
    request: Request, slug: Annotated[str, Path(description="Public id.", examples=["boise-id"])]
) -> Response:
    """The case studies most like one: by strategies, topics, words, outcomes, rurality and enrollment.
    Each says why it is listed, in words and numbers. At most two fifths are from one state while other
    states have any. A withdrawn case study answers 410, a renamed one 308."""
    limit = read_parameters(request, PARAMETERS).get("limit", DEFAULT_LIMIT)
    index = resource(request, Index)
    await index.follow()
    collection = index.collections[KIND]
    number = collection.numbers.get(slug)
    if number is None:
        raise await run_in_threadpool(_refusal, resource(request, Database), slug)
    items = related(number, collection, index.vocabulary, limit=limit)
    address = f"/v1/case-studies/{slug}"
    self = f"{address}/related" + (f"?limit={limit}" if limit != DEFAULT_LIMIT else "")
    about = f"case studies like {slug}"
    base_url = resource(request, Settings).base_url
    rest = {
        "meta": provenance(index.revision, index.updated_at, about, base_url + self),
        "links": {"self": self, "case_study": address},
    }
    data = b",".join(_item(related, collection) for related in items)
    body = b'{"data":[%s],%s' % (data, orjson.dumps(rest, option=orjson.OPT_UTC_Z)[1:])
    return CachedResponse(body, key=self, by_revision=True)


def _item(related: Related, collection: Collection) -> bytes:
    card = collection.stored.card(related.number)  # without its last brace
    reasons = orjson.dumps(related.reasons)
    return b'%s,"score":%s,"reasons":%s}' % (card, orjson.dumps(related.score), reasons)


def _refusal(database: Database, slug: str) -> Refusal:
    """Why a case study is not public: renamed, withdrawn, or never there."""
    try:
        with database.reading() as session:
            published(session, KIND, slug)
    except Refusal as refusal:
        return refusal
    return entry.not_found(KIND, slug, [])  # published since the index looked
