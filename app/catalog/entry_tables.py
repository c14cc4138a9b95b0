"""The tables of the catalog: what is public of each record, and what was public before."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.database import CodePointOrdered, UtcDateTime

STATES = ("state IN ('public', 'gone', 'moved')", "state_known")
CARD = ("(state = 'public') = (card IS NOT NULL)", "public_has_card")
DOCUMENT = ("(state = 'public') = (document IS NOT NULL)", "public_has_document")


class _EntryColumns(SQLModel):
    """One record as the public sees it, or as withdrawn or moved."""

    kind: str = Field(primary_key=True, description="Kind of record.")
    slug: str = Field(
        primary_key=True, sa_type=CodePointOrdered, description="Public id within the kind."
    )
    seq: int = Field(sa_type=BigInteger, description="Revision that last changed this entry.")
    state: str = Field(description="public; gone (withdrawn); moved (to another slug).")
    moved_to: str | None = Field(default=None, description="The slug it is under now.")
    reason: str | None = Field(default=None, description="Why it was withdrawn.")
    updated_at: datetime = Field(sa_type=UtcDateTime, description="When it last changed (UTC).")
    card: str | None = Field(default=None, description="The card, JSON as it is sent.")
    document: str | None = Field(default=None, description="The full document, JSON as it is sent.")
    search_data: str | None = Field(
        default=None,
        description="Text, facet values, figures and places that search works on, JSON.",
    )


class EntryRow(_EntryColumns, table=True):
    """What is public of a record now."""

    __tablename__ = "entry"
    __table_args__ = (
        *(CheckConstraint(rule, name=name) for rule, name in (STATES, CARD, DOCUMENT)),
        Index(None, "seq"),
    )


class FormerEntryRow(_EntryColumns, table=True):
    """What was public of a record from the revision `seq` until before the revision `until_seq`."""

    __tablename__ = "former_entry"
    __table_args__ = (
        *(CheckConstraint(rule, name=name) for rule, name in (STATES, CARD, DOCUMENT)),
        CheckConstraint("seq < until_seq", name="in_order"),
        Index(None, "seq"),
        Index(None, "until_seq"),
    )

    until_seq: int = Field(
        primary_key=True,
        sa_type=BigInteger,
        sa_column_kwargs={"autoincrement": False},
        description="First revision at which this was no longer public.",
    )


class HistoryStartRow(SQLModel, table=True):
    """The revision from which on former entries were kept: the newest when the table was made."""

    __tablename__ = "history_start"
    __table_args__ = (CheckConstraint("seq >= 0", name="seq_not_negative"),)

    seq: int = Field(
        primary_key=True,
        sa_type=BigInteger,
        sa_column_kwargs={"autoincrement": False},
        description="The revision; 0 if everything was kept.",
    )


class EntryReferenceRow(SQLModel, table=True):
    """What an entry was made from besides its own record: when that changes, the entry is prepared again."""

    __tablename__ = "entry_reference"
    __table_args__ = (Index(None, "referred_kind", "referred_slug"),)

    kind: str = Field(primary_key=True, description="Kind of the entry.")
    slug: str = Field(primary_key=True, description="Slug of the entry.")
    referred_kind: str = Field(primary_key=True, description="Kind of what it refers to.")
    referred_slug: str = Field(primary_key=True, description="Slug of what it refers to.")
