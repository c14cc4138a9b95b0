"""Every table of this room: the shapes' fields with their keys, constraints and foreign keys.

Reads use the document of the newest revision. The rows add what only a database can guarantee:
uniqueness, foreign keys, ranges, and lists for editors.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    UniqueConstraint,
    false,
)
from sqlmodel import Field, SQLModel

from app.database import CodePointOrdered, UtcDateTime
from app.records.case_study import (
    LEAST_PERCENT,
    MOST_PERCENT,
    CaseStudyFields,
    Figure,
    Funding,
    Outcome,
    Partnership,
    Source,
)
from app.records.district import District
from app.records.shape import FIRST_YEAR, LAST_YEAR
from app.records.taxonomy import Indicator, Locale, Organization, State, Strategy, Term

STATUSES = ("draft", "in_review", "published", "withdrawn")
STATUSES_IN_LOG = (*STATUSES, "discarded")

metadata: MetaData = SQLModel.metadata


def _one_of(column: str, values: Sequence[str], name: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=name)


def _year(column: str) -> CheckConstraint:
    return CheckConstraint(
        f"{column} BETWEEN {FIRST_YEAR} AND {LAST_YEAR}", name=f"{column}_in_range"
    )


def _digits(column: str, length: int, name: str) -> CheckConstraint:
    bare = column
    for digit in "0123456789":
        bare = f"replace({bare}, '{digit}', '')"
    return CheckConstraint(f"length({column}) = {length} AND {bare} = ''", name=name)


class _Row(SQLModel):
    """A table of this room. Its rows are written from validated shapes."""


class RecordRow(_Row, table=True):
    """The state of each record, of any kind: newest version, status, public version."""

    __tablename__ = "record"
    __table_args__ = (
        _one_of("status", STATUSES, "status_known"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint(
            "published_version IS NULL OR published_version BETWEEN 1 AND version",
            name="published_version_exists",
        ),
        Index(None, "kind", "status"),
        Index(None, "kind", "updated_at"),
    )

    kind: str = Field(primary_key=True, description="Kind of record, such as case_study.")
    slug: str = Field(
        primary_key=True, sa_type=CodePointOrdered, description="Public id within the kind."
    )
    version: int = Field(description="Newest version, counted from 1.")
    status: str = Field(
        description="draft, in_review, published or withdrawn: the state of the newest version."
    )
    published_version: int | None = Field(
        default=None, description="The version that is public; null when none is."
    )
    updated_at: datetime = Field(
        sa_type=UtcDateTime, description="When the newest version was written (UTC)."
    )
    updated_by: str = Field(description="Who last changed its content.")
    from_seed: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="Whether the seed wrote its content, so that the seed may write it anew.",
    )
    reviewed_by: str | None = Field(
        default=None, description="Who last returned or published it; null before the first review."
    )
    returned_note: str | None = Field(
        default=None,
        description="Why the last review returned it; null once it is published or withdrawn.",
    )
    returned_by: str | None = Field(default=None, description="Who returned it.")
    returned_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it was returned (UTC)."
    )


class RevisionRow(_Row, table=True):
    """One change, never altered: history, audit trail, undo, change feed and the basis of snapshots."""

    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("kind", "slug", "version"),
        Index(None, "kind", "previous_slug"),
        Index(None, "actor"),
        Index(None, "at"),
        CheckConstraint("seq >= 1", name="seq_positive"),
        _one_of("status", STATUSES_IN_LOG, "status_known"),
        CheckConstraint(
            "published_version IS NULL OR published_version BETWEEN 1 AND version",
            name="published_version_exists",
        ),
    )

    seq: int = Field(
        primary_key=True,
        sa_type=BigInteger,
        sa_column_kwargs={"autoincrement": False},
        description="Number of the change in the whole directory, without gaps.",
    )
    at: datetime = Field(sa_type=UtcDateTime, description="When (UTC).")
    actor: str = Field(description="Who: the label of a key, or the program.")
    action: str = Field(description="What was done, such as create or publish.")
    kind: str = Field(description="Kind of the record.")
    slug: str = Field(description="The record, by the slug it has after the change.")
    version: int = Field(description="Version of the record that the change made.")
    document: str = Field(description="The whole record after the change, as JSON.")
    previous_slug: str | None = Field(
        default=None, description="The slug it had before, if the change gave it another."
    )
    status: str = Field(description="State of the record after the change.")
    published_version: int | None = Field(
        default=None, description="The version that was public after the change; null for none."
    )
    note: str | None = Field(default=None, description="Why, in the actor's words.")
    planned_by: str | None = Field(
        default=None, description="Who planned the import that wrote it; null for other changes."
    )


class LocaleRow(Locale, table=True):
    """The 12 NCES locale codes."""

    __tablename__ = "locale"
    __table_args__ = (
        _digits("slug", 2, "slug_two_digits"),
        _one_of("rurality", ("city", "suburb", "town", "rural"), "rurality_known"),
    )


class StateRow(State, table=True):
    """States, DC and territories."""

    __tablename__ = "state"
    __table_args__ = (
        CheckConstraint("length(slug) = 2", name="slug_two_letters"),
        _digits("fips", 2, "fips_two_digits"),
        UniqueConstraint("fips"),
    )


class StrategyRow(Strategy, table=True):
    """Strategies."""

    __tablename__ = "strategy"


class IndicatorRow(Indicator, table=True):
    """Indicators."""

    __tablename__ = "indicator"


class TermRow(Term, table=True):
    """The short lists."""

    __tablename__ = "term"
    __table_args__ = (UniqueConstraint("vocabulary", "code"),)


class OrganizationRow(Organization, table=True):
    """Organizations."""

    __tablename__ = "organization"


class DistrictRow(District, table=True):
    """Districts."""

    __tablename__ = "district"
    __table_args__ = (
        _digits("nces_leaid", 7, "nces_leaid_seven_digits"),
        CheckConstraint("enrollment >= 0", name="enrollment_not_negative"),
        CheckConstraint("schools >= 0", name="schools_not_negative"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_in_range"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_in_range"),
        _year("locale_year"),
        _year("enrollment_year"),
        _year("schools_year"),
        _one_of("place_basis", ("office", "city"), "place_basis_known"),
    )


class CaseStudyRow(CaseStudyFields, table=True):
    """Case studies, their flat part."""

    __tablename__ = "case_study"
    __table_args__ = (
        _year("started_year"),
        _year("ended_year"),
        _year("status_year"),
        CheckConstraint("ended_year >= started_year", name="ended_after_started"),
        CheckConstraint("length(summary) <= 600", name="summary_length"),
    )


class _Part(SQLModel):
    """A row that is part of a case study, in the order that the record gives."""

    case_study: str = Field(
        primary_key=True,
        foreign_key="case_study.slug",
        ondelete="CASCADE",
        description="The case study.",
    )
    position: int = Field(primary_key=True, description="Place in the record's list, 0 first.")


def _rests_on_source(*checks: CheckConstraint) -> tuple[Any, ...]:
    """Table arguments: the source of a claim is one of its own case study's sources."""
    return (
        *checks,
        ForeignKeyConstraint(["case_study", "source"], ["source.case_study", "source.id"]),
    )


class SourceRow(Source, table=True):
    """Sources."""

    __tablename__ = "source"
    __table_args__ = (_year("year"), UniqueConstraint("case_study", "position"))

    case_study: str = Field(
        primary_key=True,
        foreign_key="case_study.slug",
        ondelete="CASCADE",
        description="The case study.",
    )
    id: str = Field(primary_key=True, description="Id within the record.")
    position: int = Field(description="Place in the record's list, 0 first.")


class OutcomeRow(Outcome, _Part, table=True):
    """Outcomes."""

    __tablename__ = "outcome"
    __table_args__ = _rests_on_source(
        CheckConstraint(
            f"unit IS NULL OR unit <> 'percent' OR value BETWEEN {LEAST_PERCENT} AND {MOST_PERCENT}",
            name="percent_in_range",
        )
    )


class ScaleFigureRow(Figure, _Part, table=True):
    """How large an effort is."""

    __tablename__ = "scale_figure"
    __table_args__ = _rests_on_source(_year("year"))


class ContextFigureRow(Figure, _Part, table=True):
    """Facts about the community that an effort serves."""

    __tablename__ = "context_figure"
    __table_args__ = _rests_on_source(_year("year"))


class FundingRow(Funding, _Part, table=True):
    """Funding."""

    __tablename__ = "funding"
    __table_args__ = _rests_on_source(
        _year("year"), CheckConstraint("amount_usd >= 0", name="amount_usd_not_negative")
    )


class PartnershipRow(Partnership, _Part, table=True):
    """Partners."""

    __tablename__ = "partnership"
    __table_args__ = _rests_on_source()


class CaseStudyDistrictRow(_Part, table=True):
    """Which districts a case study happened in."""

    __tablename__ = "case_study_district"
    __table_args__ = (UniqueConstraint("case_study", "district"), Index(None, "district"))

    district: str = Field(foreign_key="district.slug", description="The district.")


class CaseStudyStrategyRow(_Part, table=True):
    """Which strategies a case study used."""

    __tablename__ = "case_study_strategy"
    __table_args__ = (UniqueConstraint("case_study", "strategy"), Index(None, "strategy"))

    strategy: str = Field(foreign_key="strategy.slug", description="The strategy.")
