"""The sources of a case study, each with what it was used for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.vocabulary import Vocabulary

Json = dict[str, Any]
SECTIONS = {  # of the page, by its id: what stands there
    "outcomes": ("outcomes", ("outcomes",)),
    "challenge": ("what they faced", ()),
    "approach": ("what they did", ()),
    "results": ("what came of it", ()),
    "lessons": ("what they learned", ()),
    "numbers": ("in numbers", ("scale", "context")),
    "money": ("partners and money", ("partners", "funding")),
    "glance": ("facts at the top", ("facts",)),
}


@dataclass(frozen=True, slots=True)
class Use:
    """A section of the page that rests on a source, and how often it does."""

    section: str
    label: str
    times: int


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A source, ready to show."""

    id: str
    number: str
    title: str
    publisher: str
    year: int | None
    url: str
    kind: str
    uses: Sequence[Use]


def sources(document: Json, vocabulary: Vocabulary) -> list[ShownSource]:
    """Every source of a document in the order of its ids."""
    uses = {section: _ids(document, section) for section in SECTIONS}
    return [
        ShownSource(
            id=source["id"],
            number=source["id"].removeprefix("s"),
            title=source["title"],
            publisher=source["publisher"],
            year=source["year"],
            url=source["url"],
            kind=vocabulary.label("source-kind", source["kind"]),
            uses=[
                Use(section, SECTIONS[section][0], ids.count(source["id"]))
                for section, ids in uses.items()
                if source["id"] in ids
            ],
        )
        for source in sorted(document["sources"], key=lambda row: _natural(row["id"]))
    ]


def short_names(document: Json) -> Mapping[str, str]:
    """By id, publisher and year, for the margin."""
    return {
        source["id"]: f"{source['publisher'].split(' (')[0]}, {source['year'] or 'no date'}"
        for source in document["sources"]
    }


def _ids(document: Json, section: str) -> list[str]:
    """The ids of the sources that a section cites, each time."""
    _, parts = SECTIONS[section]
    if not parts:
        return [id_ for paragraph in document[section] for id_ in paragraph["sources"]]
    claims: list[Json] = []
    for part in parts:
        rows = document[part]
        claims += rows.values() if isinstance(rows, dict) else rows
    return [claim["source"] for claim in claims]


def _natural(id_: str) -> tuple[int, str]:
    """s2 before s10."""
    digits = id_.lstrip("abcdefghijklmnopqrstuvwxyz")
    return (int(digits) if digits.isdecimal() else 0, id_)
