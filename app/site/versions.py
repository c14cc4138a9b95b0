"""/case-studies/{slug}/versions and the same of districts: what was public, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from app.catalog import as_of
from app.catalog.published import published
from app.database import Database
from app.errors import Gone
from app.records.kinds import KINDS
from app.records.public_versions import PublicVersion, public_versions
from app.records.wording import counted
from app.search.index import Index
from app.site.differences import Change, differences
from app.site.page import CSV, HTML, JSON, Alternate, Page, respond, unknown_parameters
from app.site.record import AS_OF
from app.web.state import resource

router = APIRouter()
SECTIONS = {"case-study": "cases", "district": "districts"}


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version with what changed in it; `what` is said of the first one and of the end."""

    heading: str
    at: datetime
    is_current: bool
    what: str
    changes: Sequence[Change]
    links: Sequence[Alternate]  # where it can be read, as a page and as data


@router.get("/case-studies/{slug}/versions")
def case_study_versions(request: Request, slug: str) -> Response:
    """The versions of a case study."""
    return _versions(request, "case-study", slug)


@router.get("/districts/{slug}/versions")
def district_versions(request: Request, slug: str) -> Response:
    """The versions of a district."""
    return _versions(request, "district", slug)


def _versions(request: Request, kind: str, slug: str) -> Response:
    """Of a withdrawn record, when and why alone: what it said is no longer public."""
    with resource(request, Database).reading() as session:
        try:
            public, _document = published(session, kind, slug)
            slug, withdrawn = public.slug, False
        except Gone:
            withdrawn = True
        versions = public_versions(session, kind, slug)
        known_since = as_of.first_known(session)
    index = resource(request, Index)
    with index.reading():
        shown = _shown(
            versions, KINDS[kind].path, index, is_withdrawn=withdrawn, known_since=known_since
        )
    address = f"/{KINDS[kind].path}/{slug}"
    title = _title(versions, slug)
    page = Page(
        "versions.html",
        "Versions of this record" if withdrawn else f"Versions: {title}",
        f"{address}/versions",
        "What was public of this record, and when, field by field.",
        SECTIONS[kind],
        {
            "versions": shown,
            "record": {"title": title, "address": address, "list": KINDS[kind].plural},
            "list_address": f"/{KINDS[kind].path}",
            "is_withdrawn": withdrawn,
            "has_gaps": _has_gaps(versions),
        },
        ignored=unknown_parameters(request),
    )
    return respond(request, page)


def _title(versions: Sequence[PublicVersion], slug: str) -> str:
    documents = [version.document for version in versions if version.document]
    if not documents:
        return slug
    newest = documents[-1]
    return str(newest.get("title") or newest.get("name"))


def _shown(
    versions: Sequence[PublicVersion],
    path: str,
    index: Index,
    *,
    is_withdrawn: bool,
    known_since: int,
) -> list[ShownVersion]:
    """Newest first, each compared with the public version before it.

    `known_since`: the revision from which on versions can be read.
    """
    shown: list[ShownVersion] = []
    before: dict[str, Any] | None = None
    for version in versions:
        current = version is versions[-1]
        if version.document is None:
            reason = (
                f"Withdrawn. The reason given: {version.reason}" if version.reason else "Withdrawn."
            )
            shown.append(ShownVersion("Withdrawn", version.at, current, reason, [], []))
            continue
        changes: list[Change] = []
        what = "" if is_withdrawn else _first(version.document)
        if before is not None and not is_withdrawn:
            changes = differences(before, version.document, index.vocabulary)
            what = "" if changes else "Published again without a change."
        links = _links(path, version) if version.seq >= known_since and not is_withdrawn else []
        heading = f"Version {version.version}"
        shown.append(ShownVersion(heading, version.at, current, what, changes, links))
        before = version.document
    return shown[::-1]


def _links(path: str, version: PublicVersion) -> list[Alternate]:
    """Where a version can be read. Its slug is the one that it had then."""
    slug, then = version.slug, f"{AS_OF}={version.seq}"
    return [
        Alternate(HTML, "Read it", f"/{path}/{slug}?{then}"),
        Alternate(JSON, "JSON", f"/v1/{path}/{slug}?{then}"),
        Alternate(CSV, "CSV", f"/v1/exports/{path}.csv?slug={slug}&{then}"),
    ]


def _has_gaps(versions: Sequence[PublicVersion]) -> bool:
    """Whether numbers are missing: those of drafts, and of steps such as a review."""
    return versions[-1].version > len(versions) if versions else False


def _first(document: dict[str, Any]) -> str:
    """What the first version held."""
    parts = [
        counted(len(document[name]), name.removesuffix("s"))
        for name in ("outcomes", "sources")
        if name in document
    ]
    return f"First version{': ' + ', '.join(parts) if parts else ''}."
