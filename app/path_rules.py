"""What the HTTP layer must know of the service's paths."""

from collections.abc import Callable
from functools import partial
from typing import Protocol
from urllib.parse import parse_qsl, urlencode

from app.api_documents import DESK
from app.records.kinds import KINDS
from app.search import endpoints as search
from app.search.query import OF_A_PAGE
from app.web.edge import PathRules

JSON = "application/json"
HTML = "text/html"
TAKE_SEARCHES = ("/v1/exports/", "/v1/suggest")
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
        """The same question as a page, as data, or as a file."""
        suffix = f"?{query}" if query else ""
        if data := pages.data_of(path):
            return {JSON: f"{data}{suffix}"}
        page = pages.page_of(path)
        shown = {HTML: f"{page}{suffix}"} if page else {}
        return shown | exports(path, query)

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
        media_types=lambda path: (HTML,) if pages.is_page(path) else _media_types(path),
        rate_group=partial(_rate_group, pages),
        takes_turns=lambda path: (
            path in searches or path.startswith(TAKE_SEARCHES) or pages.is_page(path)
        ),
        fast_paths=searches,
        elsewhere=elsewhere,
    )


def _media_types(path: str) -> tuple[str, ...]:
    """What an address that is no page answers with; () where that does not depend on the client."""
    if not _is_data(path) or path == DESK.docs_path:
        return ()
    if path in METADATA:
        return METADATA[path]
    if path.startswith("/v1/exports/"):
        return EXPORT_MEDIA_TYPES.get(path.rpartition(".")[2], (JSON,))
    return (JSON, "application/problem+json")


def _rate_group(pages: Pages, method: str, path: str) -> str | None:
    """As what a request is counted; None if it is not. The desk's are those of people with keys."""
    is_page = pages.is_page(path)
    if path.startswith("/v1/admin") or not (is_page or _is_data(path)):
        return None
    if method == "POST":
        return "suggestions" if is_page or path == "/v1/suggestions" else "reads"
    return "exports" if path.startswith("/v1/exports/") else "reads"


def is_cacheable(pages: Pages) -> Callable[[str], bool]:
    """Which addresses give everybody the same answer, small enough to keep."""

    def cacheable(path: str) -> bool:
        if pages.is_page(path):
            return not pages.is_personal(path)
        return _is_data(path) and not path.startswith(
            ("/v1/admin/", "/v1/changes", "/v1/exports/", "/v1/suggestions")
        )

    return cacheable


def _is_data(path: str) -> bool:
    return path == "/v1" or path.startswith("/v1/") or path in METADATA
