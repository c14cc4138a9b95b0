"""Which addresses are pages, and which of them show what an address of the API answers."""

from app.records.kinds import KINDS, SEARCHABLE

RECORDS = tuple(KINDS[kind].path for kind in SEARCHABLE)  # their lists and records
WITH_DATA = (*RECORDS, "organizations")  # pages at /NAME, whose data are at /v1/NAME
PAGES = (
    *WITH_DATA,
    "about",
    "codebook",
    "compare",
    "embed",
    "map",
    "states",
    "strategies",
    "suggestions",
    "topics",
)
PERSONAL = "suggestions"


def is_page(path: str) -> bool:
    """Whether a page may stand here."""
    return path == "/" or _first(path) in PAGES


def is_personal(path: str) -> bool:
    """Whether a page is of one reader, so that nobody keeps it."""
    return _first(path) == PERSONAL or path.endswith("/suggestion")


def page_of(path: str) -> str | None:
    """The page that shows what an address of the API answers."""
    if path == "/v1":
        return "/"
    page = path.removeprefix("/v1")
    return page if page != path and data_of(page) == path else None


def data_of(path: str) -> str | None:
    """The address of the API that answers what a page shows."""
    if path == "/":
        return "/v1"
    _, name, *rest = path.split("/")
    most = 1 if name in RECORDS else 0
    return f"/v1{path}" if name in WITH_DATA and len(rest) <= most and all(rest) else None


def _first(path: str) -> str:
    """The first part of a path; `*`, of the request OPTIONS *, has none."""
    return path.removeprefix("/").partition("/")[0] if path.startswith("/") else ""
