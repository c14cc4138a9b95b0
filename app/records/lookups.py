"""Lookups across records: who has a LEAID, the names of districts and case studies, what refers to
a record."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from app.records.kinds import KINDS
from app.records.tables import CaseStudyDistrictRow, CaseStudyRow, DistrictRow, metadata


def district_with_leaid(session: Session, leaid: str) -> str | None:
    """The slug of the district that has this LEAID."""
    return session.exec(select(DistrictRow.slug).where(DistrictRow.nces_leaid == leaid)).first()


def district_names(session: Session) -> Iterator[tuple[str, str, str, str | None]]:
    """Slug, name, state and LEAID of every district, in constant memory."""
    columns = select(
        DistrictRow.slug, DistrictRow.name, DistrictRow.state, DistrictRow.nces_leaid
    ).order_by(DistrictRow.slug)
    return iter(session.exec(columns.execution_options(yield_per=1000)))


def case_study_titles(session: Session) -> Iterator[tuple[str, str, str]]:
    """Slug and title of every case study with each of its districts, in constant memory."""
    columns = select(CaseStudyRow.slug, CaseStudyRow.title, CaseStudyDistrictRow.district)
    joined = columns.join(
        CaseStudyDistrictRow, col(CaseStudyDistrictRow.case_study) == CaseStudyRow.slug
    ).order_by(CaseStudyRow.slug)
    return iter(session.exec(joined.execution_options(yield_per=1000)))


def case_studies_referring_to(session: Session, kind: str, slug: str) -> list[str]:
    """The case studies whose newest version refers to a record, by slug."""
    table = metadata.tables[str(KINDS[kind].row.__tablename__)]
    slugs: set[str] = set()
    for part in metadata.tables.values():
        for column in part.columns:
            refers = any(key.column is table.c.slug for key in column.foreign_keys)
            if refers and "case_study" in part.columns and column.name != "case_study":
                query = part.select().with_only_columns(part.c.case_study).where(column == slug)
                slugs.update(session.connection().execute(query).scalars())
    return sorted(slugs)
