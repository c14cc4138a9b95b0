"""Link checks of sources: the last check of each URL, and when it was last alive."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, func
from sqlmodel import Field, Session, SQLModel, col, select

from app.database import UtcDateTime

HEALTHS = ("alive", "moved", "dead", "blocked", "unreachable")
BATCH = 500  # values in one statement


class SourceCheckRow(SQLModel, table=True):
    """The last check of one URL, which several case studies may cite."""

    __tablename__ = "source_check"
    __table_args__ = (
        CheckConstraint(f"health IN ({', '.join(map(repr, HEALTHS))})", name="health_known"),
    )

    id: str = Field(
        primary_key=True,
        description="SHA-256 of the address, hex: an address can be longer than a key may be.",
    )
    url: str = Field(description="The address, as records have it.")
    checked_at: datetime = Field(sa_type=UtcDateTime, description="When it was last asked (UTC).")
    health: str = Field(description="alive, moved, dead, blocked or unreachable.")
    status_code: int | None = Field(
        default=None, description="HTTP status of the last answer; null where none came."
    )
    moved_to: str | None = Field(default=None, description="Where permanent redirects lead.")
    last_alive_at: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="When it was last found (UTC); null: never yet.",
    )
    failing_since: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="Since when no check has found it (UTC); null: it was found.",
    )
    note: str | None = Field(default=None, description="What stood in the way, in words.")


def source_id(url: str) -> str:
    """The key of a URL."""
    return hashlib.sha256(url.encode()).hexdigest()


def find_many(session: Session, urls: Iterable[str]) -> dict[str, SourceCheckRow]:
    """The last check of each URL; unchecked URLs are left out."""
    ids = sorted({source_id(url) for url in urls})
    batches = (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
    return {
        row.url: row
        for batch in batches
        for row in session.exec(select(SourceCheckRow).where(col(SourceCheckRow.id).in_(batch)))
    }


def states(session: Session) -> dict[str, tuple[str, datetime]]:
    """The result and time of the last check of every URL."""
    rows = session.exec(
        select(SourceCheckRow.url, SourceCheckRow.health, SourceCheckRow.checked_at)
    )
    return {url: (health, checked_at) for url, health, checked_at in rows}


def counts(session: Session) -> dict[str, int]:
    """How many addresses have each health."""
    query = select(SourceCheckRow.health, func.count()).group_by(SourceCheckRow.health)
    return dict(session.exec(query).all())


def newest_check(session: Session) -> datetime | None:
    """When an address was last checked; None if none has been."""
    newest = select(SourceCheckRow.checked_at).order_by(col(SourceCheckRow.checked_at).desc())
    return session.exec(newest.limit(1)).first()


def last_alive(session: Session, urls: Iterable[str]) -> dict[str, datetime]:
    """When each URL was last alive; those that never were are left out."""
    return {
        url: row.last_alive_at for url, row in find_many(session, urls).items() if row.last_alive_at
    }


def save(session: Session, row: SourceCheckRow) -> None:
    """Store a check in place of the previous one."""
    session.merge(row)
    session.flush()
