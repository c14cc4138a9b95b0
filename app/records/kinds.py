"""The kinds of record: for each its shape, its rules, what it refers to, and the rows that it is kept in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import SQLModel

from app.errors import Fault
from app.records import tables
from app.records.case_study import CaseStudy, case_study_faults, publication_faults
from app.records.district import DistrictRecord, district_faults
from app.records.shape import Shape
from app.records.taxonomy import IndicatorRecord, Locale, OrganizationRecord, State, StrategyRecord, TermRecord

Rows = Iterator[tuple[type[SQLModel], dict[str, Any]]]
References = Iterator[tuple[str, str, str]]  # pointer, kind, slug


@dataclass(frozen=True)
class Kind:
    """What the house must know of one kind of record."""

    name: str
    shape: type[Shape]
    row: type[SQLModel]
    references: Callable[[Any], References]
    rows: Callable[[Any], Rows]
    faults: Callable[[Any], list[Fault]] = lambda _record: []
    publication_faults: Callable[[Any], list[Fault]] = lambda _record: []


def _row(row: type[SQLModel], record: Shape, **more: object) -> tuple[type[SQLModel], dict[str, Any]]:
    return row, {name: value for name, value in record.model_dump().items() if name in row.model_fields} | more


def _flat(row: type[SQLModel]) -> Callable[[Any], Rows]:
    return lambda record: iter([_row(row, record)])


def _case_study_rows(case: CaseStudy) -> Rows:
    yield _row(tables.CaseStudyRow, case)
    parts: tuple[tuple[type[SQLModel], list[Any]], ...] = (
        (tables.SourceRow, case.sources),
        (tables.OutcomeRow, case.outcomes),
        (tables.ScaleFigureRow, case.scale),
        (tables.FundingRow, case.funding),
        (tables.PartnershipRow, case.partners),
    )
    for row, claims in parts:
        for position, claim in enumerate(claims):
            yield _row(row, claim, case_study=case.slug, position=position)
    for position, slug in enumerate(case.districts):
        yield tables.CaseStudyDistrictRow, {"case_study": case.slug, "position": position, "district": slug}
    for position, slug in enumerate(case.strategies):
        yield tables.CaseStudyStrategyRow, {"case_study": case.slug, "position": position, "strategy": slug}


def _case_study_references(case: CaseStudy) -> References:
    if case.state:
        yield "/state", "state", case.state
    for name, vocabulary in (
        ("initiative_status", "initiative-status"),
        ("setting", "setting"),
        ("model", "model"),
        ("kinship", "kinship"),
    ):
        if (code := getattr(case, name)) is not None:
            yield f"/{name}", "term", f"{vocabulary}.{code}"
    for n, slug in enumerate(case.districts):
        yield f"/districts/{n}", "district", slug
    for n, slug in enumerate(case.strategies):
        yield f"/strategies/{n}", "strategy", slug
    for n, outcome in enumerate(case.outcomes):
        yield f"/outcomes/{n}/indicator", "indicator", outcome.indicator
        yield f"/outcomes/{n}/design", "term", f"evidence.{outcome.design}"
    for n, funding in enumerate(case.funding):
        yield f"/funding/{n}/kind", "term", f"funding-kind.{funding.kind}"
    for n, partner in enumerate(case.partners):
        yield f"/partners/{n}/type", "term", f"partner-type.{partner.type}"
        if partner.organization:
            yield f"/partners/{n}/organization", "organization", partner.organization
    for n, source in enumerate(case.sources):
        yield f"/sources/{n}/kind", "term", f"source-kind.{source.kind}"


def _district_references(district: DistrictRecord) -> References:
    yield "/state", "state", district.state
    if district.locale:
        yield "/locale", "locale", district.locale


def _none(_record: object) -> References:
    return iter(())


# In the order in which records may be written: a kind refers only to kinds before it.
KINDS = {
    kind.name: kind
    for kind in (
        Kind("term", TermRecord, tables.TermRow, _none, _flat(tables.TermRow)),
        Kind("state", State, tables.StateRow, _none, _flat(tables.StateRow)),
        Kind("locale", Locale, tables.LocaleRow, _none, _flat(tables.LocaleRow)),
        Kind(
            "strategy",
            StrategyRecord,
            tables.StrategyRow,
            lambda s: iter([("/pillar", "term", f"pillar.{s.pillar}")]),
            _flat(tables.StrategyRow),
        ),
        Kind("indicator", IndicatorRecord, tables.IndicatorRow, _none, _flat(tables.IndicatorRow)),
        Kind(
            "organization",
            OrganizationRecord,
            tables.OrganizationRow,
            lambda o: iter([("/type", "term", f"partner-type.{o.type}")]),
            _flat(tables.OrganizationRow),
        ),
        Kind("district", DistrictRecord, tables.DistrictRow, _district_references, _flat(tables.DistrictRow), district_faults),
        Kind("case_study", CaseStudy, tables.CaseStudyRow, _case_study_references, _case_study_rows, case_study_faults, publication_faults),
    )
}
