"""Imports in two steps: planning says what a file would do, row by row, and writes nothing; applying does it.

A row is a merge patch on the record that it finds (RFC 7396): what it does not name stays, null takes away, lists are
replaced whole. The seed has rules of its own: seed.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Literal

from sqlmodel import Session

from app.desk.editing.history import FieldChange, field_changes
from app.desk.imports.column_names import parts_of
from app.desk.imports.duplicates import Lookalikes
from app.desk.imports.preparation import RowPreparation, keep_case
from app.desk.imports.record_finder import (
    NAMING_FIELDS,
    Match,
    MatchedBy,
    RecordFinder,
    taken_fault,
)
from app.desk.imports.rows import Row
from app.errors import Fault, Invalid
from app.records import parsing, revisions, store
from app.records.kinds import KINDS
from app.records.references import Referable
from app.records.renaming import current_references
from app.records.shape import Shape
from app.records.store import StoredRecord
from app.records.stored_text import text_warnings

UNPUBLISHED_DRAFT = "unpublished_draft"  # a warning for those who publish
BATCH = 500  # rows held in memory at once

Result = Literal["created", "changed", "unchanged", "kept", "refused"]


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What an import would do with one row. `kept` (the seed alone): others have edited it."""

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


class Planner:
    """Compares rows with the records of the directory, as one reading of it shows them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._referable = Referable(session)
        self._moved = revisions.moved_slugs(session)
        self._preparation = RowPreparation(session)
        self._finder = RecordFinder(session, self._moved)
        self._lookalikes = Lookalikes(session)

    def outcomes(self, rows: Iterable[Row]) -> Iterator[RowOutcome]:
        """What would be done with each row, in order."""
        remaining = map(self._preparation.prepare, rows)
        while batch := list(islice(remaining, BATCH)):
            matches = [self._finder.find(row) for row in batch]
            slugs: dict[str, list[str]] = {}
            for row, match in zip(batch, matches, strict=True):
                slugs.setdefault(row.kind, []).append(match.slug)
            stored = {
                kind: store.find_many(self._session, kind, of_kind)
                for kind, of_kind in slugs.items()
            }
            for row, match in zip(batch, matches, strict=True):
                yield self._outcome(row, match, stored[row.kind].get(match.slug))

    def _outcome(self, row: Row, match: Match, stored: StoredRecord | None) -> RowOutcome:
        before = self._document(stored)
        keep_case(row.document, before)
        record, faults = self._parsed(row, match.slug, self._base(before))
        if stored is None and record is None:
            faults = self._without_noise(row, match, faults)
        faults += [*match.faults, *self._state_faults(stored)]
        if stored and match.is_proposed:
            faults.append(taken_fault(row.kind, match.slug))
        row = replace(row, notes=(*row.notes, *match.notes))
        outcome = RowOutcome(
            row,
            match.slug,
            "refused",
            record,
            tuple(faults),
            matched_by=match.by if stored else None,
            base_version=stored.version if stored else None,
        )
        if faults or record is None:
            self._on_refused(outcome)
            return outcome
        changes = tuple(field_changes(before, record.model_dump(mode="json"))) if stored else ()
        result = self._result(outcome, stored, changes)
        return replace(
            outcome,
            result=result,
            changes=changes,
            warnings=self._warnings(row, record, stored, changes),
            needs=self._needs(row.kind, record) if result in ("created", "changed") else (),
        )

    def _without_noise(self, row: Row, match: Match, faults: list[Fault]) -> list[Fault]:
        """The faults of a row whose record is not found. If it does not make a new one, that is
        what is wrong, not what a new one would need."""
        naming = NAMING_FIELDS.get(row.kind, ())
        if not naming or any(row.document.get(name) is not None for name in naming):
            return faults
        others = [fault for fault in faults if fault.code != "missing"]
        if any(fault.pointer in ("/slug", "/nces_leaid") for fault in others):
            return others
        if not match.slug and row.document.get("nces_leaid") is None:
            return faults
        return [*others, self._finder.unknown(row, match)] if len(others) < len(faults) else faults

    def _document(self, stored: StoredRecord | None) -> dict[str, Any]:
        """The record as it is, with the present slugs of what it refers to."""
        if stored is None:
            return {}
        record: Shape = current_references(self._moved, stored.record)
        return record.model_dump(mode="json")

    def _base(self, before: dict[str, Any]) -> dict[str, Any]:
        """What a row is merged into."""
        return before

    def _state_faults(self, stored: StoredRecord | None) -> list[Fault]:
        """Why the state of a record keeps it from being written."""
        if stored is None or stored.status != "withdrawn":
            return []
        detail = "This record is withdrawn. Restore it before changing it."
        return [Fault("withdrawn", detail, pointer="/slug")]

    def _result(
        self, outcome: RowOutcome, stored: StoredRecord | None, changes: tuple[FieldChange, ...]
    ) -> Result:
        """What would be done with a row without faults."""
        if stored is None:
            return "created"
        return "changed" if changes else "unchanged"

    def _on_refused(self, outcome: RowOutcome) -> None:
        """Called with each refused row."""

    def _parsed(
        self, row: Row, slug: str, base: dict[str, Any]
    ) -> tuple[Shape | None, list[Fault]]:
        """The record that a row makes of what was there before."""
        if row.faults and not row.document:
            return None, list(row.faults)
        merged = {**base, **row.document}
        document = {name: value for name, value in merged.items() if value is not None}
        if slug:
            document["slug"] = slug
        check = partial(self._reference_faults, row.kind)
        try:
            record = parsing.parse(row.kind, document, check=check)
        except Invalid as invalid:
            known = {fault.pointer for fault in row.faults}
            more = [fault for fault in invalid.faults if fault.pointer not in known]
            return None, [*row.faults, *more]
        return current_references(self._moved, record), list(row.faults)

    def _reference_faults(self, kind: str, record: Any) -> list[Fault]:
        return self._referable.reference_faults(kind, current_references(self._moved, record))

    def _warnings(
        self,
        row: Row,
        record: Any,
        stored: StoredRecord | None,
        changes: tuple[FieldChange, ...],
    ) -> tuple[Fault, ...]:
        """What must be accepted by name before a record is written."""
        document = record.model_dump(mode="json")
        if stored is None:
            alike = self._lookalikes.warnings(record)
            self._lookalikes.add(record)
            return (*alike, *text_warnings(document))
        if not changes:
            return ()
        changed = {change.pointer.split("/")[1]: None for change in changes}
        new = {name: document.get(name) for name in changed}
        return *_state_warnings(stored), *_old_citations(row, new), *text_warnings(new)

    def _needs(self, kind: str, record: Shape) -> tuple[Fault, ...]:
        """What publishing the record would still take."""
        return (
            *KINDS[kind].publication_faults(record),
            *self._referable.unpublished_references(kind, record),
        )


def _state_warnings(stored: StoredRecord) -> Iterator[Fault]:
    """What a change does to a record beside what the plan shows."""
    if stored.status == "in_review":
        detail = "This record is in review, and the row makes it a draft again. Accept it, or wait."
        yield Fault("in_review", detail, pointer="/slug")
    elif stored.status == "draft":
        detail = (
            "This record is an unpublished draft, and publishing the import publishes all of it. "
            "Read the draft before you accept the row."
        )
        yield Fault(UNPUBLISHED_DRAFT, detail, pointer="/slug")


def _old_citations(row: Row, new: dict[str, Any]) -> Iterator[Fault]:
    """Figures that a row changes without saying of what year or from what source they are."""
    if row.kind != "district":
        return
    for figure, value in new.items():
        parts = parts_of(figure)
        unsaid = [part for part in parts if row.document.get(part) is None]
        if value is not None and unsaid:
            detail = (
                f"{figure} changes, and {' and '.join(unsaid)} would stay as before. "
                f"Send {' and '.join(unsaid)} too, or accept the row if that is right."
            )
            yield Fault("old_citation", detail, pointer=f"/{figure}")
