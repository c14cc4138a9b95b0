"""Stored plans of imports: what a file would do, row by row, so that a commit does exactly what was shown."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import islice
from secrets import token_hex
from typing import Any

import orjson
from sqlalchemy import BigInteger, CheckConstraint, Index, delete, insert, update
from sqlalchemy import select as select_columns
from sqlmodel import Field, Session, SQLModel, col, select

from app.clock import now
from app.database import Database, UtcDateTime
from app.desk.imports.planner import BATCH, Planner, RowOutcome
from app.desk.imports.rows import Reading, Row
from app.errors import Fault, Invalid, NotFound
from app.records import revisions

RESULTS = ("created", "changed", "unchanged", "refused")
WRITTEN = ("created", "changed")
KEPT_FOR = timedelta(days=30)
INTERRUPTED_AFTER = timedelta(
    minutes=5
)  # a plan that has not grown for so long is not being made any more
INTERRUPTED = "Planning was interrupted. Upload the file again."
MAX_ROWS = 100_000
MAX_FAULTS = 100  # of one row


class PlanRow(SQLModel, table=True):
    """One plan: the file as a whole."""

    __tablename__ = "import"
    __table_args__ = (
        CheckConstraint("kind IN ('district', 'case-study')", name="kind_known"),
        CheckConstraint("format IN ('csv', 'ndjson', 'json', 'xlsx')", name="format_known"),
        CheckConstraint(
            "state IN ('planning', 'planned', 'committed', 'failed')", name="state_known"
        ),
        CheckConstraint(
            "(state = 'committed') = (committed_at IS NOT NULL)", name="committed_when"
        ),
    )

    id: str = Field(primary_key=True, description="Public id.")
    kind: str = Field(description="Kind of record.")
    format: str = Field(description="Format of the file.")
    filename: str = Field(description="Name of the file, as its sender says.")
    state: str = Field(description="planning, planned, committed or failed.")
    version: int = Field(description="Grows with each change of state; the ETag names it.")
    created_at: datetime = Field(
        sa_type=UtcDateTime, index=True, description="When the file came (UTC)."
    )
    created_by: str = Field(description="Who sent it.")
    updated_at: datetime = Field(
        sa_type=UtcDateTime, description="When the plan last grew or changed (UTC)."
    )
    planned_on_seq: int = Field(
        sa_type=BigInteger,
        description="Newest revision of the directory that the rows were compared with.",
    )
    ignored_columns: str = Field(description="Columns that are passed over, JSON.")
    about: str | None = Field(
        default=None, description="How the file was understood, JSON; null for imports of before."
    )
    rows_seen: int = Field(default=0, description="Rows read so far.")
    created: int = Field(default=0, description="Rows that make a new record.")
    changed: int = Field(default=0, description="Rows that change a record.")
    unchanged: int = Field(default=0, description="Rows that say what is there.")
    refused: int = Field(default=0, description="Rows that cannot be written.")
    warned: int = Field(default=0, description="Rows to be accepted by name.")
    not_publishable: int = Field(
        default=0, description="Rows to be written that lack what publishing takes."
    )
    problem: str | None = Field(
        default=None, description="Why the file could not be read to its end."
    )
    committing_since: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="When a commit began that has not ended (UTC), whichever process writes it.",
    )
    committed_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it was written (UTC)."
    )
    committed_by: str | None = Field(default=None, description="Who had it written.")
    commitment: str | None = Field(
        default=None, description="How it was asked to be written, JSON."
    )
    written: int | None = Field(default=None, description="Records written.")
    first_seq: int | None = Field(
        default=None,
        sa_type=BigInteger,
        description="First revision that it wrote; the others follow it.",
    )


class PlannedRow(SQLModel, table=True):
    """What one row of the file would do."""

    __tablename__ = "import_row"
    __table_args__ = (
        CheckConstraint(
            "result IN ('created', 'changed', 'unchanged', 'refused')", name="result_known"
        ),
        Index(None, "import_id", "result"),
    )

    import_id: str = Field(
        primary_key=True, foreign_key="import.id", ondelete="CASCADE", description="The import."
    )
    number: int = Field(primary_key=True, description="Place among the file's rows, 1 the first.")
    origin: str = Field(description="Where it stands in the file.")
    slug: str = Field(description="The record that it is about; empty where that is not known.")
    result: str = Field(description="created, changed, unchanged or refused.")
    matched_by: str | None = Field(
        default=None, description="How the record was found: slug, former_slug or nces_leaid."
    )
    base_version: int | None = Field(
        default=None,
        description="Version of the record that it was compared with; null for a new one.",
    )
    faults: str = Field(description="Why it is refused, JSON.")
    warnings: str = Field(description="What must be accepted by name, JSON.")
    changes: str = Field(description="What it changes, field by field, JSON.")
    needs: str = Field(description="What publishing would still take, JSON.")
    notes: str | None = Field(
        default=None, description="What was read otherwise than it stands, JSON."
    )
    document: str = Field(
        description="The record as it would be written; of a refused row, the row as the file has it. JSON."
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """One row of a plan, read."""

    import_id: str
    number: int
    origin: str
    slug: str
    result: str
    matched_by: str | None
    base_version: int | None
    faults: str
    warnings: str
    changes: str
    needs: str
    notes: str | None
    document: str


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Which rows of a plan to read."""

    results: tuple[str, ...] = ()
    warned: bool = False
    after: int = 0
    limit: int = 50
    noted: bool = False


def create(
    session: Session,
    *,
    kind: str,
    format_: str,
    filename: str,
    reading: Reading,
    by: str,
    at: datetime,
) -> PlanRow:
    """A new plan without rows. Deletes plans older than KEPT_FOR."""
    session.connection().execute(delete(PlanRow).where(col(PlanRow.created_at) < at - KEPT_FOR))
    plan = PlanRow(
        id=token_hex(8),
        kind=kind,
        format=format_,
        filename=filename,
        state="planning",
        version=1,
        created_at=at,
        created_by=by,
        updated_at=at,
        planned_on_seq=revisions.newest_seq(session),
        ignored_columns=orjson.dumps(reading.ignored_columns).decode(),
        about=_json(reading.about()),
    )
    session.add(plan)
    session.flush()
    return plan


def fill(
    database: Database,
    plan_id: str,
    reading: Reading,
    *,
    on_progress: Callable[[int], None] = lambda _rows: None,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Plan every row, a batch at a time, each in a transaction of its own.

    `on_progress` is called with the number of rows so far. A file that cannot be read to its end
    makes a failed plan, which cannot be committed.
    """
    problem = None
    count = 0
    try:
        with database.reading_primary() as session:
            outcomes = Planner(session).outcomes(reading.rows)
            _change(database, plan_id, planned_on_seq=revisions.newest_seq(session))
            while batch := list(islice(outcomes, BATCH)):
                _store(database, plan_id, count, batch)
                count += len(batch)
                on_progress(count)
                if stopped():
                    problem = "The service stopped while it read the file. Upload it again."
                    break
                if count > MAX_ROWS:
                    problem = f"A file may have {MAX_ROWS:,} rows. Upload it in parts."
                    break
    except Invalid as invalid:
        problem = "; ".join(fault.detail for fault in invalid.faults)
    finish(database, plan_id, problem, about=_json(reading.about()))


def finish(database: Database, plan_id: str, problem: str | None, **more: Any) -> None:
    """Close a plan. `problem`: why the file could not be read to its end, if it could not."""
    state = "failed" if problem else "planned"
    _change(database, plan_id, state=state, version=2, problem=problem, **more)


def note_committing(database: Database, plan_id: str, since: datetime | None) -> None:
    """Tell every process that a commit has begun, or with None that it has ended."""
    if not plan_id.isprintable():  # no plan has such an id, and PostgreSQL refuses NUL
        return
    with database.writing() as session:
        session.connection().execute(
            update(PlanRow).where(col(PlanRow.id) == plan_id).values(committing_since=since)
        )


def get(session: Session, plan_id: str) -> PlanRow:
    """A plan. Raises NotFound."""
    plan = session.get(PlanRow, plan_id) if plan_id.isprintable() else None
    if plan is None:
        raise NotFound(
            f"There is no import {plan_id!r}. Imports are deleted after {KEPT_FOR.days} days."
        )
    return plan


def list_(session: Session, *, after: str | None, limit: int) -> list[PlanRow]:
    """Plans, the newest first; only those older than the plan `after`."""
    query = select(PlanRow).order_by(col(PlanRow.created_at).desc(), col(PlanRow.id)).limit(limit)
    if after is not None:
        last = get(session, after)
        same_time = (col(PlanRow.created_at) == last.created_at) & (col(PlanRow.id) > last.id)
        query = query.where((col(PlanRow.created_at) < last.created_at) | same_time)
    return list(session.exec(query))


def state(plan: PlanRow, *, at: datetime) -> str:
    """The state of a plan, for everybody.

    A plan that has not grown for long has failed, whatever it says. One whose commit began lately
    is being committed, by this process or by another.
    """
    if plan.state == "planning" and at - plan.updated_at > INTERRUPTED_AFTER:
        return "failed"
    began = plan.committing_since
    if plan.state == "planned" and began is not None and at - began < INTERRUPTED_AFTER:
        return "committing"
    return plan.state


def rows(session: Session, plan_id: str, query: RowQuery) -> list[Planned]:
    """The rows that match the query, in the file's order."""
    statement = _ROWS.where(
        col(PlannedRow.import_id) == plan_id, col(PlannedRow.number) > query.after
    )
    if query.results:
        statement = statement.where(col(PlannedRow.result).in_(query.results))
    if query.warned:
        statement = statement.where(col(PlannedRow.warnings) != "[]")
    if query.noted:
        statement = statement.where(col(PlannedRow.notes) != "[]")
    records = (
        session.connection()
        .execute(statement.order_by(col(PlannedRow.number)).limit(query.limit))
        .mappings()
    )
    return [Planned(**row) for row in records]


def stream(session: Session, plan_id: str, results: tuple[str, ...]) -> Iterator[Planned]:
    """Every row with one of these results, in the file's order, in constant memory."""
    after = 0
    while batch := rows(session, plan_id, RowQuery(results, after=after, limit=BATCH)):
        yield from batch
        after = batch[-1].number


def stream_to_client(
    database: Database, plan_id: str, results: tuple[str, ...]
) -> Iterator[Planned]:
    """The same, a session for each batch: the client decides how long the whole takes."""
    after = 0
    while True:
        with database.reading_primary() as session:
            batch = rows(session, plan_id, RowQuery(results, after=after, limit=BATCH))
        if not batch:
            return
        yield from batch
        after = batch[-1].number


_ROWS = select_columns(*(col(getattr(PlannedRow, column.name)) for column in fields(Planned)))


def _store(database: Database, plan_id: str, before: int, outcomes: Sequence[RowOutcome]) -> None:
    """Store a batch of rows; `before`: how many are stored already."""
    count = Counter(outcome.result for outcome in outcomes)
    to_write = [outcome for outcome in outcomes if outcome.result in WRITTEN]
    grown = {
        "rows_seen": len(outcomes),
        **{result: count[result] for result in RESULTS},  # type: ignore[index]
        "warned": sum(bool(outcome.warnings) for outcome in to_write),
        "not_publishable": sum(bool(outcome.needs) for outcome in to_write),
    }
    with database.writing() as session:
        connection = session.connection()
        values = [
            _row(plan_id, number, outcome) for number, outcome in enumerate(outcomes, before + 1)
        ]
        connection.execute(insert(PlannedRow), values)
        added = {name: getattr(PlanRow, name) + more for name, more in grown.items()}
        connection.execute(
            update(PlanRow).where(col(PlanRow.id) == plan_id).values(updated_at=now(), **added)
        )


def _row(plan_id: str, number: int, outcome: RowOutcome) -> dict[str, Any]:
    record = None if outcome.result == "refused" else outcome.record
    return {
        "import_id": plan_id,
        "number": number,
        "origin": outcome.row.origin,
        "slug": outcome.slug,
        "result": outcome.result,
        "matched_by": outcome.matched_by,
        "base_version": outcome.base_version,
        "faults": _faults(outcome.faults),
        "warnings": _json([fault.as_dict() for fault in outcome.warnings]),
        "changes": _json(outcome.changes),
        "needs": _json([fault.as_dict() for fault in outcome.needs]),
        "notes": _json([note.as_dict() for note in outcome.row.notes[:MAX_FAULTS]]),
        "document": _json(
            _as_sent(outcome.row) if record is None else record.model_dump(mode="json")
        ),
    }


def _faults(faults: Sequence[Fault]) -> str:
    """The first faults of a row, and how many more it has."""
    listed = [fault.as_dict() for fault in faults[:MAX_FAULTS]]
    if more := len(faults) - len(listed):
        detail = f"{more:,} more faults are not listed. Fix these, then upload the file again."
        listed.append(Fault("more_faults", detail, pointer="").as_dict())
    return _json(listed)


def _as_sent(row: Row) -> dict[str, Any]:
    return row.document if row.as_sent is None else row.as_sent


def _json(value: Any) -> str:
    """The value as JSON; `{}` where it is nested too deeply for JSON writers, as no record is."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return "{}"


def _change(database: Database, plan_id: str, **values: Any) -> None:
    with database.writing() as session:
        session.connection().execute(
            update(PlanRow).where(col(PlanRow.id) == plan_id).values(updated_at=now(), **values)
        )
