"""The public shapes: the card a list shows, and the full document, of a case study and of a district; vocabulary terms.

Response fields have no defaults: what is named here is always there.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.records.case_study import Figure, Funding, Outcome, Source
from app.records.term_types import (
    DirectionCode,
    EvidenceCode,
    IndicatorCode,
    InitiativeStatusCode,
    KinshipCode,
    LocaleCode,
    ModelCode,
    PartnerTypeCode,
    PillarCode,
    QualifierCode,
    RegionCode,
    RuralityCode,
    SettingCode,
    StateCode,
    StrategyCode,
    TopicCode,
    UnitCode,
)


class Public(BaseModel):
    """Something that the public reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StateLabel(Public):
    """A state with its Census region."""

    value: StateCode = Field(description="USPS code.")
    label: str = Field(description="Name.")
    region: RegionCode | None = Field(
        description="Code of the Census region, as the filter `region` takes it; null for territories."
    )
    division: str | None = Field(description="Census division; null for territories.")


class StrategyLabel(Public):
    """A strategy in its pillar."""

    value: StrategyCode = Field(description="Slug of the strategy.")
    label: str = Field(description="Name to show.")
    pillar: PillarCode = Field(description="Slug of its pillar.")


class Place(Public):
    """A position on the map."""

    latitude: float = Field(description="Degrees north (WGS 84).")
    longitude: float = Field(description="Degrees east (WGS 84).")
    basis: str = Field(
        description="What the position is of: office (the district's office) or city (the center of its city)."
    )
    source: str = Field(description="Source of the position.")


class DistrictFigure(Public):
    """A federal figure with its year and source."""

    value: int = Field(description="The figure.")
    year: int = Field(description="Year in which the school year begins (2023 means 2023-24).")
    source: str = Field(description="Federal file that it comes from.")


class DistrictLocale(Public):
    """A district's NCES locale with its year and source."""

    value: LocaleCode = Field(description="NCES locale code, 11 to 43.")
    label: str = Field(description="NCES name of the code.")
    rurality: RuralityCode = Field(description="Type of the locale: city, suburb, town or rural.")
    year: int = Field(description="Year in which the school year begins (2022 means 2022-23).")
    source: str = Field(description="Federal file that it comes from.")


class CaseDistrict(Public):
    """A district as its case studies show it."""

    slug: str = Field(description="Public id.")
    nces_leaid: str | None = Field(
        description="NCES local education agency id, 7 digits; null for those without."
    )
    name: str = Field(description="Name in everyday use.")
    state: StateCode = Field(description="USPS code of its state.")
    city: str | None = Field(description="City of its office.")
    county: str | None = Field(description="County.")
    locale: DistrictLocale | None = Field(description="NCES locale; null where not known.")
    enrollment: DistrictFigure | None = Field(description="Students; null where not known.")
    place: Place | None = Field(description="Position; null where not known.")


class ModelLabel(Public):
    """A named model."""

    value: ModelCode = Field(description="Code of the model.")
    label: str = Field(description="Name to show.")


class TopicLabel(Public):
    """A topic."""

    value: TopicCode = Field(description="Code of the topic.")
    label: str = Field(description="Name to show.")


class OutcomeLine(Public):
    """The outcome of one indicator that has the strongest evidence."""

    indicator: IndicatorCode = Field(description="What was measured: slug of the indicator.")
    label: str = Field(description="Name of the indicator.")
    value: float | None = Field(
        description="The figure, in `unit`; null where the source gives none."
    )
    qualifier: QualifierCode | None = Field(
        description="How exact the value is: about, more-than, at-least, nearly, up-to or less-than; "
        "null where it is stated plainly."
    )
    unit: UnitCode | None = Field(description="Unit of the value: a term of the vocabulary `unit`.")
    direction: DirectionCode = Field(
        description="Whether the indicator got better or worse, as the source says."
    )
    evidence: EvidenceCode = Field(description="Study design, as editors read it from the source.")
    more: int = Field(
        description="Number of further outcomes for this indicator in the case study."
    )


class DocumentedOutcome(Outcome):
    """An outcome with the name of its indicator."""

    direction: DirectionCode = Field(
        description="Whether the indicator got better or worse, as the source says: a term of the "
        "vocabulary `direction`."
    )
    label: str = Field(description="Name of the indicator.")


class CaseStudySummary(Public):
    """What the card and the document of a case study share."""

    slug: str = Field(description="Public id.")
    title: str = Field(description="Title.")
    initiative: str | None = Field(description="Name of the initiative.")
    summary: str = Field(description="What was done, and the results.")
    states: list[StateLabel] = Field(description="States of the effort.")
    districts: list[CaseDistrict] = Field(description="Districts of the effort.")
    rurality: list[RuralityCode] = Field(
        description="Types of place; several if its districts differ, empty if not stated."
    )
    rurality_basis: Literal["nces", "source"] | None = Field(
        description="nces: from its districts' locales; source: from the setting that a source states; null: not stated."
    )
    setting: SettingCode | None = Field(
        description="Setting, as a source describes it; null if not stated."
    )
    models: list[ModelLabel] = Field(
        description="Named models that it follows, according to its sources."
    )
    strategies: list[StrategyLabel] = Field(description="Strategies it used.")
    topics: list[TopicLabel] = Field(description="Topics, more specific than strategies.")
    evidence: EvidenceCode | None = Field(
        description="Strongest study design among its outcomes; null where it states none. A label, never a score."
    )
    started_year: int | None = Field(description="Start year; null if not stated.")
    ended_year: int | None = Field(description="End year; null if not stated.")
    status: InitiativeStatusCode | None = Field(
        description="Whether the effort still runs; null if not stated."
    )
    version: int = Field(description="Version of the record that is shown.")
    updated_at: datetime = Field(description="When this version was published (UTC).")
    url: str = Field(description="Path of the full document.")


class CaseStudyCard(CaseStudySummary):
    """A case study as a list shows it."""

    outcomes: list[OutcomeLine] = Field(
        description="One line for each indicator, its outcome with the strongest evidence; the "
        "strongest first."
    )


class Paragraph(Public):
    """A paragraph with the sources cited."""

    text: str = Field(description="The paragraph, Markdown, without source marks.")
    sources: list[str] = Field(description="Ids of the sources cited.")


class Partner(Public):
    """An organization's part in the effort."""

    name: str = Field(description="The partner as the source names it.")
    organization: str | None = Field(
        description="Slug of the organization; null for unnamed groups."
    )
    type: PartnerTypeCode = Field(description="Type of partner.")
    role: str | None = Field(description="Role in the effort.")
    source: str = Field(description="Id of the source.")


class CitedSource(Source):
    """A cited publication, with the last time a link check found it."""

    last_alive_at: datetime | None = Field(
        description="When a link check last found the publication at its URL (UTC); null if none has. Link checks do not change the version of the record."
    )


class Claim(Public):
    """One fact with its source."""

    value: int | str = Field(description="The fact.")
    as_of_year: int | None = Field(description="Year as of which it held, where stated.")
    source: str | None = Field(description="Id of the source.")


class CaseStudyDocument(CaseStudySummary):
    """A complete case study, each claim with its source."""

    aliases: list[str] = Field(description="Acronyms and former names of the initiative.")
    asked_as: list[str] = Field(
        description="Everyday phrases by which people look for such a case; search knows them."
    )
    kinship: KinshipCode | None = Field(
        description="Whether its sources call it a community school or something similar."
    )
    challenge: list[Paragraph] = Field(description="What the community faced.")
    approach: list[Paragraph] = Field(description="What was done.")
    results: list[Paragraph] = Field(description="Results.")
    lessons: list[Paragraph] = Field(description="Lessons reported by the people involved.")
    outcomes: list[DocumentedOutcome] = Field(
        description="Every outcome, each with its study design, direction and source."
    )
    scale: list[Figure] = Field(description="How large the effort is, and when.")
    context: list[Figure] = Field(description="Facts about the community it serves.")
    funding: list[Funding] = Field(description="Sources of money.")
    partners: list[Partner] = Field(description="Partner organizations.")
    sources: list[CitedSource] = Field(description="Sources cited.")
    facts: dict[str, Claim] = Field(
        description="started_year, ended_year, status and setting with their sources, where stated."
    )


class DistrictCaseStudy(Public):
    """A case study as its districts show it."""

    slug: str = Field(description="Public id.")
    title: str = Field(description="Title.")
    evidence: EvidenceCode | None = Field(description="Strongest study design among its outcomes.")
    url: str = Field(description="Path of the full document.")


class DistrictCard(CaseDistrict):
    """A district as a list shows it."""

    rurality: list[RuralityCode] = Field(
        description="The type of its locale; without a locale, the settings that sources of its case studies "
        "state; empty if not stated."
    )
    rurality_basis: Literal["nces", "source"] | None = Field(
        description="nces: from its locale; source: from its case studies' sources; null: not stated."
    )
    region: RegionCode | None = Field(
        description="Code of the Census region, as the filter `region` takes it; null for territories."
    )
    strategies: list[StrategyCode] = Field(
        description="Slugs of the strategies that its case studies used."
    )
    outcomes: list[IndicatorCode] = Field(
        description="Slugs of the indicators that its case studies report on."
    )
    case_studies: list[DistrictCaseStudy] = Field(description="Its published case studies.")
    version: int = Field(description="Version of the record that is shown.")
    updated_at: datetime = Field(
        description="When the record or one of its case studies was last published (UTC)."
    )
    url: str = Field(description="Path of the full document.")


class DistrictDocument(DistrictCard):
    """A complete district, each federal figure with its year and source."""

    aliases: list[str] = Field(description="Acronyms, former, federal and everyday names.")
    schools: DistrictFigure | None = Field(description="Operating schools; null where not known.")
    website: str | None = Field(description="The district's website.")
