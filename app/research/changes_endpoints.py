"""GET /v1/changes and /v1/digest: for those who keep a copy of the directory."""

import asyncio
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from app.catalog.provenance import Provenance, provenance
from app.catalog.shapes import Public
from app.database import Database
from app.records import revisions
from app.records.kinds import KINDS, SEARCHABLE
from app.research import changes
from app.research.changes import ChangePage, PublicChange, Selection
from app.search.index import Index
from app.search.parameters import search_parameters
from app.search.query import OF_A_SAMPLE, OF_THE_PRESENT
from app.search.results import all_slugs
from app.search.shapes import FIELDS
from app.settings import Settings
from app.web.admission import Waiting
from app.web.clients import address_of
from app.web.links import link_header
from app.web.openapi import EXAMPLE_QUERY
from app.web.parameters import one_of, read_values, refuse_unknown, text, whole_number
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()
MAX_REVISION = 2**63 - 1
MAX_CHANGES = 200  # on a page
MAX_WAIT = 30  # seconds
MAX_WAITING = 100  # readers who wait at once
MAX_OF_ONE_CLIENT = 20  # of them
LOOK_EVERY = 0.5  # seconds
PARAMETERS = (
    whole_number(
        "after",
        0,
        MAX_REVISION,
        "Revision after which the page begins; 0 for everything ever made public.",
        0,
    ),
    text(
        "after_record",
        300,
        "Kind and slug of the record behind which the page begins, within the revision `after`. "
        "`links.next` sets it.",
        "case-study/boise-id",
    ),
    one_of(
        "kind",
        tuple(KINDS),
        "Kind of record. Default: every kind; with filters, case studies and districts, which alone are filtered.",
        "case-study",
    ),
    whole_number("limit", 1, MAX_CHANGES, f"Changes on a page. Default: {MAX_CHANGES}.", 10),
    whole_number(
        "wait",
        0,
        MAX_WAIT,
        "Seconds to wait for a change when there is none yet.",
        10,
    ),
)
NOT_FILTERS = (*OF_THE_PRESENT, *OF_A_SAMPLE)  # parameters of a search
FILTERS = search_parameters("case studies", fields=FIELDS["case-study"], without=NOT_FILTERS)


class ListedChange(Public):
    """The newest change of what is public of one record."""

    revision: int = Field(description="Revision that made the change.")
    at: datetime = Field(description="When (UTC).")
    kind: Literal[tuple(KINDS)] = Field(description="Kind of the record.")  # type: ignore[valid-type]
    slug: str = Field(description="Public id of the record.")
    change: Literal[changes.CHANGES] = Field(  # type: ignore[valid-type]
        description="published: not public before; changed; renamed: the record is at `moved_to` "
        "now; withdrawn: no longer public; unmatched: public, but the filters do not find it."
    )
    fields: list[str] = Field(
        description="Fields of the record that changed; empty where only a record that it refers "
        "to has changed, such as the name of a district."
    )
    moved_to: str | None = Field(description="The slug that a renamed record has now.")
    reason: str | None = Field(
        description="Why the record was withdrawn, where a reason was given."
    )
    link: str | None = Field(
        description="Path of the document to fetch; null where there is nothing to fetch."
    )


class ChangesMeta(Provenance):
    """How far the feed goes."""

    through: int = Field(
        description="Give it as `after` next time: every change up to this revision has been listed."
    )


class ChangesLinks(Public):
    """Links of a page of the feed."""

    self: str = Field(description="This page.")
    next: str | None = Field(description="The next page; null on the last page.")


class ChangesAnswer(Public):
    """A page of the change feed."""

    data: list[ListedChange] = Field(description="The changes, the oldest first.")
    meta: ChangesMeta = Field(description="How far the feed goes.")
    links: ChangesLinks = Field(description="Related links.")


class Digest(Public):
    """A checksum of everything that is public."""

    sha256: str = Field(
        description="SHA-256, in hexadecimal, of a line `kind slug revision` for each public record, "
        "each ended by a line feed, sorted by kind and then by slug."
    )
    records: int = Field(description="Number of public records, that is, of lines.")


class DigestAnswer(Public):
    """The checksum, and the revision that it is of."""

    data: Digest = Field(description="The checksum.")
    meta: Provenance = Field(description="Revision, license and citation.")


class WaitingReaders(Waiting):
    """Those who wait for a change. They cannot use up the server's connections."""

    def __init__(self) -> None:
        detail = "Too many readers are waiting. Ask without `wait`, or try again later."
        super().__init__(MAX_WAITING, MAX_OF_ONE_CLIENT, detail=detail, retry_after=MAX_WAIT)


@router.get(
    "/v1/changes",
    tags=["mirrors"],
    summary="Follow what changes",
    operation_id="list_changes",
    response_model=ChangesAnswer,
    response_description="Changes, the oldest first.",
    responses=responses(400, 406, 422, 429, 503),
    openapi_extra={
        "parameters": [*(parameter.openapi() for parameter in PARAMETERS), *FILTERS],
        EXAMPLE_QUERY: "after=0&kind=case-study&limit=1",
    },
)
async def list_changes(request: Request) -> Response:
    """Each record once, at the revision that last changed what is public of it: a copy that applies
    the pages in order equals the directory. Takes the search filters; records outside them are
    listed as `unmatched`, so that a copy of the selection drops them. With `wait`, an empty answer
    is held until something changes."""
    values = _given(request)
    await resource(request, Index).follow()
    page, through = await run_in_threadpool(_page, request, values)
    if not page.changes and values.get("wait"):
        with resource(request, WaitingReaders).one_more(address_of(request.scope)):
            page, through = await _wait_for_change(request, values)
    return _changes_answer(request, values, page, through)


@router.get(
    "/v1/digest",
    tags=["mirrors"],
    summary="Verify a copy",
    operation_id="get_digest",
    response_model=DigestAnswer,
    response_description="The checksum.",
    responses=responses(400, 406, 429),
)
def get_digest(request: Request) -> Response:
    """A checksum of everything that is public. A copy that has followed `/v1/changes` makes the
    same lines from its own records; if the checksum differs, it starts again with `after=0`."""
    refuse_unknown(request, ())
    with resource(request, Database).reading() as session:
        revision = revisions.newest_seq(session)
        digest, records = changes.digest(session)
    meta = provenance(
        revision,
        resource(request, Index).updated_at,
        "checksum of all public records",
        f"{resource(request, Settings).base_url}/v1/digest",
    )
    data = {"sha256": digest, "records": records}
    return _json({"data": data, "meta": meta})


def _given(request: Request) -> dict[str, Any]:
    """The values of the feed's own parameters. Raises Malformed or Invalid."""
    filters = [str(parameter["name"]) for parameter in FILTERS]
    names = [parameter.name for parameter in PARAMETERS]
    refuse_unknown(request, [*names, *filters], repeatable=filters)
    return read_values(request, PARAMETERS)


async def _wait_for_change(request: Request, values: dict[str, Any]) -> tuple[ChangePage, int]:
    """The page as soon as it has a change, or empty when the time is over or the reader has left."""
    index = resource(request, Index)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + values["wait"]
    while True:
        generation = index.generation
        page, through = await run_in_threadpool(_page, request, values)
        while not page.changes and index.generation == generation:
            if loop.time() >= deadline or await request.is_disconnected():
                return page, through
            await asyncio.sleep(LOOK_EVERY)
            await index.follow()
        if page.changes:
            return page, through


def _page(request: Request, values: dict[str, Any]) -> tuple[ChangePage, int]:
    """A page of the feed, and the revision up to which it is complete."""
    after = changes.position(values.get("after", 0), values.get("after_record"))
    selection = _selection(request)
    with resource(request, Database).reading() as session:
        newest = revisions.newest_seq(session)
        page = changes.page(
            session,
            after,
            limit=values.get("limit", MAX_CHANGES),
            kind=values.get("kind"),
            selection=selection,
        )
    if page.next is None:
        return page, max(newest, after.seq)
    return page, page.next.seq - 1


def _selection(request: Request) -> Selection | None:
    """The slugs that the filters find, by kind; None without filters."""
    own = {parameter.name for parameter in PARAMETERS}
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name not in own]
    if not any(value for _, value in pairs):
        return None
    index = resource(request, Index)
    with index.reading():
        return {
            kind: all_slugs(index.query(kind, pairs, without=NOT_FILTERS), index)
            for kind in SEARCHABLE
        }


def _changes_answer(
    request: Request, values: dict[str, Any], page: ChangePage, through: int
) -> Response:
    links = {"self": _address(request, {})}
    if page.next is not None:
        record = "/".join(page.next.record or ())
        links["next"] = _address(request, {"after": str(page.next.seq), "after_record": record})
    meta = provenance(
        through,
        max((change.at for change in page.changes), default=resource(request, Index).updated_at),
        f"changes after revision {values.get('after', 0)}",
        resource(request, Settings).base_url + links["self"],
    )
    data = [_change(change) for change in page.changes]
    answer = {
        "data": data,
        "meta": meta | {"through": through},
        "links": {"next": None, **links},
    }
    return _json(answer, headers=link_header(links))


def _change(change: PublicChange) -> dict[str, Any]:
    fetchable = change.change in (changes.PUBLISHED, changes.CHANGED)
    link = f"/v1/{KINDS[change.kind].path}/{change.slug}"
    has_document = change.kind in SEARCHABLE
    return {
        "revision": change.revision,
        "at": change.at,
        "kind": change.kind,
        "slug": change.slug,
        "change": change.change,
        "fields": change.fields,
        "moved_to": change.moved_to,
        "reason": change.reason,
        "link": link if fetchable and has_document else None,
    }


def _address(request: Request, other: dict[str, str]) -> str:
    """The address asked for, with other values for some parameters and without `wait`."""
    pairs = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if value and name not in other and name != "wait"
    ]
    query = urlencode([*pairs, *other.items()])
    return "/v1/changes" + (f"?{query}" if query else "")


def _json(answer: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    body = orjson.dumps(answer, option=orjson.OPT_UTC_Z)
    return Response(body, media_type="application/json", headers=headers)
