"""Page: what a page shows, and the response that is made of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.records import wording
from app.records.text import SENTENCE_END
from app.research.citations import FORMATS
from app.research.feed import MEDIA_TYPE
from app.search.answer import FEED
from app.settings import Settings
from app.site import display, prose, static_files
from app.site.structured_data import json_ld
from app.web.cached_response import CachedResponse
from app.web.state import resource

SITE = "Model Districts"
MAX_DESCRIPTION = 160  # characters that a list of links elsewhere shows
HTML, JSON, CSV = "text/html", "application/json", "text/csv"
SOURCES = ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action")
POLICY = "; ".join(
    ["default-src 'none'", *(f"{source} 'self'" for source in SOURCES), "base-uri 'none'"]
)
IN_NO_FRAME = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}
IN_ANY_FRAME = {"Content-Security-Policy": POLICY}
TRACKING = ("utm_", "fbclid", "gclid", "dclid", "msclkid", "mc_cid", "mc_eid", "igshid", "twclid")


@dataclass(frozen=True, slots=True)
class RailLink:
    """A link of the masthead."""

    section: str  # what a page names to be under it
    label: str
    address: str


RAIL = (
    RailLink("cases", "Cases", "/case-studies"),
    RailLink("map", "Map", "/map"),
    RailLink("districts", "Districts", "/districts"),
    RailLink("strategies", "Strategies", "/strategies"),
    RailLink("about", "About", "/about"),
)


@dataclass(frozen=True, slots=True)
class Alternate:
    """The same as a page shows, in another form."""

    media_type: str
    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows. `values` are those of its template."""

    template: str
    title: str
    address: str  # root-relative, the one by which it is known
    description: str = ""
    section: str = ""  # of the rail
    values: Mapping[str, Any] = field(default_factory=dict)
    alternates: Sequence[Alternate] = ()
    citations: Sequence[Alternate] = ()  # how to cite it, for reference managers
    ignored: Sequence[str] = ()  # parameters in its address that it does not know
    status: int = 200
    by_revision: bool = True  # made from published entries alone
    on_hit: Callable[[], None] | None = None  # called when it is sent from memory
    is_framable: bool = False
    picture: str = ""  # address of its own picture for shared links
    structured_data: Sequence[Mapping[str, Any]] = ()  # for search engines
    is_embeddable: bool = False  # in pages of others, by oEmbed


def respond(request: Request, page: Page, headers: Mapping[str, str] | None = None) -> Response:
    """The response. Search engines skip pages that were not found or not understood."""
    body = render(page, base_url=resource(request, Settings).base_url).encode()
    headers = {**(IN_ANY_FRAME if page.is_framable else IN_NO_FRAME), **(headers or {})}
    if page.status == 200:
        return CachedResponse(
            body,
            media_type=HTML,
            by_revision=page.by_revision,
            on_hit=page.on_hit,
            headers=headers,
        )
    return Response(body, page.status, headers, media_type=HTML)


def feed(search: str = "") -> Alternate:
    """The feed of the case studies that a search finds, by its query string."""
    return feed_at(f"{FEED}?kind=case-study{f'&{search}' if search else ''}")


def feed_at(address: str) -> Alternate:
    """A feed, by its address."""
    return Alternate(MEDIA_TYPE, "Atom feed", address)


def citations_at(address: str) -> list[Alternate]:
    """A citation in each format that reference managers read, by its address."""
    joint = "&" if "?" in address else "?"
    return [
        Alternate(format_.media_type, format_.label, f"{address}{joint}format={format_.name}")
        for format_ in FORMATS.values()
        if format_.extension
    ]


def render(page: Page, *, base_url: str) -> str:
    """The page as HTML."""
    template = _ENVIRONMENT.get_template(page.template)
    return template.render(page.values, page=page, base_url=base_url)


def unknown_parameters(request: Request, known: Sequence[str] = ()) -> list[str]:
    """The parameters that a page does not know; tracking parameters are not reported."""
    names = dict.fromkeys(name for name, _ in request.query_params.multi_items())
    return [name for name in names if name not in known and not name.startswith(TRACKING)]


def shortened(text: str, most: int = MAX_DESCRIPTION) -> str:
    """The beginning of a text: whole sentences where they fill half of it, else whole words."""
    if len(text) <= most:
        return text
    ends = [end.end() for end in SENTENCE_END.finditer(text, 0, most + 1)]
    if ends and ends[-1] >= most / 2:
        return text[: ends[-1]]
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "\u2026"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else the files are looked at for every page
    )
    environment.globals.update(
        site=SITE,
        rail=RAIL,
        static=static_files.address,
        source_link=prose.source_link,
        json_ld=json_ld,
        counted=wording.counted,
        listed=wording.listed,
    )
    environment.filters.update(
        typographic=display.typographic,
        with_code=prose.line,
        figure=display.figure,
        day=display.day,
        school_year=display.school_year,
        sentence=display.sentence,
    )
    return environment


_ENVIRONMENT = _environment()
