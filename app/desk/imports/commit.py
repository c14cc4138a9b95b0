"""The commit of an import: writes exactly what its plan shows, in one transaction, or nothing and says which rows changed."""

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
from app.desk.imports.planner import BATCH, UNPUBLISHED_DRAFT
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
    """The options of a commit."""

    only_good: bool = False  # leave out what is refused or not accepted, instead of writing nothing
    accept: tuple[str | int, ...] = ()  # slugs or numbers of rows whose warnings are accepted
    publish: bool = False
    reason: str | None = None


def commit(
    session: Session,
    plan_id: str,
    commitment: Commitment,
    *,
    seen_version: int,
    by: Editor,
    at: datetime,
    on_progress: Callable[[int], None] = lambda _written: None,
) -> PlanRow:
    """Write what a plan shows. A second equal commit writes nothing and returns the committed plan.

    `on_progress` is called with the number of records written so far. Raises Conflict while rows
    are refused or not accepted, and Stale if a record has changed since it was compared.
    """
    plan = plans.get(session, plan_id)
    if commitment.publish:
        by.must("publish_import")
        if not commitment.reason:
            raise Invalid(
                [
                    Fault(
                        "required_with",
                        "publish needs a reason, because nobody else reviews the records. Add reason.",
                        pointer="/reason",
                    )
                ]
            )
    if plan.state == "committed" and seen_version in (plan.version - 1, plan.version):
        if plan.commitment != _json(commitment):
            raise Conflict(
                f"{plan.committed_by} already committed this import with other options: "
                f"{plan.commitment}."
            )
        return plan
    _check_state(plan, seen_version, at)
    writing = _Writing(session, plan, commitment, _not_accepted(session, plan, commitment))
    writing.write(by=by.label, at=at, on_progress=on_progress)
    plan.state, plan.version, plan.updated_at = "committed", plan.version + 1, at
    plan.committed_at, plan.committed_by, plan.commitment = at, by.label, _json(commitment)
    plan.written, plan.first_seq = writing.written, writing.first_seq
    session.add(plan)
    session.flush()
    return plan


def _check_state(plan: PlanRow, seen_version: int, at: datetime) -> None:
    state = plans.state(plan, at=at)
    if state == "planning":
        raise Conflict("This import is still being planned. Wait until its state is planned.")
    if state == "failed":
        raise Conflict(f"This import has no complete plan: {plan.problem or plans.INTERRUPTED}")
    if seen_version != plan.version:
        raise Stale(
            f"This import is at version {plan.version}, and your commit is based on version "
            f"{seen_version}. Read it again",
            version=plan.version,
        )


def _not_accepted(session: Session, plan: PlanRow, commitment: Commitment) -> set[int]:
    """The numbers of the rows whose warnings are not accepted.

    Raises Conflict if there are such rows or refused ones, unless `only_good` is set.
    """
    columns = (col(PlannedRow.number), col(PlannedRow.slug), col(PlannedRow.warnings))
    query = select(*columns).where(
        col(PlannedRow.import_id) == plan.id,
        col(PlannedRow.result).in_(WRITTEN),
        col(PlannedRow.warnings) != "[]",
    )
    rows = session.connection().execute(query.order_by(col(PlannedRow.number))).all()
    warned = {row.number: row.slug for row in rows}
    for_publishing = {row.number for row in rows if _counts_only_for_publishing(row.warnings)}
    names, accepted = {*warned, *warned.values()}, set(commitment.accept)
    if unknown := [name for name in commitment.accept if name not in names]:
        raise Invalid(
            [
                Fault(
                    "unknown_value",
                    f"{name!r} is not the slug or number of a row with warnings. Correct accept.",
                    pointer="/accept",
                )
                for name in unknown[:SHOWN]
            ]
        )
    left = {
        number: slug
        for number, slug in warned.items()
        if number not in accepted
        and slug not in accepted
        and (commitment.publish or number not in for_publishing)
    }
    if plan.refused and not commitment.only_good:
        raise Conflict(
            f"{_rows(plan.refused)} refused. Fix what is wrong (refused.csv) and upload the file again, "
            "or set only_good to skip what is refused."
        )
    if left and not commitment.only_good:
        raise Conflict(
            f"Rows with warnings: {_named(left.values())}. Read their warnings, then list the rows in "
            "accept, or set only_good to skip them."
        )
    return set(left)


def _counts_only_for_publishing(warnings: str) -> bool:
    return all(fault["code"] == UNPUBLISHED_DRAFT for fault in orjson.loads(warnings))


class _Writing:
    """One commit, in bounded memory. Checks each row again just before it is written."""

    def __init__(
        self, session: Session, plan: PlanRow, commitment: Commitment, left_out: set[int]
    ) -> None:
        self._session, self._plan = session, plan
        self._commitment, self._left_out = commitment, left_out
        self._id, self._kind, self._filename = plan.id, plan.kind, plan.filename
        self._planned_by = plan.created_by
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

    def write(self, *, by: str, at: datetime, on_progress: Callable[[int], None]) -> None:
        """Write the rows, and publish them if the options say so.

        Raises Stale with every row that no longer matches the plan, and Conflict with every row
        that is not ready to publish.
        """
        self._not_as_shown += self._changed_since()
        written = self._save(by, at, on_progress)
        if self._commitment.publish:
            publication.show(self._session, written)
        else:
            for _ in written:
                pass

    def _save(
        self, by: str, at: datetime, on_progress: Callable[[int], None]
    ) -> Iterator[Revision]:
        """Each revision as it is written. After the first wrong row the rest is only checked."""
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
            on_progress(self.written)
        if self._wrong:
            self._refuse()

    @property
    def _wrong(self) -> bool:
        return bool(self._not_as_shown or (self._unready and not self._commitment.only_good))

    def _refuse(self) -> None:
        if self._not_as_shown:
            raise Stale(
                f"{_rows(len(self._not_as_shown))} changed after this plan was made. Upload the file again "
                "for a new plan",
                version=self._plan.version,
                comparison=self._not_as_shown[:SHOWN],
            )
        raise Conflict(
            f"These rows are not ready to publish: {_named(self._unready)}. See `needs` on each row, "
            "or set only_good to skip them."
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
        if not self._commitment.publish:
            return Change(
                self._kind,
                record,
                "create" if row.base_version is None else "edit",
                "draft",
                note=note,
                planned_by=self._planned_by,
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
            note=f"review bypassed: {self._commitment.reason} ({note})",
            planned_by=self._planned_by,
        )

    def _clashes(self, slug: str, record: Any) -> Iterator[str]:
        """Conflicts with what changed since the plan was made: its slug, its LEAID, its references."""
        yield from (fault.detail for fault in self._referable.reference_faults(self._kind, record))
        if (now := self._moved.get((self._kind, slug))) is not None:
            yield f"the slug now leads to {now!r}"
        if (owner := self._owners.get(getattr(record, "nces_leaid", None) or "", slug)) != slug:
            yield f"the LEAID now belongs to {owner!r}"

    def _changed_since(self) -> Iterator[dict[str, Any]]:
        """Rows whose record has another version than the plan shows, or appeared, or disappeared."""
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
                    f"the record is now at version {version}"
                    if version
                    else "the record no longer exists"
                )
                yield _not_as_shown(number, origin, slug, what)


def _not_as_shown(number: int, origin: str, slug: str, what: str) -> dict[str, Any]:
    return {"row": number, "origin": origin, "slug": slug, "detail": what}


def _named(slugs: Any) -> str:
    names = list(slugs)
    return ", ".join(names[:NAMED]) + (
        f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    )


def _rows(count: int) -> str:
    """How many rows were: `1 row was`, `3 rows were`."""
    return "1 row was" if count == 1 else f"{count:,} rows were"


def _json(commitment: Commitment) -> str:
    return orjson.dumps(asdict(commitment)).decode()
