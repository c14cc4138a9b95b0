"""/oembed: how others embed one of our pages (oembed.com): as an iframe."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import orjson
from fastapi import APIRouter, Request, Response

from app.errors import Fault, Invalid, NotFound
from app.search.index import Index
from app.settings import Settings
from app.site import share_card
from app.site.cards import card_of
from app.site.embed import FRAME_WIDTH, frame_form, frame_height, frame_line
from app.site.page import SITE
from app.site.sharing import FOR_AN_HOUR, HOME_PICTURE
from app.site.structured_data import picture_of
from app.web.problems import problem
from app.web.state import resource

router = APIRouter()
CASE_STUDIES = "/case-studies"


@dataclass(frozen=True, slots=True)
class Embeddable:
    """A page of ours as a frame."""

    title: str
    frame: str  # its address
    limit: int
    picture: str


@router.get("/oembed")
async def oembed(request: Request) -> Response:
    """The answer of the oEmbed protocol, for a case study or a list of case studies."""
    parameters = request.query_params
    if parameters.get("format", "json") != "json":
        return problem(request, 501, "oEmbed answers in JSON alone. Leave out format, or use json.")
    base_url = resource(request, Settings).base_url
    index = resource(request, Index)
    await index.follow()
    page = _page(parameters.get("url", ""), index, base_url)
    width = _at_most(parameters.get("maxwidth"), FRAME_WIDTH, "maxwidth")
    height = _at_most(parameters.get("maxheight"), frame_height(page.limit), "maxheight")
    answer = {
        "version": "1.0",
        "type": "rich",
        "title": page.title,
        "provider_name": SITE,
        "provider_url": f"{base_url}/",
        "cache_age": 3600,
        "html": frame_line(base_url + page.frame, page.title, width=str(width), height=height),
        "width": width,
        "height": height,
        "thumbnail_url": base_url + page.picture,
        "thumbnail_width": share_card.WIDTH,
        "thumbnail_height": share_card.HEIGHT,
    }
    body = orjson.dumps(answer, default=str)
    return Response(body, media_type="application/json", headers={"Cache-Control": FOR_AN_HOUR})


def _page(url: str, index: Index, base_url: str) -> Embeddable:
    if not url:
        detail = f"url is missing. Give the address of a page, such as {base_url}{CASE_STUDIES}."
        raise Invalid([Fault("required", detail, parameter="url")])
    path, query = _own_part(url, base_url)
    if path == CASE_STUDIES:
        search = frame_form(index, parse_qsl(query)).results.query
        return Embeddable(f"Case studies of {SITE}", search.url(), search.limit, HOME_PICTURE)
    card = card_of(index, "case-study", path.removeprefix(f"{CASE_STUDIES}/"))
    if card is None:
        raise NotFound(
            f"Not a page that can be embedded: {url[:200]!r}. Use the address of a case study, or "
            f"of a list of case studies; it begins with {base_url}{CASE_STUDIES}."
        )
    embedded = frame_form(index, [("slug", card["slug"]), ("limit", "1")]).results.query
    return Embeddable(card["title"], embedded.url(), 1, picture_of(card["slug"], card["version"]))


def _own_part(url: str, base_url: str) -> tuple[str, str]:
    """Path and query of an address of ours; empty for others. http and https mean the same."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    is_own = parts.scheme in ("http", "https") and parts.netloc == urlsplit(base_url).netloc
    return (parts.path.rstrip("/"), parts.query) if is_own else ("", "")


def _at_most(limit: str | None, size: int, name: str) -> int:
    """The size, or the limit that the other page sets."""
    if not limit:
        return size
    if not limit.isascii() or not limit.isdigit() or limit.strip("0") == "":
        detail = f"{name} must be a whole number of pixels; {limit[:40]!r} was given."
        raise Invalid([Fault("out_of_range", detail, parameter=name)])
    return min(int(limit[:9]), size)
