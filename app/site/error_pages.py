"""What people read when there is no page, a record was withdrawn, or something failed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from app.errors import Gone, Invalid, NotFound, Refusal
from app.records.kinds import KINDS, SEARCHABLE
from app.records.spelling import nearest
from app.search.index import Index
from app.site.addresses import is_page
from app.site.cards import card_of
from app.site.page import RAIL, Page, respond
from app.web.conditional import names_html
from app.web.state import resource

MAX_SHOWN = 120  # characters of an address that is not there
MIN_WORD = 3  # letters; shorter ones are states and the like
KIND_OF = {KINDS[kind].path: kind for kind in SEARCHABLE}


@dataclass(frozen=True, slots=True)
class Near:
    """An address that exists, with what stands there."""

    address: str
    title: str


def error_page(request: Request, error: Exception) -> Response | None:
    """The page for an error; None where the client or the address wants a problem document."""
    path = request.url.path
    if path.startswith("/v1") or not names_html(request.headers.get("accept", "")):
        return None
    match error:
        case Gone():
            return respond(request, _gone(path, error))
        case NotFound(nearest=names):
            return respond(request, _not_found(request, names))
        case HTTPException(status_code=404):
            return respond(request, _not_found(request, ()))
        case Invalid() if is_page(path):
            return respond(request, _not_understood(path, error))
        case HTTPException() | Refusal():
            return None
    values = {"request_id": request.scope.get("request_id", "")}
    return respond(
        request, Page("failed.html", "This page cannot be shown", path, values=values, status=500)
    )


def _gone(path: str, error: Gone) -> Page:
    page = "/".join(path.split("/")[:3])
    values = {"at": error.at, "reason": error.reason, "versions": f"{page}/versions"}
    return Page("gone.html", "This record was withdrawn", path, values=values, status=410)


def _not_understood(path: str, error: Invalid) -> Page:
    values = {"faults": [fault.detail for fault in error.faults]}
    title = "Part of this address was not understood"
    return Page("not_understood.html", title, path, values=values, status=422)


def _not_found(request: Request, names: Sequence[str]) -> Page:
    path = request.url.path
    words = [word for word in re.findall(r"\w+", path) if len(word) >= MIN_WORD]
    known = {word for root in KIND_OF for word in root.split("-")}
    values = {
        "asked_for": path[:MAX_SHOWN],
        "near": _near(resource(request, Index), path, names),
        "words": " ".join(word for word in words if word not in known)[:MAX_SHOWN],
    }
    return Page(
        "not_found.html", "There is no page at this address", path, values=values, status=404
    )


def _slugs_like(index: Index, kind: str, name: str) -> Sequence[str]:
    return nearest(name, index.collections[kind].slugs_around(name))


def _near(index: Index, path: str, names: Sequence[str]) -> Near | None:
    """The address that exists and is most like one that does not. `names`: slugs like its own."""
    first, _, rest = path.strip("/").partition("/")
    root = first if first in KIND_OF else next(iter(nearest(first, KIND_OF)), "")
    if root and rest:
        kind = KIND_OF[root]
        slugs = names or _slugs_like(index, kind, rest.split("/")[0])
        for slug in slugs:
            if card := card_of(index, kind, slug):
                return Near(f"/{root}/{slug}", card.get("title") or card["name"])
    labels = {link.address: link.label for link in RAIL}
    address = f"/{root}" if root else next(iter(nearest(first, labels)), "")
    return Near(address, labels[address]) if address in labels else None
