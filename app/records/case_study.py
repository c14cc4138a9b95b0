"""CaseStudy and its parts, each claim with its source; the rules between them."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import StringConstraints
from sqlmodel import Field

from app.errors import Fault
from app.records.prose import PROSE_FIELDS, prose_faults
from app.records.shape import (
    FIRST_YEAR,
    LAST_YEAR,
    LONG,
    PROSE,
    SHORT,
    HttpUrl,
    NonEmptyText,
    Shape,
    Slug,
    repeated_faults,
)
from app.records.term_types import (
    DirectionCode,
    EvidenceCode,
    FundingKindCode,
    IndicatorCode,
    InitiativeStatusCode,
    KinshipCode,
    ModelCode,
    PartnerTypeCode,
    QualifierCode,
    SettingCode,
    SourceKindCode,
    StateCode,
    StrategyCode,
    TopicCode,
    UnitCode,
)

# A change may exceed 100 percent (participation that tripled); nothing falls by more than all of itself.
LEAST_PERCENT, MOST_PERCENT = -100, 1000
_PERCENT = f"In percent: from {LEAST_PERCENT} to {MOST_PERCENT}."
MOST_PHRASES = 8
_SOURCE = "Id of the source, among this record's sources, that says so."


class Source(Shape):
    """A cited publication."""

    id: Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9]{0,9}$")] = Field(
        description="Id within the record; claims and source marks ([^s1]) name it."
    )
    title: str = Field(min_length=1, max_length=LONG, description="Title as published.")
    publisher: str = Field(min_length=1, max_length=SHORT, description="Who published it.")
    year: int | None = Field(
        default=None,
        ge=FIRST_YEAR,
        le=LAST_YEAR,
        description="Year of publication, where the source states one.",
    )
    url: HttpUrl = Field(max_length=2000, description="URL of the publication.")
    kind: SourceKindCode = Field(
        max_length=SHORT, description="Type of publication: a term of the vocabulary `source-kind`."
    )


_QUALIFIER = (
    "How exact the value is, as the source says it (about, more than, ...): a term of the vocabulary "
    "`qualifier`; null where it is stated plainly."
)


class Outcome(Shape):
    """One finding of a study: what was measured, what was found, and by which study design."""

    indicator: IndicatorCode = Field(
        foreign_key="indicator.slug",
        max_length=SHORT,
        description="What was measured: slug of an indicator.",
    )
    finding: str = Field(
        min_length=1, max_length=LONG, description="What was found, in our own words."
    )
    value: float | None = Field(
        default=None,
        description="The figure, in `unit`; null where the source gives none. " + _PERCENT,
    )
    qualifier: QualifierCode | None = Field(default=None, max_length=SHORT, description=_QUALIFIER)
    unit: UnitCode | None = Field(
        default=None,
        max_length=SHORT,
        description="Unit of `value` and `baseline_value`: a term of the vocabulary `unit`.",
    )
    baseline: str | None = Field(
        default=None, max_length=LONG, description="What it was before, with its year."
    )
    baseline_value: float | None = Field(
        default=None,
        description="The earlier figure, in `unit` and of the same population; null where the source "
        "gives none. " + _PERCENT,
    )
    comparison: str | None = Field(
        default=None, max_length=LONG, description="What it is compared with."
    )
    population: str | None = Field(
        default=None, max_length=LONG, description="Whom the finding is about."
    )
    period: str | None = Field(
        default=None, max_length=SHORT, description="When, as the source states it."
    )
    design: EvidenceCode = Field(
        max_length=SHORT,
        description="Study design, as editors read it from the source: a term of the vocabulary "
        "`evidence`. The first three follow the ESSA tiers. A label on evidence, never a score.",
    )
    direction: DirectionCode = Field(
        default="not-stated",
        max_length=SHORT,
        description="Whether the indicator got better or worse, as the source says: a term of the "
        "vocabulary `direction`.",
    )
    source: NonEmptyText = Field(max_length=10, description=_SOURCE)


class Figure(Shape):
    """A counted or measured fact with its unit, year and source."""

    measure: str = Field(
        min_length=1, max_length=LONG, description="What was counted or measured, and of whom."
    )
    value: float = Field(description="The figure, in `unit`. " + _PERCENT)
    qualifier: QualifierCode | None = Field(default=None, max_length=SHORT, description=_QUALIFIER)
    unit: UnitCode = Field(
        max_length=SHORT, description="Unit of the value: a term of the vocabulary `unit`."
    )
    year: int | None = Field(
        default=None,
        ge=FIRST_YEAR,
        le=LAST_YEAR,
        description="Year of the figure, where the source states it.",
    )
    source: NonEmptyText = Field(max_length=10, description=_SOURCE)


class Funding(Shape):
    """Money, or its worth in kind, behind the effort."""

    name: str = Field(min_length=1, max_length=LONG, description="Name of the grant, levy or fund.")
    kind: FundingKindCode = Field(
        max_length=SHORT,
        description="Type of funder: a term of the vocabulary `funding-kind`.",
    )
    amount_usd: float | None = Field(
        default=None, ge=0, description="US dollars as stated, not adjusted for inflation."
    )
    year: int | None = Field(
        default=None, ge=FIRST_YEAR, le=LAST_YEAR, description="Year of the money, where stated."
    )
    source: NonEmptyText = Field(max_length=10, description=_SOURCE)


class Partnership(Shape):
    """An organization's part in the effort."""

    name: str = Field(
        min_length=1, max_length=SHORT, description="The partner as the source names it."
    )
    organization: NonEmptyText | None = Field(
        default=None,
        foreign_key="organization.slug",
        description="Slug of the organization; null for unnamed groups such as local churches.",
    )
    type: PartnerTypeCode = Field(
        max_length=SHORT, description="Type of partner: a term of the vocabulary `partner-type`."
    )
    role: str | None = Field(default=None, max_length=LONG, description="Role in the effort.")
    source: NonEmptyText = Field(max_length=10, description=_SOURCE)


def _prose(what: str) -> Any:
    return Field(
        default=None,
        max_length=PROSE,
        description=f"{what} Markdown; each paragraph ends with its source marks.",
    )


class CaseStudyFields(Shape):
    """The flat part of a case study."""

    slug: Slug = Field(primary_key=True, max_length=SHORT, description="Public id.")
    title: str = Field(min_length=1, max_length=SHORT, description="Title.")
    initiative: str | None = Field(
        default=None, max_length=SHORT, description="Name of the initiative."
    )
    state: StateCode | None = Field(
        default=None,
        foreign_key="state.slug",
        description="USPS code of the state it is documented in.",
    )
    summary: str | None = Field(
        default=None, max_length=LONG, description="What was done and what came of it; plain text."
    )
    challenge: str | None = _prose("What the community faced.")
    approach: str | None = _prose("What was done.")
    results: str | None = _prose("What came of it.")
    lessons: str | None = _prose("What its people say they learned.")
    started_year: int | None = Field(
        default=None, ge=FIRST_YEAR, le=LAST_YEAR, description="Start year."
    )
    started_year_source: NonEmptyText | None = Field(
        default=None, max_length=10, description=_SOURCE
    )
    ended_year: int | None = Field(
        default=None, ge=FIRST_YEAR, le=LAST_YEAR, description="End year."
    )
    ended_year_source: NonEmptyText | None = Field(default=None, max_length=10, description=_SOURCE)
    status: InitiativeStatusCode | None = Field(
        default=None,
        max_length=SHORT,
        description="Whether the initiative still runs: a term of the vocabulary `initiative-status`.",
    )
    status_year: int | None = Field(
        default=None, ge=FIRST_YEAR, le=LAST_YEAR, description="Year as of which the status held."
    )
    status_source: NonEmptyText | None = Field(default=None, max_length=10, description=_SOURCE)
    setting: SettingCode | None = Field(
        default=None,
        max_length=SHORT,
        description="Setting, as a source describes it: a term of the vocabulary `setting`.",
    )
    setting_source: NonEmptyText | None = Field(default=None, max_length=10, description=_SOURCE)
    kinship: KinshipCode | None = Field(
        default=None,
        max_length=SHORT,
        description="Whether its sources call it a community school or something similar: a term of the vocabulary `kinship`.",
    )


class CaseStudy(CaseStudyFields):
    """A complete case study."""

    aliases: list[NonEmptyText] = Field(
        default_factory=list,
        max_length=50,
        description="Acronyms and former names of the initiative; search knows them.",
    )
    asked_as: list[NonEmptyText] = Field(
        default_factory=list,
        max_length=MOST_PHRASES,
        description="Everyday phrases by which people look for such a case; search knows them.",
    )
    districts: list[NonEmptyText] = Field(
        default_factory=list, max_length=200, description="Slugs of the districts it took place in."
    )
    strategies: list[StrategyCode] = Field(
        default_factory=list, max_length=50, description="Slugs of the strategies it used."
    )
    topics: list[TopicCode] = Field(
        default_factory=list,
        max_length=50,
        description="Topics, more specific than strategies: terms of the vocabulary `topic`.",
    )
    models: list[ModelCode] = Field(
        default_factory=list,
        max_length=10,
        description="Named models that it follows, according to its sources: terms of the vocabulary `model`.",
    )
    outcomes: list[Outcome] = Field(
        default_factory=list, max_length=200, description="What was found."
    )
    scale: list[Figure] = Field(
        default_factory=list,
        max_length=200,
        description="How large the effort is: schools, students, staff, sites, partners.",
    )
    context: list[Figure] = Field(
        default_factory=list,
        max_length=200,
        description="Facts about the community it serves: size, poverty, homelessness, languages.",
    )
    funding: list[Funding] = Field(
        default_factory=list, max_length=200, description="Sources of money."
    )
    partners: list[Partnership] = Field(
        default_factory=list, max_length=200, description="Partner organizations."
    )
    sources: list[Source] = Field(
        default_factory=list, max_length=100, description="Sources cited."
    )


def case_study_faults(case: CaseStudy) -> list[Fault]:
    """Rules between the parts: ids are unique, every claim's source exists, years are in order."""
    faults: list[Fault] = []
    for name in ("districts", "strategies", "topics", "models", "aliases"):
        faults += repeated_faults(getattr(case, name), f"/{name}")
    faults += repeated_faults(case.asked_as, "/asked_as", key=str.lower)
    faults += repeated_faults([source.id for source in case.sources], "/sources")
    known = {source.id for source in case.sources}
    for pointer, source in claimed_sources(case):
        if source not in known:
            faults.append(
                Fault(
                    "unknown_source",
                    f"{source!r} is not the id of a source of this record. Add the source or correct the id.",
                    pointer=pointer,
                    allowed=tuple(sorted(known)),
                )
            )
    for name in ("started_year", "ended_year", "status", "setting"):
        if getattr(case, name) is not None and getattr(case, f"{name}_source") is None:
            faults.append(
                Fault(
                    "required_with",
                    f"{name} needs a source. Add {name}_source.",
                    pointer=f"/{name}_source",
                )
            )
    faults += _percent_faults(case)
    for position, outcome in enumerate(case.outcomes):
        for name in ("value", "baseline_value"):
            if getattr(outcome, name) is not None and outcome.unit is None:
                pointer = f"/outcomes/{position}/unit"
                faults.append(
                    Fault("required_with", f"{name} needs a unit. Add unit.", pointer=pointer)
                )
    if case.started_year and case.ended_year and case.ended_year < case.started_year:
        faults.append(
            Fault(
                "out_of_order",
                "ended_year is before started_year. Correct one of them.",
                pointer="/ended_year",
            )
        )
    return faults


def _percent_faults(case: CaseStudy) -> Iterator[Fault]:
    for part in ("outcomes", "scale", "context"):
        for position, figure in enumerate(getattr(case, part)):
            if figure.unit != "percent":
                continue
            for name in ("value", "baseline_value"):
                value = getattr(figure, name, None)
                if value is not None and not LEAST_PERCENT <= value <= MOST_PERCENT:
                    detail = (
                        f"A percentage must be from {LEAST_PERCENT} to {MOST_PERCENT}, not {value:g}. "
                        "Correct the figure or its unit."
                    )
                    pointer = f"/{part}/{position}/{name}"
                    yield Fault("out_of_range", detail, pointer=pointer)


def publication_faults(case: CaseStudy) -> list[Fault]:
    """What publishing requires of a case study beyond a draft: its parts, and the rules of its prose."""
    needed = ("state", "summary", "approach", "strategies", "sources")
    faults = [
        Fault("needed_to_publish", f"{name} is required to publish. Add it.", pointer=f"/{name}")
        for name in needed
        if not getattr(case, name)
    ]
    used = {source for _, source in claimed_sources(case)}
    return faults + prose_faults(
        {name: getattr(case, name) for name in ("summary", *PROSE_FIELDS)}, _structured(case), used
    )


def claimed_sources(case: CaseStudy) -> Iterator[tuple[str, str]]:
    """Every (pointer, source id) at which a structured claim names its source."""
    for name in ("started_year", "ended_year", "status", "setting"):
        if (source := getattr(case, f"{name}_source")) is not None:
            yield f"/{name}_source", source
    for part in ("outcomes", "scale", "context", "funding", "partners"):
        for position, claim in enumerate(getattr(case, part)):
            if claim.source is not None:  # in what is left of an unreadable record
                yield f"/{part}/{position}/source", claim.source


def _structured(case: CaseStudy) -> dict[str, object]:
    return case.model_dump(exclude={"summary", *PROSE_FIELDS})
