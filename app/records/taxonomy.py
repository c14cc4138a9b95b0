"""The controlled vocabularies: strategies, indicators, locales (NCES), states (Census), organizations and the short lists of terms."""

from typing import Annotated

from pydantic import StringConstraints
from sqlmodel import Field

from app.errors import Fault
from app.records.shape import (
    LONG,
    SHORT,
    SLUG_PATTERN,
    HttpUrl,
    NonEmptyText,
    Shape,
    Slug,
    StateCode,
    repeated_faults,
)
from app.records.term_types import PartnerTypeCode, PillarCode

TERM_SLUG_PATTERN = rf"{SLUG_PATTERN[:-1]}\.{SLUG_PATTERN[1:]}"
TermSlug = Annotated[str, StringConstraints(pattern=TERM_SLUG_PATTERN)]
LAST = 1_000_000  # place of a term that states none
SYNONYMS = (
    "synonym"  # the vocabulary of groups of everyday words, which search takes for each other
)


class _Synonyms(Shape):
    """The other words that people use for a term."""

    synonyms: list[NonEmptyText] = Field(
        default_factory=list,
        max_length=50,
        description="Everyday words that mean the same; search knows them.",
    )


class _Aliases(Shape):
    """Other names."""

    aliases: list[NonEmptyText] = Field(
        default_factory=list,
        max_length=50,
        description="Acronyms and former names; search knows them.",
    )


class Strategy(Shape):
    """One thing that community schools do, in its pillar."""

    slug: Slug = Field(primary_key=True, max_length=SHORT, description="Public id.")
    pillar: PillarCode = Field(
        max_length=SHORT,
        description="Code of the pillar it belongs to: a term of the vocabulary `pillar`, after the Coalition for Community Schools.",
    )
    label: str = Field(min_length=1, max_length=SHORT, description="Name to show.")
    definition: str = Field(
        min_length=1, max_length=LONG, description="What it means, in our own words."
    )


class StrategyRecord(_Aliases, _Synonyms, Strategy):
    """A strategy with the other words people use for it."""


class Indicator(Shape):
    """What an outcome measures."""

    slug: Slug = Field(primary_key=True, max_length=SHORT, description="Public id.")
    label: str = Field(min_length=1, max_length=SHORT, description="Name to show.")
    definition: str = Field(
        min_length=1, max_length=LONG, description="What it measures, in our own words."
    )


class IndicatorRecord(_Aliases, _Synonyms, Indicator):
    """An indicator with the other words people use for it."""


class Locale(Shape):
    """One of the 12 locale codes of the NCES locale framework (EDGE)."""

    slug: Annotated[str, StringConstraints(pattern="^[1-4][1-3]$")] = Field(
        primary_key=True, description="NCES locale code, 11 to 43."
    )
    rurality: Annotated[str, StringConstraints(pattern="^(city|suburb|town|rural)$")] = Field(
        description="Type of the locale: city, suburb, town or rural (NCES)."
    )
    label: str = Field(
        min_length=1, max_length=SHORT, description="NCES name of type and size or distance."
    )
    definition: str = Field(
        min_length=1, max_length=LONG, description="What NCES means by the code, in our own words."
    )


class State(Shape):
    """A state, the District of Columbia or a territory."""

    slug: StateCode = Field(primary_key=True, description="USPS code.")
    name: str = Field(min_length=1, max_length=SHORT, description="Name.")
    fips: Annotated[str, StringConstraints(pattern="^[0-9]{2}$")] = Field(
        description="FIPS state code; the first two digits of its districts' LEAIDs."
    )
    kind: NonEmptyText = Field(max_length=SHORT, description="state, district or territory.")
    region: NonEmptyText | None = Field(
        default=None, max_length=SHORT, description="Census region; null for territories."
    )
    division: NonEmptyText | None = Field(
        default=None, max_length=SHORT, description="Census division; null for territories."
    )


class Organization(Shape):
    """A named organization that partners with schools."""

    slug: Slug = Field(primary_key=True, max_length=SHORT, description="Public id.")
    name: str = Field(min_length=1, max_length=SHORT, description="Name.")
    type: PartnerTypeCode = Field(
        max_length=SHORT,
        description="Type of organization: a term of the vocabulary `partner-type`.",
    )
    website: HttpUrl | None = Field(
        default=None, max_length=LONG, description="Its own address on the web."
    )


class OrganizationRecord(_Aliases, Organization):
    """An organization with its other names."""


class Term(Shape):
    """One entry of a short list: pillars, topics, units, study designs, groups of synonyms and the like."""

    slug: TermSlug = Field(
        primary_key=True,
        max_length=SHORT,
        description="Vocabulary and code joined by a dot: topic.dental-care.",
    )
    vocabulary: Slug = Field(max_length=SHORT, description="The list it belongs to.")
    code: Slug = Field(max_length=SHORT, description="What records hold.")
    label: str = Field(min_length=1, max_length=SHORT, description="Name to show.")
    definition: str = Field(
        min_length=1, max_length=LONG, description="What it means, in our own words."
    )
    rank: int = Field(
        default=LAST,
        ge=0,
        le=LAST,
        description="Place in the list, 0 first; for study designs 0 is the strongest. Left out, the term stands last.",
    )


class TermRecord(_Synonyms, Term):
    """A term with the other words people use for it."""


def name_faults(record: IndicatorRecord | OrganizationRecord | StrategyRecord) -> list[Fault]:
    """Aliases and synonyms that are listed twice."""
    faults = repeated_faults(record.aliases, "/aliases")
    return faults + repeated_faults(getattr(record, "synonyms", []), "/synonyms")


def term_faults(term: TermRecord) -> list[Fault]:
    """A slug that is not vocabulary and code; synonyms listed twice; a group of one."""
    faults = repeated_faults(term.synonyms, "/synonyms")
    slug = f"{term.vocabulary}.{term.code}"
    if term.slug != slug:
        detail = f"slug must be the vocabulary and the code joined by a dot: {slug}."
        faults.append(Fault("slug_differs", detail, pointer="/slug"))
    if term.vocabulary == SYNONYMS and not term.synonyms:
        detail = "A group needs at least two words. Add another to synonyms."
        faults.append(Fault("missing", detail, pointer="/synonyms"))
    return faults
