"""The shapes of imports as the desk answers them, and as they are asked for."""

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue, StrictInt

from app.desk.shapes import Asked, ChangedField, DeskShape, NextLink
from app.web.problem_types import ProblemError

ImportKind = Literal["district", "case-study"]
ImportResult = Literal["created", "changed", "unchanged", "refused"]
TemplateFormat = Literal["csv", "ndjson"]


class ImportCommitment(Asked):
    """How a plan is to be written."""

    only_good: bool = Field(
        default=False,
        description="Leave out rows that are refused, not accepted or, to be published, not ready. Otherwise they stop all.",
    )
    accept: list[str | StrictInt] = Field(
        default_factory=list,
        max_length=10_000,
        description="Slugs or numbers of rows that were warned of as likely duplicates and are none.",
    )
    publish: bool = Field(
        default=False, description="Publish at once, without a review. Admins only."
    )
    reason: str | None = Field(
        default=None,
        min_length=1,
        max_length=2000,
        description="Why no one else reviews it; needed to publish.",
    )


class ImportCounts(DeskShape):
    """How many rows would do what."""

    created: int = Field(description="Rows that make a new record.")
    changed: int = Field(description="Rows that change a record.")
    unchanged: int = Field(description="Rows that say what is there already.")
    refused: int = Field(description="Rows that cannot be written.")


class ImportState(DeskShape):
    """An import as a whole."""

    id: str = Field(description="Public id.")
    kind: ImportKind = Field(description="Kind of record.")
    format: Literal["csv", "ndjson", "json", "xlsx"] = Field(description="Format of the file.")
    filename: str = Field(description="Name of the file, as its sender says.")
    state: Literal["planning", "planned", "committing", "committed", "failed"] = Field(
        description="planning: rows are being compared; planned: it can be committed; failed: the file was not read to its end."
    )
    version: int = Field(description="Grows when the state changes; the ETag names it.")
    created_at: datetime = Field(description="When the file came (UTC).")
    created_by: str = Field(description="Who sent it.")
    planned_on_revision: int = Field(
        description="Newest revision of the directory that the rows were compared with."
    )
    ignored_columns: list[str] = Field(
        description="Columns of the file that are not taken in: the export makes them from other records."
    )
    rows_seen: int = Field(description="Rows read so far.")
    counts: ImportCounts = Field(description="What they would do.")
    warned: int = Field(
        description="Rows to be written that look like another record, and must be accepted by name."
    )
    not_publishable: int = Field(description="Rows to be written that lack what publishing takes.")
    problem: str | None = Field(description="Why the file was not read to its end.")
    records_written: int | None = Field(
        description="Records written, or so far while it is being committed."
    )
    first_revision: int | None = Field(
        description="First revision that it wrote; the others follow it."
    )
    committed_at: datetime | None = Field(description="When it was written (UTC).")
    committed_by: str | None = Field(description="Who had it written.")
    commitment: ImportCommitment | None = Field(description="How it was asked to be written.")


class ImportLinks(DeskShape):
    """Addresses beside an import."""

    self: str = Field(description="The import.")
    rows: str = Field(description="Its rows.")
    refused: str | None = Field(
        description="The refused rows as CSV, to mend and send again; null if there are none."
    )
    commit: str | None = Field(description="Where it is committed; null when it cannot be.")


class ImportAnswer(DeskShape):
    """An import."""

    data: ImportState = Field(description="The import.")
    links: ImportLinks = Field(description="Addresses beside it.")


class ImportList(DeskShape):
    """A page of imports."""

    data: list[ImportState] = Field(description="The imports, the newest first.")
    links: NextLink = Field(description="Where it goes on.")


class ImportedRow(DeskShape):
    """What one row would do."""

    number: int = Field(description="Place among the rows of the file, 1 the first.")
    origin: str = Field(description="Where it stands in the file.")
    slug: str = Field(description="The record that it is about; empty where that is not known.")
    result: ImportResult = Field(description="What would be done.")
    matched_by: Literal["slug", "former_slug", "nces_leaid"] | None = Field(
        description="How its record was found; null for a new one."
    )
    base_version: int | None = Field(
        description="Version of the record that it was compared with; null for a new one."
    )
    faults: list[ProblemError] = Field(description="Why it is refused.")
    warnings: list[ProblemError] = Field(description="What it looks like; to be accepted by name.")
    changes: list[ChangedField] = Field(
        description="What it changes, field by field; empty for a new record."
    )
    needs: list[ProblemError] = Field(description="What publishing would still take.")
    document: dict[str, JsonValue] = Field(
        description="The record as it would be written; of a refused row, the row as the file has it."
    )


class ImportedRowList(DeskShape):
    """A page of rows."""

    data: list[ImportedRow] = Field(description="The rows, in the file's order.")
    links: NextLink = Field(description="Where it goes on.")


ASKED = (ImportCommitment,)
