"""The kinds of record: for each its names, shape, rules, references, and the rows that store it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import SQLModel

from app.errors import Fault
from app.records import tables
from app.records.case_study import CaseStudy, Figure, Outcome, case_study_faults, publication_faults
from app.records.claims import claim_faults
from app.records.district import DistrictRecord, district_faults
from app.records.shape import Shape
from app.records.taxonomy import (
    IndicatorRecord,
    Locale,
    OrganizationRecord,
    State,
    StrategyRecord,
    TermRecord,
    name_faults,
    term_faults,
)

Rows = Iterator[tuple[type[SQLModel], dict[str, Any]]]
References = Iterator[tuple[str, str, str]]  # pointer, kind, slug


@dataclass(frozen=True)
class Kind:
    """One kind of record: all its names, its shape, its rules, and the rows it is stored in."""

    name: str  # public spelling, as in `kind=case-study`
    path: str  # last part of its addresses, as in /v1/case-studies
    noun: str
    plural: str
    shape: type[Shape]
    row: type[SQLModel]
    references: Callable[[Any], References]
    rows: Callable[[Any], Rows]
    example: str = ""  # slug of a record in the seed; empty where the desk does not edit the kind
    faults: Callable[[Any], list[Fault]] = lambda _record: []
    publication_faults: Callable[[Any], list[Fault]] = lambda _record: []

    @property
    def with_article(self) -> str:
        """One record in words: a case study, an indicator."""
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"


def _row(
    row: type[SQLModel], record: Shape, **more: object
) -> tuple[type[SQLModel], dict[str, Any]]:
    return row, {
        name: value for name, value in record.model_dump().items() if name in row.model_fields
    } | more


def _case_study_rows(case: CaseStudy) -> Rows:
    yield _row(tables.CaseStudyRow, case)
    parts: tuple[tuple[type[SQLModel], list[Any]], ...] = (
        (tables.SourceRow, case.sources),
        (tables.OutcomeRow, case.outcomes),
        (tables.ScaleFigureRow, case.scale),
        (tables.ContextFigureRow, case.context),
        (tables.FundingRow, case.funding),
        (tables.PartnershipRow, case.partners),
    )
    for row, claims in parts:
        for position, claim in enumerate(claims):
            yield _row(row, claim, case_study=case.slug, position=position)
    for position, slug in enumerate(case.districts):
        yield (
            tables.CaseStudyDistrictRow,
            {"case_study": case.slug, "position": position, "district": slug},
        )
    for position, slug in enumerate(case.strategies):
        yield (
            tables.CaseStudyStrategyRow,
            {"case_study": case.slug, "position": position, "strategy": slug},
        )


def _case_study_references(case: CaseStudy) -> References:
    yield from _record("/state", "state", case.state)
    yield from _term("/status", "initiative-status", case.status)
    yield from _term("/setting", "setting", case.setting)
    yield from _term("/kinship", "kinship", case.kinship)
    for n, slug in enumerate(case.districts):
        yield from _record(f"/districts/{n}", "district", slug)
    for n, slug in enumerate(case.strategies):
        yield from _record(f"/strategies/{n}", "strategy", slug)
    for n, code in enumerate(case.topics):
        yield from _term(f"/topics/{n}", "topic", code)
    for n, code in enumerate(case.models):
        yield from _term(f"/models/{n}", "model", code)
    yield from _claim_references(case)
    for n, source in enumerate(case.sources):
        yield from _term(f"/sources/{n}/kind", "source-kind", source.kind)


def _claim_references(case: CaseStudy) -> References:
    for n, outcome in enumerate(case.outcomes):
        yield from _record(f"/outcomes/{n}/indicator", "indicator", outcome.indicator)
        yield from _term(f"/outcomes/{n}/design", "evidence", outcome.design)
        yield from _term(f"/outcomes/{n}/direction", "direction", outcome.direction)
        yield from _unit_references(f"/outcomes/{n}", outcome)
    for part in ("scale", "context"):
        for n, figure in enumerate(getattr(case, part)):
            yield from _unit_references(f"/{part}/{n}", figure)
    for n, funding in enumerate(case.funding):
        yield from _term(f"/funding/{n}/kind", "funding-kind", funding.kind)
    for n, partner in enumerate(case.partners):
        yield from _term(f"/partners/{n}/type", "partner-type", partner.type)
        yield from _record(f"/partners/{n}/organization", "organization", partner.organization)


def _unit_references(pointer: str, figure: Outcome | Figure) -> References:
    yield from _term(f"{pointer}/unit", "unit", figure.unit)
    yield from _term(f"{pointer}/qualifier", "qualifier", figure.qualifier)


def _district_references(district: DistrictRecord) -> References:
    yield from _record("/state", "state", district.state)
    yield from _record("/locale", "locale", district.locale)


def _state_references(state: State) -> References:
    yield from _term("/region", "region", state.region and state.region.lower())


def _locale_references(locale: Locale) -> References:
    yield from _term("/rurality", "rurality", locale.rurality)


def _strategy_references(strategy: StrategyRecord) -> References:
    yield from _term("/pillar", "pillar", strategy.pillar)


def _organization_references(organization: OrganizationRecord) -> References:
    yield from _term("/type", "partner-type", organization.type)


def _record(pointer: str, kind: str, slug: str | None) -> References:
    if slug is not None:
        yield pointer, kind, slug


def _term(pointer: str, vocabulary: str, code: str | None) -> References:
    if code is not None:
        yield pointer, "term", f"{vocabulary}.{code}"


def _one_row(
    noun: str,
    shape: type[Shape],
    row: type[SQLModel],
    *,
    plural: str = "",
    path: str = "",
    references: Callable[[Any], References] = lambda _record: iter(()),
    example: str = "",
    faults: Callable[[Any], list[Fault]] = lambda _record: [],
) -> Kind:
    """A kind that is stored in one row and named by its noun."""
    plural = plural or f"{noun}s"
    return Kind(
        name=noun,
        path=path or plural,
        noun=noun,
        plural=plural,
        shape=shape,
        row=row,
        references=references,
        rows=lambda record: iter([_row(row, record)]),
        example=example,
        faults=faults,
    )


# In the order in which records may be written: a kind refers only to kinds before it.
KINDS = {
    kind.name: kind
    for kind in (
        _one_row(
            "term",
            TermRecord,
            tables.TermRow,
            example="synonym.homeless",
            faults=term_faults,
        ),
        _one_row("state", State, tables.StateRow, references=_state_references),
        _one_row(
            "locale",
            Locale,
            tables.LocaleRow,
            path="localities",
            references=_locale_references,
        ),
        _one_row(
            "strategy",
            StrategyRecord,
            tables.StrategyRow,
            plural="strategies",
            references=_strategy_references,
            example="food-security",
            faults=name_faults,
        ),
        _one_row(
            "indicator",
            IndicatorRecord,
            tables.IndicatorRow,
            example="attendance",
            faults=name_faults,
        ),
        _one_row(
            "organization",
            OrganizationRecord,
            tables.OrganizationRow,
            references=_organization_references,
            example="attendance-works",
            faults=name_faults,
        ),
        _one_row(
            "district",
            DistrictRecord,
            tables.DistrictRow,
            references=_district_references,
            example="boise-school-district-id",
            faults=district_faults,
        ),
        Kind(
            name="case-study",
            path="case-studies",
            noun="case study",
            plural="case studies",
            shape=CaseStudy,
            row=tables.CaseStudyRow,
            references=_case_study_references,
            rows=_case_study_rows,
            example="boise-id",
            faults=case_study_faults,
            publication_faults=lambda case: [*publication_faults(case), *claim_faults(case)],
        ),
    )
}
SEARCHABLE = ("case-study", "district")
EDITABLE = ("case-study", "district", "strategy", "indicator", "organization", "term")
RENAMABLE = tuple(kind for kind in EDITABLE if kind != "term")  # records hold a term's code
ADDRESSED = (*SEARCHABLE, "organization")  # kinds whose records have a public address each
