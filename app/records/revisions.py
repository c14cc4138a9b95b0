"""The append-only log: one number for each change in the whole directory, without gaps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from app.records.tables import RevisionRow


@dataclass(frozen=True, slots=True)
class Revision:
    """One change and the whole record after it."""

    seq: int
    at: datetime
    actor: str
    action: str
    kind: str
    slug: str
    version: int
    document: dict[str, Any]
    note: str | None


def newest_seq(session: Session) -> int:
    """Number of the newest change; 0 in an empty directory."""
    return session.exec(select(func.coalesce(func.max(RevisionRow.seq), 0))).one()


def append(session: Session, revisions: Sequence[Revision]) -> None:
    """Write changes at the end of the log. Their numbers follow the newest, which only a writing session may rely on."""
    session.connection().execute(
        insert(RevisionRow),
        [
            {
                "seq": revision.seq,
                "at": revision.at,
                "actor": revision.actor,
                "action": revision.action,
                "kind": revision.kind,
                "slug": revision.slug,
                "version": revision.version,
                "document": orjson.dumps(revision.document).decode(),
                "note": revision.note,
            }
            for revision in revisions
        ],
    )


def history(session: Session, kind: str, slug: str) -> list[Revision]:
    """Every change of one record, oldest first."""
    rows = session.exec(select(RevisionRow).where(RevisionRow.kind == kind, RevisionRow.slug == slug).order_by(col(RevisionRow.seq)))
    return [_read(row) for row in rows]


def since(session: Session, seq: int) -> Iterator[Revision]:
    """Every change after a number, in order, in constant memory."""
    rows = session.exec(select(RevisionRow).where(RevisionRow.seq > seq).order_by(col(RevisionRow.seq)).execution_options(yield_per=500))
    for row in rows:
        yield _read(row)


def _read(row: RevisionRow) -> Revision:
    return Revision(row.seq, row.at, row.actor, row.action, row.kind, row.slug, row.version, orjson.loads(row.document), row.note)
