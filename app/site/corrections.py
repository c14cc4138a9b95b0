"""Suggest a correction or a case study by a form that works without script, and what became of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response

from app.catalog.published import published
from app.clock import now
from app.database import Database
from app.desk.feedback import suggestions
from app.desk.feedback.intake import MAX_BYTES, take_in
from app.desk.feedback.shapes import SuggestionRequest
from app.errors import Invalid, TooMany
from app.records.kinds import KINDS
from app.records.parsing import parse_shape
from app.search.index import Index
from app.site.cards import card_of
from app.site.display import sentence
from app.site.page import Page, respond, unknown_parameters
from app.site.search_form import Texts
from app.web.bodies import read_body
from app.web.rate_limits import let_in
from app.web.state import resource
from app.web.write_queue import WritingRoute

router = APIRouter(route_class=WritingRoute)
FORM = ("application/x-www-form-urlencoded",)
NO_STORE = {"Cache-Control": "no-store"}
FIELDS = ("kind", "text", "source_url", "contact", "website")
FIELD_NAMES = {  # in the list of what is to be corrected
    "kind": "What it is",
    "text": "Your suggestion",
    "source_url": "Address of a source",
    "contact": "How to reach you",
}
STATUSES = {
    "received": "Received. It is waiting for an editor.",
    "taken_up": "Taken up. An editor is working on it or has finished.",
    "declined": "Declined. An editor read it and changed nothing.",
}


@dataclass(frozen=True, slots=True)
class About:
    """What a suggestion is about. `slug` is None for the directory as a whole."""

    address: str  # of the form
    section: str = ""
    slug: str | None = None
    title: str = ""
    record: str = ""  # address


async def form_body(request: Request) -> bytes:
    """The body of a form of a suggestion's size."""
    return await read_body(request, types=FORM, most=3 * MAX_BYTES)  # %XX: three bytes for one


FormBody = Annotated[bytes, Depends(form_body)]


@router.get("/suggestions/new")
def new_suggestion(request: Request) -> Response:
    """The form about no record."""
    return _form(request, About("/suggestions/new"))


@router.post("/suggestions/new")
def send_suggestion(request: Request, body: FormBody) -> Response:
    """Send it."""
    return _send(request, About("/suggestions/new"), body)


@router.get("/case-studies/{slug}/suggestion")
def case_study_correction(request: Request, slug: str) -> Response:
    """The form about a case study."""
    return _form(request, _about(request, "case-study", slug))


@router.post("/case-studies/{slug}/suggestion")
def send_case_study_correction(request: Request, slug: str, body: FormBody) -> Response:
    """Send it."""
    return _send(request, _about(request, "case-study", slug), body)


@router.get("/districts/{slug}/suggestion")
def district_correction(request: Request, slug: str) -> Response:
    """The form about a district."""
    return _form(request, _about(request, "district", slug))


@router.post("/districts/{slug}/suggestion")
def send_district_correction(request: Request, slug: str, body: FormBody) -> Response:
    """Send it."""
    return _send(request, _about(request, "district", slug), body)


@router.get("/suggestions/{token}")
def suggestion_status(request: Request, token: str) -> Response:
    """Whether it waits, was taken up or declined."""
    with resource(request, Database).reading_primary() as session:
        suggestion = suggestions.get(session, token)
        kind, slug, status = suggestion.about_kind, suggestion.about, suggestion.status
    about = _about_record(request, kind, slug) if kind and slug else None
    page = Page(
        "suggestion_status.html",
        "Your suggestion",
        f"/suggestions/{token}",
        values={"status": STATUSES[status], "about": about},
        ignored=unknown_parameters(request),
    )
    return respond(request, page, NO_STORE)


def _about(request: Request, kind: str, slug: str) -> About:
    """The record that a form is about. Raises NotFound, Moved or Gone."""
    with resource(request, Database).reading() as session:
        public, _document = published(session, kind, slug)
    return _about_record(request, kind, public.slug)


def _about_record(request: Request, kind: str, slug: str) -> About:
    index = resource(request, Index)
    with index.reading():
        card = card_of(index, kind, slug) or {}
    record = f"/{KINDS[kind].path}/{slug}"
    return About(
        address=f"{record}/suggestion",
        section="cases" if kind == "case-study" else "districts",
        slug=slug,
        title=card.get("title") or card.get("name") or slug,
        record=record,
    )


def _form(
    request: Request,
    about: About,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    heading = "Suggest a correction" if about.slug else "Suggest a correction or a case study"
    values: dict[str, Any] = {
        "about": about,
        "heading": heading,
        "field_names": FIELD_NAMES,
        "typed": Texts(typed or {}),
        "faults": Texts(faults or {}),
    }
    page = Page(
        "suggestion.html",
        f"Not sent: {heading}" if faults else heading,
        about.address,
        "Tell the editors what is wrong or missing.",
        about.section,
        values,
        ignored=unknown_parameters(request),
        status=status,
    )
    return respond(request, page, {**NO_STORE, **(headers or {})})


def _send(request: Request, about: About, body: bytes) -> Response:
    """Take the suggestion in and lead to its status, or show the form again with its faults."""
    fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    typed = {name: fields[name].replace("\r\n", "\n").strip() for name in FIELDS if name in fields}
    document = {name: text for name, text in typed.items() if text}
    document |= {"about": about.slug, "kind": "correction"} if about.slug else {}
    try:
        let_in(request.scope)
        suggestion = parse_shape(SuggestionRequest, document)
        database, index = resource(request, Database), resource(request, Index)
        token = take_in(database, index, suggestion, at=now())
    except Invalid as invalid:
        faults = dict(_by_field(invalid))
        return _form(request, about, typed, faults, status=422)
    except TooMany as refusal:
        headers = {"Retry-After": str(refusal.retry_after)}
        return _form(request, about, typed, {"": str(refusal)}, status=429, headers=headers)
    return Response(status_code=303, headers={"Location": f"/suggestions/{token}", **NO_STORE})


def _by_field(invalid: Invalid) -> Iterator[tuple[str, str]]:
    """Each field with its fault, which does not name it: it stands there."""
    for fault in invalid.faults:
        name = (fault.pointer or "").strip("/")
        detail = fault.detail.removeprefix(f"{name}: ")
        for begin, plain in ((f"{name} must have at least ", "Write at least "), (name, "This")):
            if detail.startswith(begin):
                detail = plain + detail.removeprefix(begin)
                break
        yield name, sentence(detail)
