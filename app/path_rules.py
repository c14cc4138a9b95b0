"""What the HTTP layer must know of the service's paths."""

from urllib.parse import parse_qsl, urlencode

from app.api_documents import DESK
from app.records.kinds import KINDS
from app.search import endpoints as search
from app.search.query import OF_A_PAGE
from app.web.edge import PathRules

JSON = "application/json"
EXPORTED = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
EXPORT_MEDIA_TYPES = {"csv": ("text/csv",), "ndjson": ("application/x-ndjson", JSON)}


def rules() -> PathRules:
    """The rules of all paths."""
    searches = {f"/v1/{KINDS[kind].path}": search.SEARCHES[kind] for kind in search.SEARCHES}

    def exports(path: str, query: str) -> dict[str, str]:
        """The same question to a list, as a file."""
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
        media_types=_media_types,
        fast_paths=searches,
        elsewhere=exports,
    )


def _media_types(path: str) -> tuple[str, ...]:
    """What a path answers with; () for pages, which answer whatever is accepted."""
    if not path.startswith("/v1/") or path == DESK.docs_path:
        return ()
    if path.startswith("/v1/exports/"):
        return EXPORT_MEDIA_TYPES.get(path.rpartition(".")[2], (JSON,))
    return (JSON, "application/problem+json")


def is_cacheable(path: str) -> bool:
    """Whether answers of this address are the same for everybody and small enough to keep."""
    return path == "/" or (
        path.startswith("/v1/")
        and not path.startswith(("/v1/admin/", "/v1/changes", "/v1/exports/", "/v1/suggestions"))
    )
