"""Which addresses are pages, and which of them show what an address of the API answers."""

from app.records.kinds import KINDS, SEARCHABLE

LIST, RECORD = 0, 1  # how many parts of an address follow its first one
# Pages whose data are at the same address below /v1, by its first part.
WITH_DATA = {
    **{KINDS[kind].path: (LIST, RECORD) for kind in SEARCHABLE},
    "organizations": (RECORD,),
    "strategies": (LIST,),
    "codebook": (LIST,),
}
PAGES = (
    *WITH_DATA,
    "about",
    "compare",
    "embed",
    "map",
    "states",
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
    return f"/v1{path}" if len(rest) in WITH_DATA.get(name, ()) and all(rest) else None


def _first(path: str) -> str:
    """The first part of a path; `*`, of the request OPTIONS *, has none."""
    return path.removeprefix("/").partition("/")[0] if path.startswith("/") else ""
