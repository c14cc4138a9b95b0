"""/embed, /embed/frame and /embed.js: lists of case studies on pages of others. See docs/embed.md."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from app.catalog.vocabulary import Vocabulary
from app.errors import NotFound
from app.search.index import Index
from app.search.query import OF_A_PAGE, SearchQuery
from app.settings import Settings
from app.site import static_files
from app.site.choices import Choice, Option, choices
from app.site.page import IN_NO_FRAME, Page, respond, unknown_parameters
from app.site.search_form import TAKEN, SearchForm, read_form
from app.site.share_card import place_of
from app.site.static_files import FILES, FOR_A_YEAR, StaticFile
from app.web.parameters import takes_no_parameters
from app.web.state import resource

router = APIRouter()
BUILDER, FRAME = "/embed", "/embed/frame"
FIELDS = ("strategy", "state", "rurality")  # of the builder
FILTERS = (*FIELDS, "topic", "outcome", "evidence", "direction", "slug")
ATTRIBUTES = ("q", *FILTERS, "limit")  # of <model-districts>
LIMIT = 5
LIMITS = (3, 5, 10, 20)
FRAME_WIDTH = 600
AROUND_ITEMS, ITEM = 90, 74  # height of a frame in pixels, before its own script has spoken
FOR_AN_HOUR = "public, max-age=3600, stale-while-revalidate=86400"
PREVIEW_POLICY = "default-src 'none'; frame-src 'self'; "


@dataclass(frozen=True, slots=True)
class EmbeddedCase:
    """A case study of a list on another page."""

    title: str
    address: str
    facts: str


def _scripts() -> dict[str, StaticFile]:
    """Every released version of the script, the newest last. A released version never changes."""
    versions = {
        name.removeprefix("embed/").removesuffix(".js"): file
        for name, file in FILES.items()
        if name.startswith("embed/")
    }
    return dict(sorted(versions.items(), key=lambda item: [*map(int, item[0].split("."))]))


SCRIPTS = _scripts()
NEWEST = [*SCRIPTS][-1]


@router.get("/embed.js")
async def newest_script(request: Request) -> Response:
    """The newest version of the script; each keeps the contract of docs/embed.md."""
    await takes_no_parameters(request)
    return static_files.send(request, SCRIPTS[NEWEST], FOR_AN_HOUR)


@router.get("/embed-{version}.js")
async def script(request: Request, version: str) -> Response:
    """One version of the script, the same forever."""
    await takes_no_parameters(request)
    if version not in SCRIPTS:
        raise NotFound(f"The embed has no version {version[:40]!r}. Use /embed.js.")
    return static_files.send(request, SCRIPTS[version], FOR_A_YEAR)


@router.get(FRAME)
async def frame(request: Request) -> Response:
    """The list for an iframe. It alone may stand in frames of others."""
    index = resource(request, Index)
    await index.follow()
    form = frame_form(index, request.query_params.multi_items())
    results, query = form.results, form.results.query
    cases = [_embedded(hit.read_card(), index.vocabulary) for hit in results.hits]
    page = Page(
        "frame.html",
        "Case studies",
        query.url(),
        values={
            "cases": cases,
            "total": results.total,
            "all": replace(query, path="/case-studies").url_without(*OF_A_PAGE),
            "faults": list(form.faults.values()),
        },
        status=form.status,
        is_framable=True,
    )
    return respond(request, page)


@router.get(BUILDER)
async def builder(request: Request) -> Response:
    """Choose what the list shows, see it, and copy the line."""
    index = resource(request, Index)
    await index.follow()
    form = frame_form(index, request.query_params.multi_items())
    query, vocabulary = form.results.query, index.vocabulary
    base_url = resource(request, Settings).base_url
    page = Page(
        "embed.html",
        "Put a list on your page",
        BUILDER,
        "One line puts a list of case studies on your own page. No cookie, no counting.",
        values={
            "typed": form.typed,
            "faults": list(form.faults.values()),
            "choices": [*choices(FIELDS, query, vocabulary), _limits(query)],
            "attributes": _attributes(query),
            "hidden": [
                (name, value)
                for name, value in _attributes(query).items()
                if name not in ("q", *FIELDS, "limit")
            ],
            "frame": query.url(),
            "frame_height": frame_height(query.limit),
            **_lines(query, base_url),
        },
        ignored=unknown_parameters(request, TAKEN),
        status=form.status,
    )
    policy = IN_NO_FRAME["Content-Security-Policy"].replace("default-src 'none'; ", PREVIEW_POLICY)
    return respond(request, page, {"Content-Security-Policy": policy})


def frame_form(index: Index, pairs: Sequence[tuple[str, str]]) -> SearchForm:
    """The search that a frame shows; the parameters are those of the API."""
    parameters = list(pairs)
    if not any(name == "limit" and value for name, value in parameters):
        parameters.append(("limit", str(LIMIT)))
    return read_form(index, "case-study", FRAME, parameters)


def frame_height(limit: int) -> int:
    """The height of a frame with so many case studies, in pixels."""
    return AROUND_ITEMS + ITEM * limit


def frame_line(address: str, title: str, *, width: str, height: int) -> Markup:
    """The iframe element for pages that allow no script of others."""
    return Markup(
        '<iframe src="{}" title="{}" width="{}" height="{}" frameborder="0" loading="lazy"></iframe>'
    ).format(address, title, width, height)


def _attributes(query: SearchQuery) -> dict[str, str]:
    shown: Mapping[str, Any] = {**query.parameters, "limit": query.limit}
    return {name: str(shown[name]) for name in ATTRIBUTES if name in shown}


def _lines(query: SearchQuery, base_url: str) -> dict[str, str]:
    """What to copy: the element, the same with a script that never changes, and the iframe."""
    attributes = Markup("").join(
        Markup(' {}="{}"').format(name, value) for name, value in _attributes(query).items()
    )
    all_cases = base_url + replace(query, path="/case-studies").url_without(*OF_A_PAGE)
    element = Markup(
        '<model-districts{}><a href="{}">Case studies at Model Districts</a></model-districts>'
    ).format(attributes, all_cases)
    newest = Markup('<script type="module" src="{}/embed.js"></script>').format(base_url)
    pinned = Markup(
        '<script type="module" src="{}/embed-{}.js" integrity="{}" crossorigin="anonymous"></script>'
    ).format(base_url, NEWEST, integrity(SCRIPTS[NEWEST]))
    address = base_url + query.url()
    title = "Case studies of community school districts"
    return {
        "line": f"{newest}\n{element}",
        "pinned_line": str(pinned),
        "frame_line": str(
            frame_line(address, title, width="100%", height=frame_height(query.limit))
        ),
    }


def integrity(file: StaticFile) -> str:
    """What a browser compares a script with (Subresource Integrity)."""
    digest = hashlib.sha384(file.bodies["identity"]).digest()
    return f"sha384-{base64.b64encode(digest).decode()}"


def _limits(query: SearchQuery) -> Choice:
    limits = sorted({*LIMITS, query.limit})
    options = [Option(str(limit), str(limit), limit == query.limit) for limit in limits]
    return Choice("limit", "How many", options)


def _embedded(case: dict[str, Any], vocabulary: Vocabulary) -> EmbeddedCase:
    evidence = case["evidence"]
    facts = [
        place_of(case),
        f"began {case['started_year']}" if case["started_year"] else "",
        f"{vocabulary.label('evidence', evidence)} evidence" if evidence else "no outcome reported",
    ]
    address = f"/case-studies/{case['slug']}"
    return EmbeddedCase(case["title"], address, " · ".join(filter(None, facts)))
