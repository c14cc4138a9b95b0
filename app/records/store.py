"""Reads and writes whole records; saving one appends its revision in the same transaction."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

import orjson
from sqlalchemy import and_, bindparam, delete, insert, update
from sqlmodel import Session, SQLModel, col, select

from app.errors import NotFound
from app.records import revisions
from app.records.kinds import KINDS
from app.records.references import nearest_slugs
from app.records.revisions import Revision
from app.records.shape import Shape, read_stored
from app.records.tables import (
    CaseStudyDistrictRow,
    CaseStudyStrategyRow,
    ContextFigureRow,
    FundingRow,
    OutcomeRow,
    PartnershipRow,
    RecordRow,
    RevisionRow,
    ScaleFigureRow,
    SourceRow,
    metadata,
)

_T = TypeVar("_T")

BATCH = 500  # rows in one statement; SQLite allows 32,766 variables in each
PARTS = (
    OutcomeRow,
    ScaleFigureRow,
    ContextFigureRow,
    FundingRow,
    PartnershipRow,
    SourceRow,
    CaseStudyDistrictRow,
    CaseStudyStrategyRow,
)


@dataclass(frozen=True, slots=True)
class Returned:
    """Why a review returned a record."""

    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """The newest version of a record, with its state."""

    kind: str
    slug: str
    version: int
    status: str
    published_version: int | None
    updated_at: datetime
    updated_by: str
    record: Any
    reviewed_by: str | None = None
    returned: Returned | None = None
    from_seed: bool = False  # the seed wrote its content, whatever its author is called


@dataclass(frozen=True, slots=True)
class Change:
    """One record to write. `status`: its state after the change; `edits`: its content changes too."""

    kind: str
    record: Shape
    action: str
    status: str
    edits: bool = True
    note: str | None = None
    planned_by: str | None = None  # who planned the import that it is part of
    from_seed: bool = False


def find(session: Session, kind: str, slug: str) -> StoredRecord | None:
    """The newest version of a record."""
    return next(iter(find_many(session, kind, [slug]).values()), None)


def get(session: Session, kind: str, slug: str) -> StoredRecord:
    """The newest version of a record. Raises NotFound with the nearest slugs."""
    stored = find(session, kind, slug)
    if stored is None:
        nearest = nearest_slugs(session, kind, slug)
        raise NotFound(f"There is no {KINDS[kind].noun} {slug[:200]!r}", nearest=nearest)
    return stored


def find_many(session: Session, kind: str, slugs: Sequence[str]) -> dict[str, StoredRecord]:
    """The newest versions of many records, by slug; unknown slugs are left out."""
    return {
        stored.slug: stored
        for batch in _batches(slugs)
        for stored in _read(session, kind, col(RecordRow.slug).in_(batch))
    }


def published(
    session: Session, kind: str, slugs: Sequence[str] | None = None
) -> dict[str, tuple[Any, int, datetime]]:
    """Record, version and time of publication of the public records of a kind, by slug."""
    records = {}
    for batch in _batches(slugs) if slugs is not None else [None]:
        query = (
            select(RevisionRow.slug, RevisionRow.document, RevisionRow.version, RevisionRow.at)
            .join(
                RecordRow,
                (col(RecordRow.kind) == RevisionRow.kind)
                & (col(RecordRow.slug) == RevisionRow.slug),
            )
            .where(RevisionRow.kind == kind, RevisionRow.version == RecordRow.published_version)
            .order_by(RevisionRow.slug)
        )
        if batch is not None:
            query = query.where(col(RevisionRow.slug).in_(batch))
        for slug, document, version, at in session.exec(query):
            records[slug] = (_record(kind, orjson.loads(document)), version, at)
    return records


def published_slugs(session: Session, kind: str) -> list[str]:
    """The slugs of the public records of a kind, in order."""
    query = select(RecordRow.slug).where(
        RecordRow.kind == kind, col(RecordRow.published_version).is_not(None)
    )
    return list(session.exec(query.order_by(RecordRow.slug)))


def save(session: Session, change: Change, *, by: str, at: datetime) -> Revision:
    """Write one record and its revision."""
    return save_many(session, [change], by=by, at=at)[0]


def save_many(
    session: Session, changes: Sequence[Change], *, by: str, at: datetime
) -> list[Revision]:
    """Write records and their revisions, in this order. A kind must follow the kinds it refers to."""
    seq = revisions.newest_seq(session)
    written: list[Revision] = []
    for kind, of_kind in groupby(changes, key=lambda change: change.kind):
        for batch in _batches(list(of_kind)):
            written += _save_batch(session, kind, batch, seq + len(written), by, at)
    return written


def _record(kind: str, document: dict[str, Any]) -> Any:
    return read_stored(KINDS[kind].shape, document)


def _read(session: Session, kind: str, which: Any) -> list[StoredRecord]:
    query = (
        select(RecordRow, RevisionRow.document)
        .join(
            RevisionRow,
            (col(RevisionRow.kind) == RecordRow.kind) & (col(RevisionRow.slug) == RecordRow.slug),
        )
        .where(RecordRow.kind == kind, RevisionRow.version == RecordRow.version, which)
        .order_by(RecordRow.slug)
    )
    return [
        StoredRecord(
            kind,
            row.slug,
            row.version,
            row.status,
            row.published_version,
            row.updated_at,
            row.updated_by,
            _record(kind, orjson.loads(document)),
            row.reviewed_by,
            returned(row),
            row.from_seed,
        )
        for row, document in session.exec(query)
    ]


def _header(
    change: Change, revision: Revision, was: RecordRow | None, by: str, at: datetime
) -> dict[str, Any]:
    """The row of a record after a change: its state, and its last review."""
    return {
        "kind": revision.kind,
        "slug": revision.slug,
        "version": revision.version,
        "status": revision.status,
        "published_version": revision.published_version,
        "updated_at": at,
        "updated_by": by if change.edits or was is None else was.updated_by,
        "from_seed": change.from_seed if change.edits or was is None else was.from_seed,
        **_review(change, was, by, at),
    }


def _review(change: Change, was: RecordRow | None, by: str, at: datetime) -> dict[str, Any]:
    """Who last returned or published a record, and the note of the return while it applies."""
    names = ("returned_note", "returned_by", "returned_at")
    reviewed_by = was.reviewed_by if was else None
    if change.action == "return":
        return {"reviewed_by": by, **dict(zip(names, (change.note, by, at), strict=True))}
    if change.action in ("publish", "withdraw"):
        reviewer = by if change.action == "publish" else reviewed_by
        return {"reviewed_by": reviewer, **dict.fromkeys(names)}
    return {"reviewed_by": reviewed_by} | {name: getattr(was, name, None) for name in names}


def _save_batch(
    session: Session, kind: str, changes: Sequence[Change], after: int, by: str, at: datetime
) -> list[Revision]:
    slugs = [change.record.slug for change in changes]  # type: ignore[attr-defined]
    rows = session.exec(
        select(RecordRow).where(RecordRow.kind == kind, col(RecordRow.slug).in_(slugs))
    )
    before = {row.slug: row for row in rows}
    # A slug that a discarded draft had is free, but its versions stay in the log.
    used = revisions.newest_versions(session, kind, set(slugs) - before.keys())
    written: list[Revision] = []
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    for n, (slug, change) in enumerate(zip(slugs, changes, strict=True), 1):
        was = before.get(slug)
        version = (was.version if was else used.get(slug, 0)) + 1
        revision = Revision(
            seq=after + n,
            at=at,
            actor=by,
            action=change.action,
            kind=kind,
            slug=slug,
            version=version,
            document=change.record.model_dump(mode="json"),
            note=change.note,
            planned_by=change.planned_by,
            status=change.status,
            published_version=_published_version(change.status, version, was),
        )
        written.append(revision)
        (old if was else new).append(_header(change, revision, was, by, at))
    connection = session.connection()
    revisions.append(session, written)
    if new:
        connection.execute(insert(RecordRow), new)
    _update(session, RecordRow, ("kind", "slug"), old)
    edited = [change.record for change in changes if change.edits]
    write_rows(session, kind, edited, {header["slug"] for header in old})
    session.expire_all()
    return written


def _published_version(status: str, version: int, was: RecordRow | None) -> int | None:
    """The version that is public after a change."""
    if status == "published":
        return version
    if status == "withdrawn" or was is None:
        return None
    return was.published_version


def discard(session: Session, stored: StoredRecord, *, by: str, at: datetime) -> Revision:
    """Delete a draft and its rows. The log keeps it; its slug and its LEAID are free again."""
    revision = Revision(
        seq=revisions.newest_seq(session) + 1,
        at=at,
        actor=by,
        action="discard",
        kind=stored.kind,
        slug=stored.slug,
        version=stored.version + 1,
        document=stored.record.model_dump(mode="json"),
        note=None,
        status="discarded",
        published_version=None,
    )
    revisions.append(session, [revision])
    connection = session.connection()
    row = KINDS[stored.kind].row
    table = metadata.tables[str(row.__tablename__)]
    connection.execute(delete(table).where(table.c.slug == stored.slug))
    same = (col(RecordRow.kind) == stored.kind) & (col(RecordRow.slug) == stored.slug)
    connection.execute(delete(RecordRow).where(same))
    session.expire_all()
    return revision


def returned(row: RecordRow) -> Returned | None:
    """Why the last review returned a record; None if it did not, or the record was published since."""
    if row.returned_note is None or row.returned_by is None or row.returned_at is None:
        return None
    return Returned(row.returned_note, row.returned_by, row.returned_at)


def write_rows(session: Session, kind: str, records: Sequence[Shape], there: set[str]) -> None:
    """Write the rows of records; `there`: the slugs that have rows already."""
    connection = session.connection()
    main = KINDS[kind].row
    rows: dict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        for table, values in KINDS[kind].rows(record):
            rows[table].append(values)
    existing = [values for values in rows[main] if values["slug"] in there]
    if kind == "case-study" and existing:
        slugs = [values["slug"] for values in existing]
        for part in PARTS:
            connection.execute(delete(part).where(col(part.case_study).in_(slugs)))
    _update(session, main, ("slug",), existing)
    rows[main] = [values for values in rows[main] if values["slug"] not in there]
    for table, all_values in rows.items():
        if all_values:
            connection.execute(insert(table), all_values)


def _update(
    session: Session, row: type[SQLModel], key: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Update the rows with these keys, in one statement."""
    if rows:
        table = metadata.tables[str(row.__tablename__)]
        same = and_(*(table.c[name] == bindparam(f"its_{name}") for name in key))
        session.connection().execute(
            update(table).where(same),
            [values | {f"its_{name}": values[name] for name in key} for values in rows],
        )


def _batches(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
