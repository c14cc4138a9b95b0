"""Lists of records for editors: by state, words and owner, drafts included."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.records.tables import (
    CaseStudyDistrictRow,
    CaseStudyRow,
    DistrictRow,
    RecordRow,
    RevisionRow,
)


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
        .join(
            RevisionRow,
            (col(RevisionRow.kind) == RecordRow.kind) & (col(RevisionRow.slug) == RecordRow.slug),
        )
        .where(RecordRow.kind == query.kind, RevisionRow.version == RecordRow.version)
        .order_by(RecordRow.slug)
    )
    if query.status:
        wanted = wanted.where(RecordRow.status == query.status)
    if query.owner:
        wanted = wanted.where(RecordRow.updated_by == query.owner)
    if query.after:
        wanted = wanted.where(RecordRow.slug > query.after)
    words = (query.q or "").lower().split()
    for word in words:
        if (
            word.isascii() and word.isalnum()
        ):  # others may be written otherwise in JSON, or have a case that SQLite does not know
            wanted = wanted.where(func.lower(RevisionRow.document).contains(word))
    with session.exec(wanted.execution_options(yield_per=100)) as rows:
        read = ((row, orjson.loads(document)) for row, document in rows)
        found = (_listed(row, document) for row, document in read if _holds(document, words))
        return list(islice(found, query.limit))


def district_with_leaid(session: Session, leaid: str) -> str | None:
    """The slug of the district that has this LEAID."""
    return session.exec(select(DistrictRow.slug).where(DistrictRow.nces_leaid == leaid)).first()


def district_names(session: Session) -> Iterator[tuple[str, str, str, str | None]]:
    """Slug, name, state and LEAID of every district, in constant memory."""
    columns = select(
        DistrictRow.slug, DistrictRow.name, DistrictRow.state, DistrictRow.nces_leaid
    ).order_by(DistrictRow.slug)
    return iter(session.exec(columns.execution_options(yield_per=1000)))


def case_study_titles(session: Session) -> Iterator[tuple[str, str, str]]:
    """Slug and title of every case study with each of its districts, in constant memory."""
    columns = select(CaseStudyRow.slug, CaseStudyRow.title, CaseStudyDistrictRow.district)
    joined = columns.join(
        CaseStudyDistrictRow, col(CaseStudyDistrictRow.case_study) == CaseStudyRow.slug
    ).order_by(CaseStudyRow.slug)
    return iter(session.exec(joined.execution_options(yield_per=1000)))


def _holds(document: dict[str, Any], words: Sequence[str]) -> bool:
    text = " ".join(_texts(document)).lower() if words else ""
    return all(word in text for word in words)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)


def _listed(row: RecordRow, document: dict[str, Any]) -> Listed:
    title = next(
        (document[name] for name in ("title", "name", "label") if document.get(name)), row.slug
    )
    return Listed(
        row.slug,
        title,
        row.version,
        row.status,
        row.published_version,
        row.updated_at,
        row.updated_by,
    )
