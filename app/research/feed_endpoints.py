"""GET /feed.atom: the records that a search finds, the newest change first."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from app.catalog import entry
from app.catalog.entry import PublicState
from app.catalog.provenance import page_of
from app.database import Database
from app.records.kinds import SEARCHABLE
from app.research.feed import MEDIA_TYPE, FeedPage, atom
from app.search.answer import FEED, described, feed_address
from app.search.index import Index
from app.search.parameters import search_parameters
from app.search.query import OF_A_SAMPLE, OF_THE_PRESENT, SearchQuery
from app.search.results import Results, find
from app.search.shapes import FIELDS
from app.settings import Settings
from app.web.cached_response import CachedResponse
from app.web.openapi import EXAMPLE_QUERY
from app.web.parameters import one_of, read_values, refuse_repeated
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()
DEFAULT_KIND = "case-study"
ON_A_PAGE = 50  # records, and as many removed ones
REVISIONS_BACK = 10_000  # so far removed records are looked for: a bound on what is read
OURS = [("sort", "-updated"), ("limit", str(ON_A_PAGE)), ("facets", "none")]
KIND = one_of("kind", SEARCHABLE, f"Kind of record, {DEFAULT_KIND} by default.", "district")
NOT_TAKEN = [name for name in (*OF_THE_PRESENT, *OF_A_SAMPLE) if name != "cursor"]
FILTERS = search_parameters(
    "case studies",
    fields=FIELDS[DEFAULT_KIND],
    without=NOT_TAKEN,
)


class AtomResponse(Response):
    """Says in the OpenAPI document what a feed is sent as."""

    media_type = MEDIA_TYPE


@router.get(
    FEED,
    tags=["mirrors"],
    summary="Follow a search with a feed reader",
    operation_id="read_feed",
    response_class=AtomResponse,
    response_description="A page of the feed.",
    responses=responses(400, 406, 422, 429, 503),
    openapi_extra={
        "parameters": [KIND.openapi(), *FILTERS],
        EXAMPLE_QUERY: "strategy=food-security",
    },
)
async def read_feed(request: Request) -> Response:
    """The records that a search finds as an Atom feed (RFC 4287), the newest change first, 50 on a
    page. The link `next` leads to older ones (RFC 5005). Every list has its feed in `links.feed`. The
    first page also names the records that were withdrawn or renamed last (`at:deleted-entry`,
    RFC 6721), whatever the filters. Send `If-None-Match` with the `ETag` of your copy: 304 means that
    nothing of it has changed."""
    refuse_repeated(request, [KIND])
    kind = read_values(request, [KIND]).get(KIND.name, DEFAULT_KIND)
    index = resource(request, Index)
    await index.follow()
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != KIND.name]
    removed: list[PublicState] = []
    if not request.query_params.get("cursor"):
        database = resource(request, Database)
        removed = await run_in_threadpool(_removed, database, kind, index.revision)
    selection = index.query(kind, pairs, without=NOT_TAKEN)
    results = find(index.query(kind, [*pairs, *OURS]), index)
    base_url = resource(request, Settings).base_url
    return CachedResponse(
        atom(_page(selection, results, removed, base_url)),
        media_type=MEDIA_TYPE,
        by_revision=True,
        revision=results.revision,
    )


def _removed(database: Database, kind: str, revision: int) -> list[PublicState]:
    with database.reading() as session:
        return entry.removed_last(session, kind, after=revision - REVISIONS_BACK, limit=ON_A_PAGE)


def _page(
    selection: SearchQuery, results: Results, removed: Sequence[PublicState], base_url: str
) -> FeedPage:
    cards = [hit.read_card() for hit in results.hits]
    # The order of a search knows whole seconds.
    cards.sort(key=lambda card: datetime.fromisoformat(card["updated_at"]), reverse=True)
    address = f"{base_url}{feed_address(selection)}"
    cursor, next_cursor = results.query.cursor, results.next_cursor
    return FeedPage(
        kind=selection.kind,
        title=described(selection),
        id=address,
        address=f"{address}&cursor={cursor}" if cursor else address,
        next=f"{address}&cursor={next_cursor}" if next_cursor else None,
        html=f"{base_url}{page_of(selection.url())}",
        json=f"{base_url}{selection.url()}",
        base_url=base_url,
        cards=cards,
        removed=[state for state in removed if state.seq <= results.revision],
        otherwise_updated_at=results.updated_at,
    )
