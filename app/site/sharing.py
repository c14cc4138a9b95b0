"""What shared links and search engines need: pictures, the sitemaps and robots.txt."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from markupsafe import escape

from app.errors import NotFound
from app.search.collection import Collection
from app.search.filters import FILTER
from app.search.index import Index
from app.settings import Settings
from app.site import share_card, terms
from app.site.cards import card_of
from app.site.display import typographic
from app.site.gathered import members
from app.site.share_card import ShareCard, card_svg, case_study_card
from app.web.conditional import matches
from app.web.state import resource

router = APIRouter()
HOME_CARD = "What districts did, with whom, and what came of it"
HOME_PICTURE = "/pictures/home.png"
FOR_A_WEEK = "public, max-age=604800"
FOR_AN_HOUR = "public, max-age=3600"
# What the sitemap lists: pages of their own, and the records of two kinds, at most so many in a file.
PAGES = ("/", "/case-studies", "/districts", "/map", "/strategies", "/about", "/codebook", "/embed")
RECORDS = {"case-studies": "case-study", "districts": "district"}
ONE_AT_A_TIME = CapacityLimiter(1)  # pictures: drawing one keeps the interpreter for 45 ms
MAX_IN_A_SITEMAP = 40_000  # sitemaps.org allows 50,000
SITEMAP_PART = re.compile("[1-9][0-9]{0,3}")
SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


@router.get(HOME_PICTURE)
async def home_picture(request: Request) -> Response:
    """The picture of a link to the front page, and to any page that has none of its own."""
    index = resource(request, Index)
    await index.follow()
    counts = [
        ("Case studies", f"{len(index.collections['case-study']):,}"),
        ("Districts", f"{len(index.collections['district']):,}"),
        ("Each claim", "With its source"),
    ]
    return await _picture(request, ShareCard(HOME_CARD, "Community schools of the US", counts))


@router.get("/pictures/case-studies/{slug}.png")
async def case_study_picture(request: Request, slug: str) -> Response:
    """The picture of a link to a case study."""
    index = resource(request, Index)
    await index.follow()
    card = card_of(index, "case-study", slug)
    if card is None:
        raise NotFound(f"No case study is called {slug[:200]!r}.")
    evidence = card["evidence"] and index.vocabulary.label("evidence", card["evidence"])
    return await _picture(request, case_study_card(card, evidence))


@router.get("/robots.txt")
async def robots(request: Request) -> Response:
    """Robots may read all that people may."""
    base_url = resource(request, Settings).base_url
    text = f"User-agent: *\nDisallow: /v1/admin/\n\nSitemap: {base_url}/sitemap.xml\n"
    return Response(text, media_type="text/plain", headers={"Cache-Control": FOR_AN_HOUR})


@router.get("/sitemap.xml")
async def sitemap_index(request: Request) -> Response:
    """The list of sitemaps."""
    index = resource(request, Index)
    await index.follow()
    names = ["pages"]
    for path, kind in RECORDS.items():
        parts = -(-len(index.collections[kind]) // MAX_IN_A_SITEMAP)
        names += [f"{path}-{part}" for part in range(1, parts + 1)]
    base_url = resource(request, Settings).base_url
    addresses = [f"{base_url}/sitemaps/{name}.xml" for name in names]
    return _xml("sitemapindex", "sitemap", ((address, "") for address in addresses))


@router.get("/sitemaps/{name}.xml")
async def sitemap(request: Request, name: str) -> Response:
    """One sitemap: the pages, or some of the records of a kind."""
    index = resource(request, Index)
    await index.follow()
    base_url = resource(request, Settings).base_url
    if name == "pages":
        paths = [*PAGES, *_term_pages(index)]
        return _xml("urlset", "url", ((f"{base_url}{path}", "") for path in paths))
    path, _, part = name.rpartition("-")
    if path not in RECORDS or not SITEMAP_PART.fullmatch(part):
        raise NotFound(f"No sitemap is called {name[:200]!r}. See /sitemap.xml.")
    collection = index.collections[RECORDS[path]]
    records = _records(collection, f"{base_url}/{path}/")
    first = (int(part) - 1) * MAX_IN_A_SITEMAP
    return _xml("urlset", "url", list(records)[first : first + MAX_IN_A_SITEMAP])


def _term_pages(index: Index) -> Iterator[str]:
    """The pages of the states, strategies, topics and organizations that have a case study."""
    for name in ("state", "strategy", "topic", "partner"):
        for code in index.vocabulary.codes(FILTER[name].vocabulary):
            if members(index, name, code):
                yield terms.address(name, code)


async def _picture(request: Request, card: ShareCard) -> Response:
    shown = ShareCard(typographic(card.title), typographic(card.place), card.facts)
    svg = card_svg(shown)
    etag = f'"{hashlib.blake2b(svg.encode(), digest_size=12).hexdigest()}"'
    headers = {"Cache-Control": FOR_A_WEEK, "ETag": etag}
    if matches(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    picture = await to_thread.run_sync(share_card.png, svg, limiter=ONE_AT_A_TIME)
    return Response(picture, media_type="image/png", headers=headers)


def _records(collection: Collection, prefix: str) -> Iterator[tuple[str, str]]:
    updated = collection.orders["updated"].values
    for slug, number in sorted(collection.numbers.items()):
        day = datetime.fromtimestamp(updated[number], UTC).date().isoformat()
        yield f"{prefix}{slug}", day


def _xml(root: str, item: str, entries: Iterable[tuple[str, str]]) -> Response:
    """A sitemap (sitemaps.org) of addresses, each with the day it last changed, where known."""
    parts = [
        f"<{item}><loc>{escape(address)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{item}>"
        for address, day in entries
    ]
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{SITEMAPS}">{"".join(parts)}</{root}>\n'
    return Response(text, media_type="application/xml", headers={"Cache-Control": FOR_AN_HOUR})
