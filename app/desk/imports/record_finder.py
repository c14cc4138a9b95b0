"""Which record a row is about: by its slug, by a slug it had before, or for a district by its LEAID.

A new record without a slug gets one proposed from its name or title and its state.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlmodel import Session, select

from app.desk.imports.rows import Row
from app.errors import Fault
from app.records import lookups
from app.records.kinds import KINDS
from app.records.references import MOST_COMPARED
from app.records.shape import SHORT
from app.records.spelling import nearest
from app.records.stored_text import slug_of
from app.records.tables import RecordRow

MatchedBy = Literal["slug", "former_slug", "nces_leaid"]
# What a record is called; a row that names none of these does not make a new record.
NAMING_FIELDS = {"district": ("name", "state"), "case-study": ("title",)}
ONE_TOO_MANY = "Remove one of the two rows."
NAME_CHARACTERS = 150  # of a proposed slug


@dataclass(slots=True)
class Match:
    """The record that a row is about. `slug` is empty where the row names none."""

    slug: str
    by: MatchedBy = "slug"
    is_proposed: bool = False
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


class RecordFinder:
    """Finds the records of rows, one after the other, and notices rows about the same record.

    `moved`: the present slug of each (kind, slug) that a record had before. Grows: a row may name
    a district by a slug that an earlier row gave it beside its LEAID.
    """

    def __init__(self, session: Session, moved: MutableMapping[tuple[str, str], str]) -> None:
        self._session, self._moved = session, moved
        self._slugs: dict[str, list[str]] = {}  # by kind, when they are first asked for
        self._compared = 0
        self._leaids: dict[str, str] = {}
        self._districts: set[str] = set()
        for slug, _name, _state, leaid in lookups.district_names(session):
            self._districts.add(slug)
            if leaid is not None:
                self._leaids[leaid] = slug
        # (kind, slug) or ("nces_leaid", LEAID) -> where the row that has it stands
        self._origins: dict[tuple[str, str], str] = {}

    def find(self, row: Row) -> Match:
        """The record that a row is about."""
        slug = _slug(row)
        present = self._moved.get((row.kind, slug), slug)
        match = Match(present, "slug" if present == slug else "former_slug")
        leaid = _leaid(row)
        if leaid:
            self._match_leaid(match, slug, leaid)
        if not match.slug and not row.faults:
            self._propose(match, row, leaid)
        if leaid:
            match.faults += self._repeated("nces_leaid", leaid, row, "/nces_leaid")
        if match.slug:
            advice = ONE_TOO_MANY
            if match.is_proposed:  # rows of one name may be about two records
                advice = f"If they are two records, give each a {_ids(row.kind)}."
            match.faults += self._repeated(row.kind, match.slug, row, "/slug", advice)
        return match

    def unknown(self, row: Row, match: Match) -> Fault:
        """The fault of a row that names a record which is not there, and does not make a new one."""
        by_leaid = not match.slug
        name = _leaid(row) if by_leaid else match.slug
        noun, pointer = KINDS[row.kind].noun, "/nces_leaid" if by_leaid else "/slug"
        close = tuple(self._nearest(row.kind, name)) if not by_leaid else ()
        advice = f"Did you mean {' or '.join(close)}? " if close else ""
        field = "LEAID" if by_leaid else "slug"
        detail = (
            f"No {noun} has the {field} {name[:60]!r}. {advice}"
            f"For a new {noun}, add {' and '.join(NAMING_FIELDS[row.kind])}."
        )
        return Fault("missing", detail, pointer=pointer, nearest=close or None)

    def _nearest(self, kind: str, slug: str) -> list[str]:
        """Up to three slugs that look like this one; none after MOST_COMPARED, as that is slow."""
        self._compared += 1
        if self._compared > MOST_COMPARED:
            return []
        if kind not in self._slugs:
            query = select(RecordRow.slug).where(RecordRow.kind == kind)
            self._slugs[kind] = list(self._session.exec(query))
        return nearest(slug, self._slugs[kind])

    def _match_leaid(self, match: Match, slug: str, leaid: str) -> None:
        owner = self._leaids.get(leaid)
        if owner is None or owner == match.slug:
            return
        if match.slug in self._districts:
            detail = f"{leaid} is the LEAID of {owner!r}. Correct the LEAID or the slug."
            match.faults.append(Fault("leaid_of_another", detail, pointer="/nces_leaid"))
            return
        match.slug, match.by = owner, "nces_leaid"
        if slug:
            self._moved["district", slug] = owner  # rows that follow may name it

    def _propose(self, match: Match, row: Row, leaid: str) -> None:
        name = row.document.get("name" if row.kind == "district" else "title")
        state = row.document.get("state")
        if row.document.get("slug") or not isinstance(name, str) or not slug_of(name):
            return  # a slug that is given and wrong is refused, not replaced
        words = [slug_of(name)[:NAME_CHARACTERS].strip("-")]
        words += [state.lower()] if isinstance(state, str) and state.isalpha() else []
        slug = "-".join(words)
        taken = slug in self._districts or (row.kind, slug) in self._origins
        if leaid and taken:  # two districts of one name in one state
            slug = f"{slug}-{leaid}"
        match.slug, match.is_proposed = slug, True
        detail = f"The slug {slug!r} is proposed. Add a slug column to choose another."
        match.notes.append(Fault("slug_proposed", detail, pointer="/slug"))

    def _repeated(
        self, what: str, name: str, row: Row, pointer: str, advice: str = ONE_TOO_MANY
    ) -> list[Fault]:
        # rows of the seed are named by their slug: two with one slug have one origin too
        first = self._origins.get((what, name))
        if first is None:
            self._origins[what, name] = row.origin
            return []
        detail = f"{name!r} is in the file already, at {first}. {advice}"
        return [Fault("repeated", detail, pointer=pointer)]


def _ids(kind: str) -> str:
    return "slug or nces_leaid" if kind == "district" else "slug"


def taken_fault(kind: str, slug: str) -> Fault:
    """Why a proposed slug cannot be used."""
    noun = KINDS[kind].noun
    detail = (
        f"The proposed slug {slug!r} is that of another {noun}. Give this row its {_ids(kind)}."
    )
    return Fault("slug_taken", detail, pointer="/slug")


def _slug(row: Row) -> str:
    """The slug that a row names, if it is one that could be asked for."""
    slug: Any = row.document.get("slug")
    if not isinstance(slug, str) or not slug.isprintable() or len(slug) > SHORT:
        return ""
    return slug.strip()


def _leaid(row: Row) -> str:
    leaid: Any = row.document.get("nces_leaid")
    return leaid.strip() if row.kind == "district" and isinstance(leaid, str) else ""
