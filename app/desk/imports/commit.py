"""A plan of an import written: exactly what was shown, in one transaction, or nothing and what has moved since."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
from sqlmodel import Session, col, select

from app.catalog import publication
from app.desk.access.permissions import Editor
from app.desk.imports import plans
from app.desk.imports.planner import BATCH
from app.desk.imports.plans import WRITTEN, Planned, PlannedRow, PlanRow
from app.errors import Conflict, Fault, Invalid, Stale
from app.records import lookups, parsing, revisions, store
from app.records.kinds import KINDS
from app.records.references import Referable
from app.records.renaming import current_references
from app.records.revisions import Revision
from app.records.store import Change
from app.records.tables import RecordRow

SHOWN, NAMED = 100, 10  # rows that a refusal lists, and names in its sentence


@dataclass(frozen=True, slots=True)
class Commitment:
    """How a plan is to be written."""

    only_good: bool = False  # leave out what is refused or not accepted, instead of writing nothing
    accept: tuple[str | int, ...] = ()  # slugs or numbers of rows whose warnings are accepted
    publish: bool = False
    reason: str | None = None


def commit(
    session: Session,
    plan_id: str,
    asked: Commitment,
    *,
    seen_version: int,
    by: Editor,
    at: datetime,
    seen: Callable[[int], None] = lambda _written: None,
) -> PlanRow:
    """Write what a plan shows. Asked for the same again, it says what was done. `seen` is called with the records written so far.

    Raises Conflict while rows are refused or not accepted, and Stale if a record is no longer what its row was compared with.
    """
    plan = plans.get(session, plan_id)
    if asked.publish:
        by.must("publish_import")
        if not asked.reason:
            raise Invalid(
                [
                    Fault(
                        "required_with",
                        "publish needs a reason, since no one else reviews it",
                        pointer="/reason",
                    )
                ]
            )
    if plan.state == "committed" and seen_version in (plan.version - 1, plan.version):
        if plan.commitment != _json(asked):
            raise Conflict(
                f"{plan.committed_by} had it written already, in another way: {plan.commitment}"
            )
        return plan
    _check_state(plan, seen_version, at)
    writing = _Writing(session, plan, asked, _not_accepted(session, plan, asked))
    writing.write(by=by.label, at=at, seen=seen)
    plan.state, plan.version, plan.updated_at = "committed", plan.version + 1, at
    plan.committed_at, plan.committed_by, plan.commitment = at, by.label, _json(asked)
    plan.written, plan.first_seq = writing.written, writing.first_seq
    session.add(plan)
    session.flush()
    return plan


def _check_state(plan: PlanRow, seen_version: int, at: datetime) -> None:
    state = plans.state(plan, at=at)
    if state == "planning":
        raise Conflict("it is still being planned: wait until its state is planned")
    if state == "failed":
        raise Conflict(f"its file was not read to its end: {plan.problem or plans.INTERRUPTED}")
    if seen_version != plan.version:
        raise Stale(
            f"the import is at version {plan.version} now; version {seen_version} was seen",
            version=plan.version,
        )


def _not_accepted(session: Session, plan: PlanRow, asked: Commitment) -> set[int]:
    """The rows whose warnings are not accepted. Raises Conflict if there are such or refused ones, unless the good rows alone are asked for."""
    query = select(col(PlannedRow.number), col(PlannedRow.slug)).where(
        col(PlannedRow.import_id) == plan.id,
        col(PlannedRow.result).in_(WRITTEN),
        col(PlannedRow.warnings) != "[]",
    )
    found = session.connection().execute(query.order_by(col(PlannedRow.number)))
    warned = {row.number: row.slug for row in found}
    names, accepted = {*warned, *warned.values()}, set(asked.accept)
    if unknown := [name for name in asked.accept if name not in names]:
        raise Invalid(
            [
                Fault(
                    "unknown_value",
                    f"no row that has to be accepted is called {name!r}",
                    pointer="/accept",
                )
                for name in unknown[:SHOWN]
            ]
        )
    left = {
        number: slug
        for number, slug in warned.items()
        if number not in accepted and slug not in accepted
    }
    if plan.refused and not asked.only_good:
        raise Conflict(
            f"refused rows: {plan.refused}. Mend them (refused.csv) and send the file again, or ask for only_good"
        )
    if left and not asked.only_good:
        raise Conflict(
            f"likely duplicates: {_named(left.values())}. Accept them by name, or ask for only_good"
        )
    return set(left)


class _Writing:
    """A plan being written, in bounded memory. Each row is looked at once more just before."""

    def __init__(
        self, session: Session, plan: PlanRow, asked: Commitment, left_out: set[int]
    ) -> None:
        self._session, self._plan, self._asked, self._left_out = session, plan, asked, left_out
        self._id, self._kind, self._filename = plan.id, plan.kind, plan.filename
        self._referable = Referable(session)
        self._moved = revisions.moved_slugs(session)
        self._owners = {
            leaid: slug
            for slug, _, _, leaid in lookups.district_names(session)
            if leaid is not None
        }
        self._not_as_shown: list[dict[str, Any]] = []
        self._unready: list[str] = []
        self.written = 0
        self.first_seq: int | None = None

    def write(self, *, by: str, at: datetime, seen: Callable[[int], None]) -> None:
        """Write the rows, and publish them if that is asked for. Raises Stale if any is not as shown any more, Conflict if any is not
        ready to be published, with all of these rows."""
        self._not_as_shown += self._changed_since()
        written = self._save(by, at, seen)
        if self._asked.publish:
            publication.show(self._session, written)
        else:
            for _ in written:
                pass

    def _save(self, by: str, at: datetime, seen: Callable[[int], None]) -> Iterator[Revision]:
        """Each revision when it is written. Once a row is wrong no more are written, only looked at, and the end is a refusal."""
        rows = (
            row
            for row in plans.stream(self._session, self._id, WRITTEN)
            if row.number not in self._left_out
        )
        while batch := list(islice(rows, BATCH)):
            changes = [change for row in batch if (change := self._change(row)) is not None]
            if changes and not self._wrong:
                for revision in store.save_many(self._session, changes, by=by, at=at):
                    self.first_seq = self.first_seq or revision.seq
                    self.written += 1
                    yield revision
            seen(self.written)
        if self._wrong:
            self._refuse()

    @property
    def _wrong(self) -> bool:
        return bool(self._not_as_shown or (self._unready and not self._asked.only_good))

    def _refuse(self) -> None:
        if self._not_as_shown:
            raise Stale(
                f"rows that are not as shown any more: {len(self._not_as_shown)}. Send the file again to see what it would do now",
                version=self._plan.version,
                comparison=self._not_as_shown[:SHOWN],
            )
        named = _named(self._unready)
        raise Conflict(
            f"rows that lack what publishing takes: {named}. Mend them (their needs say how), or ask for only_good"
        )

    def _change(self, row: Planned) -> Change | None:
        """What to write for a row; None if it is not ready to be published."""
        record: Any = current_references(
            self._moved, parsing.parse(self._kind, orjson.loads(row.document))
        )
        self._not_as_shown += [
            _not_as_shown(row.number, row.origin, row.slug, what)
            for what in self._clashes(row.slug, record)
        ]
        note = f"import {self._id}, {self._filename}, {row.origin}"
        if not self._asked.publish:
            return Change(
                self._kind,
                record,
                "create" if row.base_version is None else "edit",
                "draft",
                note=note,
            )
        if KINDS[self._kind].publication_faults(record) or self._referable.unpublished_references(
            self._kind, record
        ):
            self._unready.append(row.slug)
            return None
        return Change(
            self._kind,
            record,
            "publish",
            "published",
            note=f"review bypassed: {self._asked.reason} ({note})",
        )

    def _clashes(self, slug: str, record: Any) -> Iterator[str]:
        """Whether its slug or LEAID has become another's since, or it refers to what is not there any more."""
        yield from (fault.detail for fault in self._referable.reference_faults(self._kind, record))
        if (now := self._moved.get((self._kind, slug))) is not None:
            yield f"the slug leads to {now!r} now"
        if (owner := self._owners.get(getattr(record, "nces_leaid", None) or "", slug)) != slug:
            yield f"the LEAID is that of {owner!r} now"

    def _changed_since(self) -> Iterator[dict[str, Any]]:
        """Rows whose record has another version now, or is there, or is not."""
        same = (col(RecordRow.kind) == self._kind) & (col(RecordRow.slug) == col(PlannedRow.slug))
        query = (
            select(
                col(PlannedRow.number),
                col(PlannedRow.origin),
                col(PlannedRow.slug),
                col(RecordRow.version),
            )
            .join_from(PlannedRow, RecordRow, same, isouter=True)
            .where(col(PlannedRow.import_id) == self._id, col(PlannedRow.result).in_(WRITTEN))
            .where(col(PlannedRow.base_version).is_distinct_from(col(RecordRow.version)))
            .order_by(col(PlannedRow.number))
        )
        for number, origin, slug, version in self._session.connection().execute(query):
            if number not in self._left_out:
                what = (
                    f"the record is at version {version} now"
                    if version
                    else "the record is not there any more"
                )
                yield _not_as_shown(number, origin, slug, what)


def _not_as_shown(number: int, origin: str, slug: str, what: str) -> dict[str, Any]:
    return {"row": number, "origin": origin, "slug": slug, "detail": what}


def _named(slugs: Any) -> str:
    names = list(slugs)
    return ", ".join(names[:NAMED]) + (
        f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    )


def _json(asked: Commitment) -> str:
    return orjson.dumps(asdict(asked)).decode()
