"""Lists of records for editors: by state, words and owner, drafts included."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.records.tables import RecordRow, RevisionRow


@dataclass(frozen=True, slots=True)
class Listed:
    """A record as a list shows it."""

    slug: str
    title: str
    version: int
    status: str
    published_version: int | None
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which records are asked for."""

    kind: str
    status: str | None = None
    owner: str | None = None
    q: str | None = None
    after: str | None = None
    limit: int = 50


def list_records(session: Session, query: ListQuery) -> Sequence[Listed]:
    """The records that the question asks for, by slug."""
    wanted = (
        select(RecordRow, RevisionRow.document)
        .join(RevisionRow, (col(RevisionRow.kind) == RecordRow.kind) & (col(RevisionRow.slug) == RecordRow.slug))
        .where(RecordRow.kind == query.kind, RevisionRow.version == RecordRow.version)
        .order_by(RecordRow.slug)
        .limit(query.limit)
    )
    if query.status:
        wanted = wanted.where(RecordRow.status == query.status)
    if query.owner:
        wanted = wanted.where(RecordRow.updated_by == query.owner)
    if query.after:
        wanted = wanted.where(RecordRow.slug > query.after)
    for word in (query.q or "").lower().split():
        wanted = wanted.where(func.lower(RevisionRow.document).contains(word, autoescape=True))
    return [_listed(row, orjson.loads(document)) for row, document in session.exec(wanted)]


def _listed(row: RecordRow, document: dict[str, Any]) -> Listed:
    title = next((document[name] for name in ("title", "name", "label") if document.get(name)), row.slug)
    return Listed(row.slug, title, row.version, row.status, row.published_version, row.updated_at, row.updated_by)
