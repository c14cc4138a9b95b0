"""The append-only log: one number for each change in the whole directory, without gaps."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, func, insert, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.records.tables import RevisionRow

STEPS = ("submit", "return", "publish", "withdraw", "restore")  # they leave the content as it is


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
    status: str
    published_version: int | None
    previous_slug: str | None = None
    planned_by: str | None = None


def signature(session: Session, seq: int) -> str | None:
    """A text that identifies this change across directories; None if there is no such change."""
    row = session.exec(select(RevisionRow).where(RevisionRow.seq == seq)).first()
    return (
        f"{row.seq} {row.at.isoformat()} {row.actor} {row.action} {row.kind} {row.slug} {row.version}"
        if row
        else None
    )


def newest_seq(session: Session) -> int:
    """Number of the newest change; 0 in an empty directory."""
    return session.exec(select(func.coalesce(func.max(RevisionRow.seq), 0))).one()


def newest_at(session: Session, at: datetime) -> int | None:
    """Number of the newest change at or before a time; None if there is none."""
    query = select(RevisionRow.seq).where(col(RevisionRow.at) <= at)
    return session.exec(
        query.order_by(col(RevisionRow.at).desc(), col(RevisionRow.seq).desc()).limit(1)
    ).first()


def append(session: Session, revisions: Sequence[Revision]) -> None:
    """Write changes at the end of the log. Use in a writing session only: their numbers follow the newest."""
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
                "status": revision.status,
                "published_version": revision.published_version,
                "previous_slug": revision.previous_slug,
                "planned_by": revision.planned_by,
            }
            for revision in revisions
        ],
    )


def history(session: Session, kind: str, slug: str) -> list[Revision]:
    """Every change of one record, oldest first, under all its slugs."""
    changes: list[Revision] = []
    name: str | None = slug
    while name is not None:
        query = select(RevisionRow).where(RevisionRow.kind == kind, RevisionRow.slug == name)
        if changes:  # what has that slug since the rename is another record
            query = query.where(RevisionRow.seq < changes[-1].seq)
        name = None
        for row in session.exec(query.order_by(col(RevisionRow.seq).desc())):
            changes.append(_read(row))
            if row.previous_slug is not None:  # what had this slug before the rename, too
                name = row.previous_slug
                break
    return changes[::-1]


def by_seq(session: Session, seqs: Collection[int]) -> dict[int, Revision]:
    """The changes of these numbers."""
    rows = session.exec(select(RevisionRow).where(col(RevisionRow.seq).in_(seqs)))
    return {row.seq: _read(row) for row in rows}


def unpublished_authors(session: Session, kind: str, slug: str) -> set[str]:
    """Everybody who wrote or renamed part of what is not public yet, or planned an import of it."""
    authors: set[str] = set()
    before: dict[str, Any] | None = None
    for revision in history(session, kind, slug):
        if revision.published_version == revision.version or revision.status == "discarded":
            authors.clear()
        elif revision.action not in STEPS and revision.document != before:
            authors |= {revision.actor, revision.planned_by or revision.actor}
        before = revision.document
    return authors


def moved_to(session: Session, kind: str, slug: str) -> str | None:
    """The present slug of the record that once had this slug; None if no record had it."""
    return moved_slugs(session).get((kind, slug))


def moved_slugs(session: Session) -> dict[tuple[str, str], str]:
    """The present slug of each former (kind, slug).

    The former slugs of a discarded draft are free again, so they are left out.
    """
    moves = col(RevisionRow.previous_slug).is_not(None) | (RevisionRow.action == "discard")
    query = select(RevisionRow.kind, RevisionRow.previous_slug, RevisionRow.slug).where(moves)
    moved: dict[tuple[str, str], str] = {}
    former_slugs: dict[tuple[str, str], list[str]] = {}
    for kind, previous_slug, slug in session.exec(query.order_by(col(RevisionRow.seq))):
        former = former_slugs.pop((kind, previous_slug or slug), [])
        if previous_slug is None:  # discarded
            for old in former:
                del moved[kind, old]
        else:
            former_slugs[kind, slug] = [*former, previous_slug]
            moved |= {(kind, old): slug for old in former_slugs[kind, slug]}
    return moved


def renamed_since(session: Session, kind: str, seq: int) -> dict[str, str]:
    """The slug that each record renamed after a revision had then, by its present slug."""
    query = select(RevisionRow.previous_slug, RevisionRow.slug).where(
        RevisionRow.kind == kind, col(RevisionRow.previous_slug).is_not(None), RevisionRow.seq > seq
    )
    former: dict[str, str] = {}
    for previous_slug, slug in session.exec(query.order_by(col(RevisionRow.seq))):
        former[slug] = former.pop(str(previous_slug), str(previous_slug))
    return former


def slugs_of(session: Session, kind: str, slug: str) -> set[str]:
    """The slug of a record and its former ones."""
    moved = moved_slugs(session)
    return {slug, *(old for (other, old), now in moved.items() if (other, now) == (kind, slug))}


def was_public(session: Session, kind: str, slug: str) -> bool:
    """Whether a record has ever been public, under this slug or a former one."""
    query = select(RevisionRow.seq).where(
        RevisionRow.kind == kind,
        col(RevisionRow.slug).in_(slugs_of(session, kind, slug)),
        col(RevisionRow.published_version).is_not(None),
    )
    return session.exec(query.limit(1)).first() is not None


def newest_versions(session: Session, kind: str, slugs: Collection[str]) -> dict[str, int]:
    """The newest version in the log under each slug, discarded drafts included; unused slugs are left out."""
    query = (
        select(RevisionRow.slug, func.max(RevisionRow.version))
        .where(RevisionRow.kind == kind, col(RevisionRow.slug).in_(slugs))
        .group_by(col(RevisionRow.slug))
    )
    return dict(session.exec(query).all())


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which changes to read."""

    actor: str | None = None
    kind: str | None = None
    slug: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_seq: int | None = None
    limit: int = 50


def audit(session: Session, query: LogQuery) -> list[Revision]:
    """The changes that match the query, newest first."""
    statement = select(RevisionRow).order_by(col(RevisionRow.seq).desc()).limit(query.limit)
    for column, value in (
        (RevisionRow.actor, query.actor),
        (RevisionRow.kind, query.kind),
        (RevisionRow.action, query.action),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if query.slug is not None:
        statement = statement.where(_of_record(session, query.slug))
    if query.since:
        statement = statement.where(col(RevisionRow.at) >= query.since)
    if query.until:
        statement = statement.where(col(RevisionRow.at) < query.until)
    if query.before_seq is not None:
        statement = statement.where(col(RevisionRow.seq) < query.before_seq)
    return [_read(row) for row in session.exec(statement)]


def _of_record(session: Session, slug: str) -> ColumnElement[bool]:
    """Matches changes to every record that has or had a slug, under all its slugs."""
    slugs: dict[str, set[str]] = defaultdict(set)
    moved = moved_slugs(session)
    current = {(kind, moved.get((kind, slug), slug)) for kind, _ in moved}
    for (kind, old), now in moved.items():
        if (kind, now) in current:
            slugs[kind] |= {old, now}
    former = (
        (col(RevisionRow.kind) == kind) & col(RevisionRow.slug).in_(names)
        for kind, names in slugs.items()
    )
    return or_(col(RevisionRow.slug) == slug, *former)


def public_versions(session: Session, kind: str, *, as_of: int) -> dict[str, int]:
    """The public version of each record of a kind at a revision, by slug. One query."""
    newest = (
        select(
            RevisionRow.slug,
            func.max(RevisionRow.seq).label("seq"),
        )
        .where(RevisionRow.kind == kind, RevisionRow.seq <= as_of)
        .group_by(col(RevisionRow.slug))
        .subquery()
    )
    left = aliased(RevisionRow)  # the change that gave the record another slug
    renamed = (
        select(left.seq)
        .where(
            left.kind == kind,
            left.previous_slug == RevisionRow.slug,
            left.seq <= as_of,
            left.seq > RevisionRow.seq,
        )
        .exists()
    )
    query = (
        select(RevisionRow.slug, RevisionRow.published_version)
        .join(newest, newest.c.seq == RevisionRow.seq)
        .where(col(RevisionRow.published_version).is_not(None), ~renamed)
        .order_by(RevisionRow.slug)
    )
    return {slug: int(version or 0) for slug, version in session.exec(query)}


def _read(row: RevisionRow) -> Revision:
    return Revision(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=row.action,
        kind=row.kind,
        slug=row.slug,
        version=row.version,
        document=orjson.loads(row.document),
        note=row.note,
        status=row.status,
        published_version=row.published_version,
        previous_slug=row.previous_slug,
        planned_by=row.planned_by,
    )
