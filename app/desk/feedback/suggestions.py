"""Suggestions of readers: corrections and new cases, which only editors read.

No address and no name is stored; `contact`, if the reader gave it, until the suggestion is handled.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, func
from sqlalchemy import Index as TableIndex
from sqlmodel import Field, Session, SQLModel, select

from app.catalog import entry
from app.database import CodePointOrdered, Database, UtcDateTime
from app.errors import Fault, Invalid, NotFound, Stale, TooMany
from app.records.kinds import SEARCHABLE
from app.records.spelling import nearest
from app.search.index import Index

STATUSES = ("received", "taken_up", "declined")
MAX_WAITING = 5_000  # more than editors could read
RANDOM_BYTES = 12


class SuggestionRow(SQLModel, table=True):
    """One suggestion and its status."""

    __tablename__ = "suggestion"
    __table_args__ = (
        CheckConstraint("kind IN ('correction', 'new-case')", name="kind_known"),
        CheckConstraint("status IN ('received', 'taken_up', 'declined')", name="status_known"),
        CheckConstraint("status = 'received' OR contact IS NULL", name="contact_forgotten"),
        CheckConstraint("version >= 1", name="version_positive"),
        TableIndex(None, "status", "id"),
    )

    id: str = Field(
        primary_key=True,
        sa_type=CodePointOrdered,
        description="Time of receipt and a random part; whoever knows it can read the status.",
    )
    received_at: datetime = Field(sa_type=UtcDateTime, description="When it was received (UTC).")
    kind: str = Field(description="correction or new-case.")
    about: str | None = Field(
        default=None, description="Slug of the case study or district it is about."
    )
    about_kind: str | None = Field(default=None, description="case-study or district.")
    text: str = Field(description="The suggestion.")
    source_url: str | None = Field(default=None, description="URL of a source for the suggestion.")
    contact: str | None = Field(
        default=None,
        description="How to reach the reader; deleted once the suggestion is handled.",
    )
    version: int = Field(default=1, description="Number of status changes, from 1.")
    status: str = Field(default="received", description="received, taken_up or declined.")
    handled_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When its status last changed (UTC)."
    )
    handled_by: str | None = Field(default=None, description="Who changed it.")
    note: str | None = Field(default=None, description="Reason, for other editors.")


@dataclass(frozen=True, slots=True)
class SuggestionQuery:
    """Which suggestions to list."""

    status: str | None = None
    after: str | None = None
    limit: int = 50


def receive(
    session: Session,
    *,
    kind: str,
    text: str,
    about: str | None = None,
    about_kind: str | None = None,
    source_url: str | None = None,
    contact: str | None = None,
    at: datetime,
) -> SuggestionRow:
    """Add a suggestion to the queue. Raises TooMany while the queue is full."""
    waiting = session.exec(
        select(func.count()).select_from(SuggestionRow).where(SuggestionRow.status == "received")
    ).one()
    if waiting >= MAX_WAITING:
        raise TooMany(
            "The suggestion queue is full until editors handle some of it. Try again later.",
            retry_after=60,
        )
    row = SuggestionRow(
        id=new_id(at),
        received_at=at,
        kind=kind,
        about=about,
        about_kind=about_kind,
        text=text,
        source_url=source_url,
        contact=contact,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, suggestion_id: str) -> SuggestionRow:
    """A suggestion. Raises NotFound."""
    if (row := session.get(SuggestionRow, suggestion_id)) is None:
        raise NotFound("There is no such suggestion. Check its id.")
    return row


def list_(session: Session, query: SuggestionQuery) -> Sequence[SuggestionRow]:
    """The suggestions that match the query, the oldest first."""
    statement = select(SuggestionRow).order_by(SuggestionRow.id).limit(query.limit)
    if query.status is not None:
        statement = statement.where(SuggestionRow.status == query.status)
    if query.after is not None:
        statement = statement.where(SuggestionRow.id > query.after)
    return session.exec(statement).all()


def handle(
    session: Session,
    suggestion_id: str,
    *,
    status: str,
    note: str | None,
    seen_version: int,
    by: str,
    at: datetime,
) -> SuggestionRow:
    """Set the status of a suggestion. Deletes `contact` when it is taken up or declined.

    Raises Stale.
    """
    row = get(session, suggestion_id)
    if row.version != seen_version:
        raise Stale(
            f"This suggestion is at version {row.version}, and your change is based on version "
            f"{seen_version}. Read it again",
            version=row.version,
            current=row.model_dump(mode="json"),
        )
    row.status, row.note, row.handled_by, row.handled_at = status, note, by, at
    row.version += 1
    if status != "received":
        row.contact = None
    session.add(row)
    session.flush()
    return row


def new_id(at: datetime) -> str:
    """A new id: sorts by time of receipt, and cannot be guessed."""
    return f"{int(at.timestamp() * 1000):012x}{secrets.token_hex(RANDOM_BYTES)}"


def kind_about(database: Database, index: Index, about: str) -> str:
    """The kind of the record that a suggestion is about, which was public once. Raises Invalid.

    Asked before anything is written: nobody waits for it.
    """
    with database.reading() as session:
        for kind in SEARCHABLE:
            if entry.find(session, kind, about) is not None:
                return kind
    with index.reading():
        slugs = [
            slug for kind in SEARCHABLE for slug in index.collections[kind].slugs_around(about)
        ]
    raise Invalid(
        [
            Fault(
                "unknown_value",
                f"There is no public case study or district {about!r}. Correct about, or leave it out.",
                pointer="/about",
                nearest=tuple(nearest(about, slugs)),
            )
        ]
    )
