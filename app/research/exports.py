"""The exports: their tables, their columns, and the documents that a search finds."""

from collections.abc import Callable, Generator
from typing import Any

from app.catalog import entry
from app.database import Database
from app.research.formats import Column
from app.search.index import Index
from app.search.query import SearchQuery
from app.search.results import all_hits

Documents = Generator[str, None, None]  # reads while it is open
TABLES = {"case-studies": "case-study", "districts": "district"}


def documents(database: Database, index: Index, query: SearchQuery) -> Documents:
    """The full document of every record that the search finds, by slug, all of one revision."""
    collection = index.collections[query.kind]
    numbers = all_hits(query, index)
    slugs = None
    if len(numbers) < len(collection):
        slugs = frozenset(collection.slugs[number] for number in numbers)
    return _stream(database, query.kind, slugs)


def _stream(database: Database, kind: str, slugs: frozenset[str] | None) -> Documents:
    with database.reading_export() as session:
        yield from entry.stream_documents(session, kind, slugs)


def _field(*path: str) -> Callable[[dict[str, Any]], Any]:
    """Reads the value at a path; from a list, that of each item which has one."""

    def value(part: Any) -> Any:
        for position, name in enumerate(path):
            if isinstance(part, list):
                inner = _field(*path[position:])
                return [item for item in map(inner, part) if item is not None]
            part = part and part[name]
        return part

    return value


def _prose(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda document: "\n\n".join(paragraph["text"] for paragraph in document[name])


_DISTRICT_FIGURES: list[Column] = [
    (f"{figure}{suffix}", _field(figure, part))
    for figure in ("locale", "enrollment", "schools")
    for suffix, part in (("", "value"), ("_year", "year"), ("_source", "source"))
]
COLUMNS: dict[str, list[Column]] = {
    "case-study": [
        *((name, _field(name)) for name in ("slug", "title", "initiative", "summary")),
        ("states", _field("states", "value")),
        ("districts", _field("districts", "slug")),
        ("leaids", _field("districts", "nces_leaid")),
        *((name, _field(name)) for name in ("rurality", "rurality_basis", "setting")),
        ("models", _field("models", "value")),
        ("kinship", _field("kinship")),
        ("strategies", _field("strategies", "value")),
        ("topics", _field("topics", "value")),
        ("outcomes", _field("outcomes", "indicator")),
        *((name, _field(name)) for name in ("evidence", "started_year", "ended_year", "status")),
        *((name, _prose(name)) for name in ("challenge", "approach", "results", "lessons")),
        ("partners", _field("partners", "name")),
        ("funding", _field("funding", "name")),
        ("sources", _field("sources", "url")),
        *((name, _field(name)) for name in ("version", "updated_at", "url")),
    ],
    "district": [
        *(
            (name, _field(name))
            for name in (
                "slug",
                "nces_leaid",
                "name",
                "state",
                "region",
                "city",
                "county",
                "rurality",
            )
        ),
        *_DISTRICT_FIGURES,
        ("latitude", _field("place", "latitude")),
        ("longitude", _field("place", "longitude")),
        ("place_basis", _field("place", "basis")),
        *((name, _field(name)) for name in ("strategies", "outcomes")),
        ("case_studies", _field("case_studies", "slug")),
        *((name, _field(name)) for name in ("website", "version", "updated_at", "url")),
    ],
}
