"""The digest of the seed that was loaded last, so that an unchanged seed is not planned again."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, col, select

from app.database import UtcDateTime


class SeedLoadRow(SQLModel, table=True):
    """One load of the seed."""

    __tablename__ = "seed_load"

    digest: str = Field(
        primary_key=True,
        description="The migration that it was read into, and SHA-256 of the seed's files.",
    )
    at: datetime = Field(sa_type=UtcDateTime, description="When it was loaded last (UTC).")


def newest_digest(session: Session) -> str | None:
    """The digest of the seed that was loaded last; None before the first."""
    return session.exec(select(SeedLoadRow.digest).order_by(col(SeedLoadRow.at).desc())).first()


def note(session: Session, digest: str, *, at: datetime) -> None:
    """Record that this seed was loaded."""
    session.merge(SeedLoadRow(digest=digest, at=at))
