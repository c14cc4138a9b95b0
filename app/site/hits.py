"""A case study or a district in a list."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalog.vocabulary import Vocabulary
from app.search.snippets import Snippet
from app.site import marks
from app.site.display import figure, miles
from app.site.marks import Mark
from app.site.page import shortened
from app.site.share_card import place_of

Card = dict[str, Any]
MAX_SUMMARY = 240  # characters
MAX_STATES = 3  # named; of more only the number


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text: found words are marked."""

    text: str
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case study of a district."""

    title: str
    address: str
    study: Mark | None


@dataclass(frozen=True, slots=True)
class Hit:
    """What a list shows of one record."""

    slug: str
    title: str
    address: str
    where: Sequence[str]
    places: Sequence[Mark]
    facts: Sequence[str]
    updated_at: str
    study: Mark | None
    outcomes: int = 0
    passages: Sequence[Passage] = ()
    cases: Sequence[CaseLine] = field(default_factory=list)


def case_study_hit(
    card: Card,
    vocabulary: Vocabulary,
    snippet: Snippet | None = None,
    distance_km: float | None = None,
) -> Hit:
    """A case study in a list."""
    enrollments = [
        district["enrollment"]["value"] for district in card["districts"] if district["enrollment"]
    ]
    students = f"{figure(max(enrollments))} students" if enrollments else None
    if students and len(card["districts"]) > 1:
        students = f"largest district {students}"
    began = f"began {card['started_year']}" if card["started_year"] else None
    return Hit(
        slug=card["slug"],
        title=card["title"],
        address=f"/case-studies/{card['slug']}",
        where=_where(card),
        places=[marks.place(vocabulary, code) for code in card["rurality"]],
        facts=[fact for fact in (students, began, _distance(distance_km)) if fact],
        updated_at=card["updated_at"],
        study=marks.study(vocabulary, card["evidence"]) if card["evidence"] else None,
        outcomes=sum(1 + line["more"] for line in card["outcomes"]),
        passages=passages(snippet) or [Passage(shortened(card["summary"], MAX_SUMMARY))],
    )


def district_hit(
    card: Card,
    vocabulary: Vocabulary,
    snippet: Snippet | None = None,
    distance_km: float | None = None,
) -> Hit:
    """A district in a list."""
    state = vocabulary.label("state", card["state"])
    city = card["city"]
    students = f"{figure(card['enrollment']['value'])} students" if card["enrollment"] else None
    return Hit(
        slug=card["slug"],
        title=card["name"],
        address=f"/districts/{card['slug']}",
        where=[f"{city}, {state}" if city else state],
        places=[marks.place(vocabulary, code) for code in card["rurality"]],
        facts=[fact for fact in (students, _distance(distance_km)) if fact],
        updated_at=card["updated_at"],
        study=None,
        passages=passages(snippet) if snippet and snippet.field == "text" else [],
        cases=[case_line(case, vocabulary) for case in card["case_studies"]],
    )


def _where(card: Card) -> list[str]:
    """Its town and state; of several, its states, or how many they are."""
    states = [state["label"] for state in card["states"]]
    if len(states) == 1:
        return [place_of(card)]
    return states if len(states) <= MAX_STATES else [f"{len(states)} states"]


def case_line(case: dict[str, Any], vocabulary: Vocabulary, then: str = "") -> CaseLine:
    """A case study as a district's card names it. `then`: what its address ends with."""
    study = marks.study(vocabulary, case["evidence"]) if case["evidence"] else None
    return CaseLine(case["title"], f"/case-studies/{case['slug']}{then}", study)


def passages(snippet: Snippet | None) -> list[Passage]:
    """A snippet cut at its marks, which count in UTF-16 units."""
    if snippet is None or not snippet.text:
        return []
    units = snippet.text.encode("utf-16-le")
    pieces, at = [Passage("\u2026 ")] if snippet.before else [], 0
    for start, end in snippet.marks:
        pieces.append(Passage(_text(units, at, start)))
        pieces.append(Passage(_text(units, start, end), is_marked=True))
        at = end
    pieces.append(Passage(_text(units, at, len(units) // 2) + (" \u2026" if snippet.after else "")))
    return [piece for piece in pieces if piece.text]


def _text(units: bytes, start: int, end: int) -> str:
    return units[2 * start : 2 * end].decode("utf-16-le")


def _distance(kilometers: float | None) -> str | None:
    if kilometers is None:
        return None
    return f"{miles(kilometers)} away"
