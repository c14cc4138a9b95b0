"""The exports: which tables there are, their columns, and the documents of what a question finds."""

from collections.abc import Callable, Generator
from typing import Any

from app.catalog import entry
from app.database import Database
from app.research.formats import Column
from app.search.index import Index
from app.search.matching import match
from app.search.query import SearchQuery

Documents = Generator[str, None, None]  # reads while it is open
TABLES = {"case-studies": "case-study", "districts": "district"}


def documents(database: Database, index: Index, query: SearchQuery) -> Documents:
    """The full document of everything that the question finds, by slug, as of one moment."""
    hits = match(query, index.collections[query.kind]).hits()
    among = index.collections[query.kind]
    wanted = None if len(hits) == len(among) else frozenset(among.slugs[number] for number in hits)
    return _stream(database, query.kind, wanted)


def _stream(database: Database, kind: str, wanted: frozenset[str] | None) -> Documents:
    with database.reading() as session:
        yield from entry.stream_documents(session, kind, wanted)


def _field(*path: str) -> Callable[[dict[str, Any]], Any]:
    def value(found: Any) -> Any:
        for position, name in enumerate(path):
            if isinstance(found, list):
                return [
                    inner for item in found if (inner := _field(*path[position:])(item)) is not None
                ]
            found = found and found[name]
        return found

    return value


def _prose(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda found: "\n\n".join(paragraph["text"] for paragraph in found[name])


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
