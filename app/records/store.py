"""find, list_, save: a record goes in and out whole; saving always appends its revision, in the same transaction."""

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
from app.records.shape import Shape
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
class Kept:
    """A record as it is kept: its newest version with its state."""

    kind: str
    slug: str
    version: int
    status: str
    published_version: int | None
    updated_at: datetime
    updated_by: str
    record: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One record to be written. `status` is its state after the change; `edits` tells a change of content from one of state alone."""

    kind: str
    record: Shape
    action: str
    status: str
    edits: bool = True
    note: str | None = None


def find(session: Session, kind: str, slug: str) -> Kept | None:
    """The newest version of a record."""
    return next(iter(find_many(session, kind, [slug]).values()), None)


def get(session: Session, kind: str, slug: str) -> Kept:
    """The newest version of a record. Raises NotFound with the nearest slugs."""
    if (kept := find(session, kind, slug)) is None:
        raise NotFound(
            f"no {KINDS[kind].noun} {slug!r}", nearest=nearest_slugs(session, kind, slug)
        )
    return kept


def find_many(session: Session, kind: str, slugs: Sequence[str]) -> dict[str, Kept]:
    """The newest versions of many records, by slug; unknown slugs are left out."""
    return {
        kept.slug: kept
        for batch in _batches(slugs)
        for kept in _read(session, kind, col(RecordRow.slug).in_(batch))
    }


def list_(session: Session, kind: str) -> list[Kept]:
    """The newest version of every record of a kind, by slug."""
    return _read(session, kind, True)


def published(
    session: Session, kind: str, slugs: Sequence[str] | None = None
) -> dict[str, tuple[Any, int, datetime]]:
    """The public version of each record of a kind (of those named, or of all): record, version, and when it was published."""
    found = {}
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
            found[slug] = (_record(kind, orjson.loads(document)), version, at)
    return found


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
    """Write records and their revisions, in the order given; a kind must come after the kinds it refers to."""
    seq = revisions.newest_seq(session)
    written: list[Revision] = []
    for kind, of_kind in groupby(changes, key=lambda change: change.kind):
        for batch in _batches(list(of_kind)):
            written += _save_batch(session, kind, batch, seq + len(written), by, at)
    return written


def _record(kind: str, document: dict[str, Any]) -> Any:
    return KINDS[kind].shape.model_validate(document)


def _read(session: Session, kind: str, which: Any) -> list[Kept]:
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
        Kept(
            kind,
            row.slug,
            row.version,
            row.status,
            row.published_version,
            row.updated_at,
            row.updated_by,
            _record(kind, orjson.loads(document)),
        )
        for row, document in session.exec(query)
    ]


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
        published = (
            version
            if change.status == "published"
            else None
            if change.status == "withdrawn"
            else was.published_version
            if was
            else None
        )
        written.append(
            Revision(
                seq=after + n,
                at=at,
                actor=by,
                action=change.action,
                kind=kind,
                slug=slug,
                version=version,
                document=change.record.model_dump(mode="json"),
                note=change.note,
                status=change.status,
                published_version=published,
            )
        )
        header = {
            "kind": kind,
            "slug": slug,
            "version": version,
            "status": change.status,
            "published_version": published,
            "updated_at": at,
            "updated_by": by if change.edits or was is None else was.updated_by,
        }
        (old if was else new).append(header)
    connection = session.connection()
    revisions.append(session, written)
    if new:
        connection.execute(insert(RecordRow), new)
    _update(session, RecordRow, ("kind", "slug"), old)
    edited = [change.record for change in changes if change.edits]
    write_rows(session, kind, edited, {header["slug"] for header in old})
    session.expire_all()
    return written


def write_rows(session: Session, kind: str, records: Sequence[Shape], there: set[str]) -> None:
    """Write the rows of records; `there` holds the slugs of those that have rows already."""
    connection = session.connection()
    main = KINDS[kind].row
    rows: dict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        for table, values in KINDS[kind].rows(record):
            rows[table].append(values)
    kept = [values for values in rows[main] if values["slug"] in there]
    if kind == "case-study" and kept:
        slugs = [values["slug"] for values in kept]
        for part in PARTS:
            connection.execute(delete(part).where(col(part.case_study).in_(slugs)))
    _update(session, main, ("slug",), kept)
    rows[main] = [values for values in rows[main] if values["slug"] not in there]
    for table, all_values in rows.items():
        if all_values:
            connection.execute(insert(table), all_values)


def _update(
    session: Session, row: type[SQLModel], key: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Write rows over those of the same key, all with one statement."""
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
