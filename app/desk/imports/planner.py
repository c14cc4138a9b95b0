"""Imports in two steps: planning says what a file would do, row by row, and writes nothing; applying does it.

A row is a merge patch on the record that it finds (RFC 7396): what it does not name stays, null takes away, lists are
replaced whole. The seed goes through here like any other file, with three rules of its own: its rows are whole records,
they are published at once, and what others have edited since stays theirs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Literal

from sqlmodel import Session

from app.catalog import publication
from app.desk.editing.history import FieldChange, field_changes
from app.desk.imports.duplicates import Lookalikes
from app.desk.imports.files import Row
from app.errors import Fault, Invalid
from app.records import listing, parsing, revisions, store
from app.records.kinds import KINDS
from app.records.references import Referable
from app.records.renaming import current_references
from app.records.revisions import Revision
from app.records.shape import SHORT, Shape
from app.records.store import Change, Kept

BATCH = 500  # rows held in memory at once

SEEDER = "seed"  # the actor whose records the seed may overwrite
Result = Literal["created", "changed", "unchanged", "kept", "refused"]
MatchedBy = Literal["slug", "former_slug", "nces_leaid"]


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What an import would do with one row. `kept` (the seed alone): others have edited the record, or what it names, and it stays so."""

    row: Row
    slug: str
    result: Result
    record: Shape | None = None
    faults: tuple[Fault, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    warnings: tuple[Fault, ...] = ()  # to be accepted by name
    needs: tuple[Fault, ...] = ()  # what publishing would still take
    matched_by: MatchedBy | None = None
    base_version: int | None = None  # of the record that the row was compared with


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do, row by row."""

    outcomes: Sequence[RowOutcome]

    def of(self, result: Result) -> list[RowOutcome]:
        """The rows with this result."""
        return [outcome for outcome in self.outcomes if outcome.result == result]

    def changes(self) -> list[RowOutcome]:
        """The rows that would be written."""
        return [outcome for outcome in self.outcomes if outcome.result in ("created", "changed")]


def plan_import(
    session: Session, rows: Iterable[Row], *, by: str, seen: Callable[[], None] = lambda: None
) -> ImportPlan:
    """What the seed would do. `seen` is called for each row."""
    outcomes = []
    for outcome in Planner(session, seeder=by).outcomes(rows):
        outcomes.append(outcome)
        seen()
    return ImportPlan(outcomes)


def apply_import(session: Session, plan: ImportPlan, *, by: str, at: datetime) -> list[Revision]:
    """Write and publish what the seed's plan says. Raises Invalid, with each row's origin, if the plan refuses any row."""
    if refused := plan.of("refused"):
        raise Invalid([_located(fault, outcome) for outcome in refused for fault in outcome.faults])
    changes = [
        Change(
            outcome.row.kind,
            outcome.record,
            "publish",
            "published",
            note=f"imported from {outcome.row.origin}",
        )
        for outcome in plan.changes()
        if outcome.record is not None
    ]
    if not changes:
        return []
    revisions = store.save_many(session, changes, by=by, at=at)
    publication.show(session, revisions)
    return revisions


class Planner:
    """Compares rows with what is kept, in one reading of the directory. `seeder`: who loads the seed, if it is the seed."""

    def __init__(self, session: Session, *, seeder: str | None = None) -> None:
        self._session = session
        self._seeder = seeder
        self._referable = Referable(session)
        self._moved = revisions.moved_slugs(session)
        self._leaids = {
            leaid: slug
            for slug, _, _, leaid in listing.district_names(session)
            if leaid is not None
        }
        self._districts = frozenset(slug for slug, *_ in listing.district_names(session))
        self._lookalikes = None if seeder else Lookalikes(session)
        self._rows_of: dict[
            tuple[str, str], str
        ] = {}  # (kind, slug) or ("nces_leaid", LEAID) -> the row that has it

    def outcomes(self, rows: Iterable[Row]) -> Iterator[RowOutcome]:
        """What would be done with each row, in order."""
        remaining = iter(rows)
        while batch := list(islice(remaining, BATCH)):
            found = [self._find(row) for row in batch]
            there = {
                kind: store.find_many(
                    self._session,
                    kind,
                    [
                        match.slug
                        for match, row in zip(found, batch, strict=True)
                        if row.kind == kind
                    ],
                )
                for kind in {row.kind for row in batch}
            }
            for row, match in zip(batch, found, strict=True):
                yield self._outcome(row, match, there[row.kind].get(match.slug))

    def _find(self, row: Row) -> "_Match":
        """Which record a row is about: by its slug, by one it had before, or for a district by its LEAID."""
        slug = _slug(row)
        present = self._moved.get((row.kind, slug), slug)
        match = _Match(present, "slug" if present == slug else "former_slug")
        leaid = row.document.get("nces_leaid")
        if row.kind == "district" and isinstance(leaid, str) and leaid.strip():
            leaid = leaid.strip()
            owner = self._leaids.get(leaid)
            if owner is not None and present not in self._districts:
                match = _Match(owner, "nces_leaid")
                if slug:
                    self._moved[row.kind, slug] = owner  # rows that follow may name it
            elif owner not in (None, present):
                match.faults.append(
                    Fault(
                        "leaid_of_another",
                        f"{leaid} is the LEAID of {owner!r}",
                        pointer="/nces_leaid",
                    )
                )
            match.faults += self._repeated("nces_leaid", leaid, row, "/nces_leaid")
        if match.slug:
            match.faults += self._repeated(row.kind, match.slug, row, "/slug")
        return match

    def _repeated(self, what: str, name: str, row: Row, pointer: str) -> list[Fault]:
        first = self._rows_of.get((what, name))
        if first is not None:
            return [
                Fault(
                    "repeated", f"{name!r} stands in the file before, at {first}", pointer=pointer
                )
            ]
        self._rows_of[what, name] = row.origin
        return []

    def _outcome(self, row: Row, match: "_Match", kept: Kept | None) -> RowOutcome:
        before = (
            current_references(self._moved, kept.record).model_dump(mode="json") if kept else {}
        )
        version, matched_by = (kept.version, match.by) if kept else (None, None)
        record, faults = self._parsed(row, match.slug, {} if self._seeder else before)
        faults += match.faults
        if kept and kept.status == "withdrawn" and not self._seeder:
            faults.append(Fault("withdrawn", "it is withdrawn: restore it first", pointer="/slug"))
        if faults or record is None:
            if self._seeder and record is not None:
                self._referable.add(
                    row.kind, match.slug
                )  # one fault is enough: what names it is not at fault
            return RowOutcome(
                row,
                match.slug,
                "refused",
                record,
                tuple(faults),
                matched_by=matched_by,
                base_version=version,
            )
        changes = tuple(field_changes(before, record.model_dump(mode="json"))) if kept else ()
        result: Result = "created" if kept is None else "changed" if changes else "unchanged"
        if result in ("created", "changed") and self._seeder:
            if self._is_others(kept) or self._referable.unpublished_references(row.kind, record):
                result = "kept"
            else:
                self._referable.add(row.kind, match.slug)
        return RowOutcome(
            row,
            match.slug,
            result,
            record,
            changes=changes,
            warnings=self._warnings(record) if result == "created" else (),
            needs=self._needs(row.kind, record) if result in ("created", "changed") else (),
            matched_by=matched_by,
            base_version=version,
        )

    def _is_others(self, kept: Kept | None) -> bool:
        """Whether a record is no longer the seed's alone."""
        return kept is not None and (kept.updated_by != self._seeder or kept.status == "withdrawn")

    def _parsed(
        self, row: Row, slug: str, before: dict[str, Any]
    ) -> tuple[Shape | None, list[Fault]]:
        """The record that a row makes of what was there before."""
        if row.faults:
            return None, list(row.faults)
        document = {
            name: value for name, value in {**before, **row.document}.items() if value is not None
        }
        if slug:
            document["slug"] = slug
        try:
            record = current_references(
                self._moved,
                parsing.parse(row.kind, document, check=partial(self._reference_faults, row.kind)),
            )
        except Invalid as invalid:
            return None, list(invalid.faults)
        return record, list(KINDS[row.kind].publication_faults(record)) if self._seeder else []

    def _reference_faults(self, kind: str, record: Any) -> list[Fault]:
        return self._referable.reference_faults(kind, current_references(self._moved, record))

    def _warnings(self, record: Any) -> tuple[Fault, ...]:
        if self._lookalikes is None:
            return ()
        warnings = tuple(self._lookalikes.warnings(record))
        self._lookalikes.add(record)
        return warnings

    def _needs(self, kind: str, record: Shape) -> tuple[Fault, ...]:
        if self._seeder:
            return ()
        return (
            *KINDS[kind].publication_faults(record),
            *self._referable.unpublished_references(kind, record),
        )


@dataclass(slots=True)
class _Match:
    """The record that a row is about; `slug` is empty where the row names none."""

    slug: str
    by: MatchedBy
    faults: list[Fault] = field(default_factory=list)


def _located(fault: Fault, outcome: RowOutcome) -> Fault:
    return Fault(
        fault.code,
        fault.detail,
        pointer=f"{outcome.row.origin}{fault.pointer or ''}",
        allowed=fault.allowed,
        nearest=fault.nearest,
    )


def _slug(row: Row) -> str:
    """The slug that a row names, if it is one that could be asked for."""
    slug: Any = row.document.get("slug")
    return (
        slug.strip() if isinstance(slug, str) and slug.isprintable() and len(slug) <= SHORT else ""
    )
