"""The shapes of imports as the desk answers them, and as they are asked for."""

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue, StrictInt

from app.desk.shapes import ChangedField, DeskShape, NextLink, Reason, RequestBody
from app.web.problem_types import ProblemError

ImportKind = Literal["district", "case-study"]
ImportResult = Literal["created", "changed", "unchanged", "refused"]
ColumnHow = Literal[
    "name",
    "spelling",
    "federal",
    "friendly",
    "mapping",
    "derived",
    "duplicate",
    "row_numbers",
    "unnamed",
    "problem",
    "unknown",
]
TemplateFormat = Literal["csv", "ndjson"]


class ImportCommitment(RequestBody):
    """How to commit a plan."""

    only_good: bool = Field(
        default=False,
        description="Skip rows that are refused, not accepted or not ready to publish. Otherwise one such row stops the commit.",
    )
    accept: list[str | StrictInt] = Field(
        default_factory=list,
        max_length=10_000,
        description="Slugs or numbers of the rows whose `warnings` you have read and accept.",
    )
    publish: bool = Field(
        default=False, description="Publish the records without a review. Admins only."
    )
    reason: Reason | None = Field(
        default=None,
        description="Reason to publish without a review; required with `publish`.",
    )


class ImportCounts(DeskShape):
    """Number of rows by result."""

    created: int = Field(description="Rows that create a record.")
    changed: int = Field(description="Rows that change a record.")
    unchanged: int = Field(description="Rows without a change.")
    refused: int = Field(description="Rows that cannot be written.")
    passed_over: int = Field(
        description="Lines of a table that are no rows; `reading.passed_over` says which and why."
    )


class ReadColumn(DeskShape):
    """How one column of a file was understood."""

    position: int = Field(description="Position in the file, 1 the first.")
    name: str = Field(description="Name in the file; empty for a column without one.")
    field: str | None = Field(
        description="The field that it is read as (`school_year`: the year of the federal figures); null if the column is passed over."
    )
    how: ColumnHow = Field(
        description="`name`: our own name; `spelling`: our name, spelled differently; `federal`: a name of NCES files; `friendly`: another common name; `mapping`: you said so; `derived`: made from other records by the export; `duplicate`: another column has the same field; `row_numbers`, `unnamed`, `problem`, `unknown`: passed over."
    )


class PassedOverLine(DeskShape):
    """A line of a file that is no record."""

    origin: str = Field(description="Line or row of the file.")
    text: str = Field(description="What it says, shortened.")
    reason: str = Field(description="Why it is no record.")


class ReadingNotes(DeskShape):
    """How a table was read."""

    header: str | None = Field(description="Line or row of the column names.")
    encoding: str | None = Field(description="Encoding of the text; null for XLSX.")
    delimiter: str | None = Field(description="comma, semicolon or tab; null for XLSX.")
    sheet: str | None = Field(
        default=None, description="The sheet of a workbook that was read; null for CSV."
    )
    other_sheets: list[str] = Field(
        default_factory=list, description="Visible sheets with cells that were not read."
    )
    hidden_rows: int = Field(
        default=0, description="Rows that the workbook hides; they are read like the others."
    )
    hidden_columns: int = Field(
        default=0, description="Columns that the workbook hides; they are read like the others."
    )
    missing: list[str] = Field(
        description="What the file does not say of its figures, and how to say it once."
    )
    passed_over: list[PassedOverLine] = Field(
        description="Lines that are no records: titles, headings, totals, notes. At most 200."
    )
    passed_over_count: int = Field(description="How many such lines the file has.")
    options: dict[str, JsonValue] = Field(description="The parameters that changed the reading.")


class ImportState(DeskShape):
    """An import as a whole."""

    id: str = Field(description="Public id.")
    kind: ImportKind = Field(description="Kind of record.")
    format: Literal["csv", "ndjson", "json", "xlsx"] = Field(description="Format of the file.")
    filename: str = Field(description="Name of the file, as uploaded.")
    state: Literal["planning", "planned", "committing", "committed", "failed"] = Field(
        description="planning: rows are being compared; planned: it can be committed; failed: the file was not read to its end."
    )
    version: int = Field(
        description="Number that increases when the state changes; the ETag has the same number."
    )
    created_at: datetime = Field(description="When the file was uploaded (UTC).")
    created_by: str = Field(description="Who uploaded the file.")
    planned_on_revision: int = Field(
        description="Newest revision of the directory that the rows were compared with."
    )
    ignored_columns: list[str] = Field(description="Columns of the file that are passed over.")
    columns: list[ReadColumn] = Field(
        description="How each column of a table was understood; empty for JSON and NDJSON."
    )
    reading: ReadingNotes | None = Field(
        description="How a table was read; null for JSON and NDJSON."
    )
    rows_seen: int = Field(description="Rows read so far.")
    counts: ImportCounts = Field(description="Number of rows by result.")
    warned: int = Field(
        description="Rows with `warnings`; each must be accepted by slug or number."
    )
    not_publishable: int = Field(description="Rows that are not ready to publish.")
    problem: str | None = Field(description="Why reading the file failed; null if it did not.")
    records_written: int | None = Field(
        description="Records written, or so far while it is being committed."
    )
    first_revision: int | None = Field(description="First revision written; the others follow it.")
    committed_at: datetime | None = Field(description="When it was written (UTC).")
    committed_by: str | None = Field(description="Who committed it.")
    commitment: ImportCommitment | None = Field(description="The options of the commit.")


class ImportLinks(DeskShape):
    """Links of an import."""

    self: str = Field(description="The import.")
    rows: str = Field(description="Its rows.")
    refused: str | None = Field(
        description="The refused rows as CSV, to fix and upload again; null if none."
    )
    commit: str | None = Field(
        description="Address to commit the import; null if it cannot be committed."
    )


class ImportAnswer(DeskShape):
    """An import."""

    data: ImportState = Field(description="The import.")
    links: ImportLinks = Field(description="Related links.")


class ImportList(DeskShape):
    """A page of imports."""

    data: list[ImportState] = Field(description="The imports, the newest first.")
    links: NextLink = Field(description="Next page.")


class ImportedRow(DeskShape):
    """One row and its result."""

    number: int = Field(description="Number of the row; the first is 1.")
    origin: str = Field(description="Location in the file.")
    slug: str = Field(description="Slug of the record; empty if not known.")
    result: ImportResult = Field(description="Result of the row.")
    matched_by: Literal["slug", "former_slug", "nces_leaid"] | None = Field(
        description="How its record was found; null for a new one."
    )
    base_version: int | None = Field(
        description="Version of the record that it was compared with; null for a new one."
    )
    faults: list[ProblemError] = Field(description="Why the row is refused.")
    warnings: list[ProblemError] = Field(
        description="What to look at before the row is written: `likely_duplicate` (it looks like another record), `in_review` (the record would be a draft again), `unpublished_draft` (the record has a draft that this plan does not show; to be accepted only with `publish`), `old_citation` (a new figure under an old year or source), `decoded_wrongly` and `placeholder` (its text)."
    )
    notes: list[ProblemError] = Field(
        description="Values that were read differently from the file, such as 17,075 as 17075. Nothing to accept."
    )
    changes: list[ChangedField] = Field(description="Changes by field; empty for a new record.")
    needs: list[ProblemError] = Field(description="What is still missing for publication.")
    document: dict[str, JsonValue] = Field(
        description="The record as it would be written; for a refused row, the row as in the file."
    )


class ImportedRowList(DeskShape):
    """A page of rows."""

    data: list[ImportedRow] = Field(description="The rows, in the file's order.")
    links: NextLink = Field(description="Next page.")


REQUEST_BODIES = (ImportCommitment,)
