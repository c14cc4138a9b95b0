"""Imports in two steps: plan_import says what would happen and writes nothing; apply_import does it, all or nothing.

The seed goes through here like any other file.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlmodel import Session

from app.catalog import publication
from app.desk.readers import Row
from app.errors import Fault, Invalid
from app.records import store
from app.records.kinds import KINDS
from app.records.references import reference_faults
from app.records.revisions import Revision
from app.records.shape import Shape
from app.records.store import Change, Kept

Result = Literal["created", "changed", "unchanged", "kept", "refused"]


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What an import would do with one row. `kept`: someone else has edited the record since, and it stays theirs."""

    row: Row
    slug: str
    result: Result
    record: Shape | None = None
    faults: tuple[Fault, ...] = ()
    fields: tuple[str, ...] = ()


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


def plan_import(session: Session, rows: Iterable[Row], *, by: str, seen: Callable[[], None] = lambda: None) -> ImportPlan:
    """Check every row and compare it with what is kept. `seen` is called for each row."""
    read: list[tuple[Row, Shape | None, list[Fault]]] = []
    for row in rows:
        read.append((row, *_parsed(row)))
        seen()
    there = {kind: store.find_many(session, kind, [_slug(row) for row, _, _ in read if row.kind == kind]) for kind in KINDS}
    besides = frozenset((row.kind, _slug(row)) for row, record, _ in read if record is not None)
    taken: set[tuple[str, str]] = set()
    outcomes = []
    for row, record, faults in read:
        key = (row.kind, _slug(row))
        if key in taken:
            faults.append(Fault("repeated", f"{key[1]!r} stands in the file twice", pointer="/slug"))
        taken.add(key)
        if record is not None:
            faults += reference_faults(session, row.kind, record, besides=besides)
        outcomes.append(_outcome(row, record, faults, there[row.kind].get(key[1]), by))
    return ImportPlan(outcomes)


def apply_import(session: Session, plan: ImportPlan, *, by: str, at: datetime) -> list[Revision]:
    """Write and publish what the plan says. Raises Invalid, with each row's origin, if the plan refuses any row."""
    if refused := plan.of("refused"):
        raise Invalid([_located(fault, outcome) for outcome in refused for fault in outcome.faults])
    changes = [
        Change(outcome.row.kind, outcome.record, "publish", "published", note=f"imported from {outcome.row.origin}")
        for outcome in plan.changes()
        if outcome.record is not None
    ]
    if not changes:
        return []
    revisions = store.save_many(session, changes, by=by, at=at)
    publication.show(session, revisions)
    return revisions


def _parsed(row: Row) -> tuple[Shape | None, list[Fault]]:
    try:
        record = store.parse(row.kind, row.document)
    except Invalid as invalid:
        return None, list(invalid.faults)
    return record, list(KINDS[row.kind].publication_faults(record))


def _outcome(row: Row, record: Shape | None, faults: list[Fault], kept: Kept | None, by: str) -> RowOutcome:
    if faults or record is None:
        return RowOutcome(row, _slug(row), "refused", record, tuple(faults))
    if kept is None:
        return RowOutcome(row, _slug(row), "created", record)
    fields = _changed_fields(kept.record, record)
    if not fields:
        return RowOutcome(row, _slug(row), "unchanged", record)
    return RowOutcome(row, _slug(row), "changed" if kept.updated_by == by else "kept", record, fields=fields)


def _changed_fields(old: Shape, new: Shape) -> tuple[str, ...]:
    before, after = old.model_dump(), new.model_dump()
    return tuple(name for name, value in after.items() if before.get(name) != value)


def _located(fault: Fault, outcome: RowOutcome) -> Fault:
    return Fault(
        fault.code, fault.detail, pointer=f"{outcome.row.origin}{fault.pointer or ''}", allowed=fault.allowed, nearest=fault.nearest
    )


def _slug(row: Row) -> str:
    slug: Any = row.document.get("slug")
    return slug if isinstance(slug, str) else ""
