"""The tables that researchers take: their rows, their columns, and how they join."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import Field

from app.catalog.shapes import (
    CaseStudyDocument,
    CitedSource,
    DistrictDocument,
    DocumentedOutcome,
    Partner,
    Public,
)
from app.records.case_study import Figure, Funding
from app.research.columns import Column, column, flat_columns
from app.search.shapes import VocabularyTerm

Row = dict[str, Any]
Rows = Callable[[Row], Iterator[Row]]


class PartOfCaseStudy(Public):
    """What every row of a part of a case study begins with."""

    case_study: str = Field(description="Slug of the case study.")
    number: int = Field(description="Place of the row in its case study, from 1.")


class Participation(PartOfCaseStudy):
    """A district that takes part in an effort."""

    district: str = Field(description="Slug of the district.")


class UsedStrategy(PartOfCaseStudy):
    """A strategy that an effort used."""

    strategy: str = Field(description="Slug of the strategy.")


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns that name a row of another table."""

    columns: tuple[str, ...]
    table: str
    referred: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: one row for each record, for each part of a record, or for each term."""

    name: str  # also the last part of its address
    rows_are: str  # in words, plural
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    kind: str | None = None  # the records whose search selects the rows; None: a vocabulary, whole
    vocabulary: str | None = None
    rows: Rows = field(default=lambda document: iter([document]))
    references: tuple[Reference, ...] = ()

    @property
    def is_of_records(self) -> bool:
        """Whether a row is a whole record, which JSON and NDJSON then give in full."""
        return self.kind is not None and self.key == ("slug",)

    def cells(self, row: Row) -> Row:
        """The value of each column, by name."""
        return {column.name: column.value(row) for column in self.columns}


CASE_STUDY = Reference(("case_study",), "case-studies", ("slug",))
SOURCE = Reference(("case_study", "source"), "sources", ("case_study", "id"))


def _parts(name: str, rename: Mapping[str, str] | None = None) -> Rows:
    """The items of a list of the document, each with its case study and its place."""

    def rows(document: Row) -> Iterator[Row]:
        for number, item in enumerate(document.get(name, ()), start=1):
            names = rename or {}
            named = {names.get(key, key): value for key, value in item.items()}
            yield {"case_study": document["slug"], "number": number, **named}

    return rows


def _part_table(
    name: str,
    rows_are: str,
    shape: type[Any],
    *references: Reference,
    key: tuple[str, ...] = ("case_study", "number"),
) -> Table:
    columns = (*flat_columns(PartOfCaseStudy), *flat_columns(shape))
    return Table(
        name,
        rows_are,
        columns,
        key,
        "case-study",
        rows=_parts(name),
        references=(CASE_STUDY, *references),
    )


def _joining_table(
    name: str, rows_are: str, part: str, shape: type[Public], reference: Reference, slug: str
) -> Table:
    """One row for each pair of a case study and what it names."""
    (column_name,) = reference.columns
    return Table(
        name,
        rows_are,
        tuple(flat_columns(shape)),
        ("case_study", column_name),
        "case-study",
        rows=_parts(part, {slug: column_name}),
        references=(CASE_STUDY, reference),
    )


def _vocabulary_table(name: str, rows_are: str, vocabulary: str, group: str | None = None) -> Table:
    """The terms of a vocabulary. `group`: what the group of its terms is called."""
    columns = (
        column(VocabularyTerm, "value", name="slug"),
        column(VocabularyTerm, "label"),
        column(VocabularyTerm, "definition"),
        *([column(VocabularyTerm, "group", name=group)] if group else ()),
        *(column(VocabularyTerm, each) for each in ("synonyms", "case_studies", "districts")),
    )
    return Table(name, rows_are, columns, ("slug",), vocabulary=vocabulary)


def _prose(name: str) -> Column:
    return replace(column(CaseStudyDocument, name, "text", name=name), separator="\n\n")


CASE_STUDY_COLUMNS = (
    *(column(CaseStudyDocument, name) for name in ("slug", "title", "initiative", "summary")),
    column(CaseStudyDocument, "states", "value"),
    column(CaseStudyDocument, "districts", "slug"),
    column(CaseStudyDocument, "districts", "nces_leaid", name="leaids"),
    *(column(CaseStudyDocument, name) for name in ("rurality", "rurality_basis", "setting")),
    column(CaseStudyDocument, "models", "value"),
    column(CaseStudyDocument, "kinship"),
    column(CaseStudyDocument, "strategies", "value"),
    column(CaseStudyDocument, "topics", "value"),
    column(CaseStudyDocument, "outcomes", "indicator"),
    *(
        column(CaseStudyDocument, name)
        for name in ("evidence", "started_year", "ended_year", "status")
    ),
    *(_prose(name) for name in ("challenge", "approach", "results", "lessons")),
    column(CaseStudyDocument, "partners", "name"),
    column(CaseStudyDocument, "funding", "name"),
    column(CaseStudyDocument, "sources", "url"),
    *(column(CaseStudyDocument, name) for name in ("version", "updated_at", "url")),
)
DISTRICT_COLUMNS = (
    *(
        column(DistrictDocument, name)
        for name in ("slug", "nces_leaid", "name", "state", "region", "city", "county", "rurality")
    ),
    *(
        column(DistrictDocument, figure, part, name=f"{figure}{suffix}")
        for figure in ("locale", "enrollment", "schools")
        for suffix, part in (("", "value"), ("_year", "year"), ("_source", "source"))
    ),
    column(DistrictDocument, "place", "latitude", name="latitude"),
    column(DistrictDocument, "place", "longitude", name="longitude"),
    column(DistrictDocument, "place", "basis", name="place_basis"),
    *(column(DistrictDocument, name) for name in ("strategies", "outcomes")),
    column(DistrictDocument, "case_studies", "slug"),
    *(column(DistrictDocument, name) for name in ("website", "version", "updated_at", "url")),
)
TABLES = {
    table.name: table
    for table in (
        Table("case-studies", "case studies", CASE_STUDY_COLUMNS, ("slug",), "case-study"),
        Table("districts", "districts", DISTRICT_COLUMNS, ("slug",), "district"),
        _part_table(
            "outcomes",
            "outcomes, each with its study design, direction and source",
            DocumentedOutcome,
            Reference(("indicator",), "indicators", ("slug",)),
            SOURCE,
        ),
        _part_table("scale", "figures of how large an effort is", Figure, SOURCE),
        _part_table("context", "figures about the community that an effort serves", Figure, SOURCE),
        _part_table("funding", "sources of money", Funding, SOURCE),
        _part_table(
            "partners",
            "partners with their roles",
            Partner,
            Reference(("organization",), "organizations", ("slug",)),
            SOURCE,
        ),
        _part_table("sources", "sources that are cited", CitedSource, key=("case_study", "id")),
        _joining_table(
            "case-districts",
            "pairs of a case study and a district",
            "districts",
            Participation,
            Reference(("district",), "districts", ("slug",)),
            "slug",
        ),
        _joining_table(
            "case-strategies",
            "pairs of a case study and a strategy",
            "strategies",
            UsedStrategy,
            Reference(("strategy",), "strategies", ("slug",)),
            "value",
        ),
        _vocabulary_table("strategies", "strategies", "strategy", "pillar"),
        _vocabulary_table("indicators", "indicators", "indicator"),
        _vocabulary_table("organizations", "organizations", "organization", "type"),
    )
}
