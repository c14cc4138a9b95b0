"""Renaming: the record, its rows and all references get the new slug; documents in the log keep the old one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlmodel import Session

from app.records import revisions
from app.records.case_study import CaseStudy
from app.records.kinds import KINDS
from app.records.revisions import Revision
from app.records.shape import Shape
from app.records.store import StoredRecord, write_rows
from app.records.tables import RecordRow, metadata

Moved = Mapping[tuple[str, str], str]


def rename(
    session: Session, stored: StoredRecord, record: Shape, *, by: str, at: datetime
) -> Revision:
    """Give a record another slug, and write the revision. A published record stays published."""
    new_slug: str = record.slug  # type: ignore[attr-defined]
    used = revisions.newest_versions(session, stored.kind, [new_slug])  # of a discarded draft
    version = max(stored.version, used.get(new_slug, 0)) + 1
    published_version = None if stored.published_version is None else version
    revision = Revision(
        seq=revisions.newest_seq(session) + 1,
        at=at,
        actor=by,
        action="rename",
        kind=stored.kind,
        slug=new_slug,
        version=version,
        document=record.model_dump(mode="json"),
        note=None,
        status=stored.status,
        published_version=published_version,
        previous_slug=stored.slug,
    )
    revisions.append(session, [revision])
    header = {
        "slug": new_slug,
        "version": version,
        "published_version": published_version,
        "updated_at": at,
    }
    connection = session.connection()
    records = metadata.tables[str(RecordRow.__tablename__)]
    connection.execute(
        update(records)
        .where(records.c.kind == stored.kind, records.c.slug == stored.slug)
        .values(header)
    )
    if stored.kind == "case-study":
        write_rows(session, stored.kind, [record], set())
        cases = metadata.tables["case_study"]
        connection.execute(delete(cases).where(cases.c.slug == stored.slug))
    else:
        _move_row(
            session,
            metadata.tables[str(KINDS[stored.kind].row.__tablename__)],
            stored.slug,
            new_slug,
        )
    session.expire_all()
    return revision


def current_references(moved: Moved, record: Any) -> Any:
    """The record with every renamed slug that it refers to replaced by the present one."""
    if not moved or not isinstance(record, CaseStudy):
        return record

    def now(kind: str, slug: str) -> str:
        return moved.get((kind, slug), slug)

    return record.model_copy(
        update={
            "districts": list(dict.fromkeys(now("district", slug) for slug in record.districts)),
            "strategies": list(dict.fromkeys(now("strategy", slug) for slug in record.strategies)),
            "outcomes": [
                outcome.model_copy(update={"indicator": now("indicator", outcome.indicator)})
                for outcome in record.outcomes
            ],
            "partners": [
                partner.model_copy(
                    update={
                        "organization": partner.organization
                        and now("organization", partner.organization)
                    }
                )
                for partner in record.partners
            ],
        }
    )


def _move_row(session: Session, table: Table, old: str, new: str) -> None:
    """Copy a row to the new slug, point its references there, and delete the old row.

    Unique columns are copied last, after the old row is gone.
    """
    connection = session.connection()
    row = dict(connection.execute(select(table).where(table.c.slug == old)).mappings().one())
    unique = {
        column.name: None for column in table.columns if column.unique and not column.primary_key
    }
    connection.execute(insert(table).values(row | unique | {"slug": new}))
    for other in metadata.tables.values():
        for column in other.columns:
            if any(key.column is table.c.slug for key in column.foreign_keys):
                connection.execute(update(other).where(column == old).values({column.name: new}))
    connection.execute(delete(table).where(table.c.slug == old))
    if unique:
        connection.execute(
            update(table).where(table.c.slug == new).values({name: row[name] for name in unique})
        )
