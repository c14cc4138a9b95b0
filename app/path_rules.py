"""What the HTTP layer must know of the service's paths."""

import re
from collections.abc import Callable
from functools import partial
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlencode

from app.api_documents import DESK
from app.records.kinds import KINDS, SEARCHABLE
from app.research import citations
from app.research.feed import MEDIA_TYPE as ATOM
from app.search import endpoints as search
from app.search.answer import FEED
from app.search.query import OF_A_PAGE
from app.web.edge import PathRules

JSON = "application/json"
IN_A_PATH = "/:@!$&'()*+,;=~"  # besides letters, digits and -._ (RFC 3986)
HTML = "text/html"
FEED_MEDIA_TYPES = (ATOM, "application/xml", "text/xml")
TAKE_SEARCHES = ("/v1/exports/", "/v1/suggest", "/oembed", FEED)
MADE_FOR_OTHER_SITES = ("/oembed", "/pictures/", "/sitemap")  # not pages, and made for each request
_PATHS = "|".join(KINDS[kind].path for kind in SEARCHABLE)
RECORD = re.compile(f"/v1/({_PATHS}|snapshots)/[^/]+")
CITATION = re.compile(f"{RECORD.pattern}/citation|/v1/citations/({_PATHS})")
EXPORTED = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
EXPORT_MEDIA_TYPES = {
    "csv": ("text/csv",),
    "ndjson": ("application/x-ndjson", JSON),
    "geojson": ("application/geo+json", JSON),
    "parquet": ("application/vnd.apache.parquet",),
    "zip": ("application/zip",),
    "sqlite": ("application/vnd.sqlite3",),
}
METADATA = {"/data.json": (JSON,), "/llms.txt": ("text/plain",)}  # where programs look for them


class Pages(Protocol):
    """What the pages say of their addresses."""

    def is_page(self, path: str) -> bool:
        """Whether a page may stand here."""

    def is_personal(self, path: str) -> bool:
        """Whether a page is of one reader, so that nobody keeps it."""

    def page_of(self, path: str) -> str | None:
        """The page that shows what an address of the API answers."""

    def data_of(self, path: str) -> str | None:
        """The address of the API that answers what a page shows."""


def rules(pages: Pages) -> PathRules:
    """The rules of all paths."""
    searches = {f"/v1/{KINDS[kind].path}": search.SEARCHES[kind] for kind in search.SEARCHES}

    def elsewhere(path: str, query: str) -> dict[str, str]:
        """The same question as a page, as data, as a file, or as a citation."""
        path = quote(path, safe=IN_A_PATH)
        suffix = f"?{query}" if query else ""
        if CITATION.fullmatch(path):
            return _citations(path, query)
        data = pages.data_of(path)
        record = data or path
        cited = _citations(f"{record}/citation", query) if RECORD.fullmatch(record) else {}
        if data:
            return {JSON: f"{data}{suffix}"} | cited
        page = pages.page_of(path)
        shown = {HTML: f"{page}{suffix}"} if page else {}
        return shown | exports(path, query) | cited

    def exports(path: str, query: str) -> dict[str, str]:
        if path not in searches:
            return {}
        pairs = [
            (name, value)
            for name, value in parse_qsl(query, keep_blank_values=True)
            if name not in OF_A_PAGE
        ]
        address = path.replace("/v1/", "/v1/exports/", 1)
        suffix = f"?{urlencode(pairs)}" if pairs else ""
        return {
            media_type: f"{address}.{extension}{suffix}"
            for extension, media_type in EXPORTED.items()
        }

    return PathRules(
        is_public=lambda path: not path.startswith("/v1/admin"),
        media_types=lambda path, query: (
            (HTML,) if pages.is_page(path) else _media_types(path, query)
        ),
        rate_group=partial(_rate_group, pages),
        takes_turns=lambda path: (
            path in searches or path.startswith(TAKE_SEARCHES) or pages.is_page(path)
        ),
        fast_paths=searches,
        elsewhere=elsewhere,
        leads_to=frozenset({HTML, *citations.BY_MEDIA_TYPE}),
    )


def _media_types(path: str, query: str) -> tuple[str, ...]:
    """What an address that is no page answers with; () where that does not depend on the client."""
    if path == FEED:
        return FEED_MEDIA_TYPES
    if CITATION.fullmatch(path):
        return _citation_media_types(query)
    if not _is_data(path) or path == DESK.docs_path:
        return ()
    if path in METADATA:
        return METADATA[path]
    if _is_file(path):
        return EXPORT_MEDIA_TYPES.get(path.rpartition(".")[2], (JSON,))
    return (JSON, "application/problem+json")


def _citation_media_types(query: str) -> tuple[str, ...]:
    """What the format asked for is sent as; () for a format that is not there."""
    name = dict(parse_qsl(query)).get("format", citations.DEFAULT.name)
    if name not in citations.FORMATS:
        return ()
    media_type = citations.FORMATS[name].media_type
    return (media_type, JSON) if name == citations.DEFAULT.name else (media_type,)


def _citations(path: str, query: str) -> dict[str, str]:
    """A citation in each format, by media type."""
    pairs = parse_qsl(query, keep_blank_values=True)
    pairs = [(name, value) for name, value in pairs if name != "format"]
    return {
        media_type: f"{path}?{urlencode([*pairs, ('format', name)])}"
        for media_type, name in citations.BY_MEDIA_TYPE.items()
    }


def _rate_group(pages: Pages, method: str, path: str) -> str | None:
    """As what a request is counted; None if it is not. The desk's are those of people with keys."""
    is_page = pages.is_page(path)
    is_read = is_page or _is_data(path) or path.startswith(MADE_FOR_OTHER_SITES)
    if path.startswith("/v1/admin") or not is_read:
        return None
    if method == "POST":
        return "suggestions" if is_page or path == "/v1/suggestions" else "reads"
    return "exports" if _is_file(path) else "reads"


def is_cacheable(pages: Pages) -> Callable[[str], bool]:
    """Which addresses give everybody the same answer, small enough to keep."""

    def cacheable(path: str) -> bool:
        if pages.is_page(path):
            return not pages.is_personal(path)
        own = ("/v1/admin/", "/v1/changes", "/v1/suggestions")
        return _is_data(path) and not path.startswith(own) and not _is_file(path)

    return cacheable


def _is_file(path: str) -> bool:
    """Whether a table or a package stands here, which is sent while it is read."""
    of_snapshot = path.startswith("/v1/snapshots/") and path.count("/") == 4
    return path.startswith("/v1/exports/") or (
        of_snapshot and not path.endswith(("/changes", "/citation"))
    )


def _is_data(path: str) -> bool:
    return path in ("/v1", FEED) or path.startswith("/v1/") or path in METADATA
