"""What the desk takes and answers for records, their history and the steps of their life."""

from datetime import datetime
from typing import Generic, Literal, TypeVar

from pydantic import Field, JsonValue

from app.desk.shapes import ChangedField, DeskShape, NextLink, Note, Reason, RequestBody, Status
from app.records.shape import SHORT, SLUG_PATTERN
from app.web.problem_types import Problem, ProblemError

T = TypeVar("T")


class ReturnNote(DeskShape):
    """Why a review returned a record."""

    note: str = Field(description="What the reviewer asks for.")
    by: str = Field(description="Who returned it.")
    at: datetime = Field(description="When (UTC).")


class RecordState(DeskShape):
    """Current state of a record."""

    version: int = Field(description="Newest version; the ETag has the same number.")
    status: Status = Field(description="Status of the newest version.")
    published_version: int | None = Field(description="The public version; null if none is public.")
    updated_at: datetime = Field(description="When the newest version was written (UTC).")
    updated_by: str = Field(description="Who last changed its content.")
    reviewed_by: str | None = Field(
        description="Who last returned or published it; null before the first review."
    )
    returned: ReturnNote | None = Field(
        description="The last return; null if there was none since it was last published."
    )


class RecordMeta(RecordState):
    """Current state of a record, and the next steps."""

    needs: list[ProblemError] = Field(description="What is still missing for publication.")
    warnings: list[ProblemError] = Field(
        description="Problems that do not prevent publishing: sources that are dead or have moved."
    )
    moves: list[str] = Field(
        description="Steps that can be taken now, by somebody with the permission: submit, return, "
        "publish, withdraw, restore, discard."
    )


class RecordLinks(DeskShape):
    """Links of a record."""

    self: str = Field(description="The record at the desk.")
    revisions: str = Field(description="Its history.")
    review: str = Field(description="The review document.")
    preview: str = Field(description="The document as the public would see it.")
    public: str | None = Field(description="The public document; null if none is public.")


class RecordAnswer(DeskShape, Generic[T]):
    """A complete record, draft or not, with its state."""

    data: T = Field(description="The newest version.")
    meta: RecordMeta = Field(description="Current state.")
    links: RecordLinks = Field(description="Related links.")


class ListedRecord(RecordState):
    """A record as a list shows it."""

    slug: str = Field(description="Public id.")
    title: str = Field(description="Title, name or label.")


class RecordList(DeskShape):
    """A page of records."""

    data: list[ListedRecord] = Field(description="The records, in the order of `sort`.")
    links: NextLink = Field(description="Next page.")


class RevisionEntry(DeskShape):
    """One change in the log."""

    seq: int = Field(description="Number of the change in the whole directory.")
    at: datetime = Field(description="Time of the change (UTC).")
    actor: str = Field(description="Who made the change.")
    action: str = Field(description="Action, such as publish.")
    kind: str = Field(description="Kind of the record.")
    slug: str = Field(description="Slug of the record after the change.")
    version: int = Field(description="Version written by the change.")
    status: Literal["draft", "in_review", "published", "withdrawn", "discarded"] = Field(
        description="Status of the record after the change."
    )
    published_version: int | None = Field(
        description="The version that was public after the change; null for none."
    )
    note: str | None = Field(description="Reason, in the words of the actor.")
    previous_slug: str | None = Field(
        description="Former slug, if the change renamed the record; otherwise null."
    )
    planned_by: str | None = Field(
        description="Who sent the file, if the change was written by an import; otherwise null."
    )


class RevisionList(DeskShape):
    """A page of changes."""

    data: list[RevisionEntry] = Field(description="The changes.")
    links: NextLink = Field(description="Next page.")


class RevisionDocument(RevisionEntry):
    """One change with the complete record after it."""

    document: dict[str, JsonValue] = Field(description="The record after the change.")


class RevisionAnswer(DeskShape):
    """One revision."""

    data: RevisionDocument = Field(description="The change and the record.")


class Comparison(DeskShape):
    """The differences between two versions."""

    before: int = Field(description="The older version.")
    after: int = Field(description="The newer version.")
    fields: list[ChangedField] = Field(description="The fields that differ.")


class ComparisonAnswer(DeskShape):
    """A comparison of two versions."""

    data: Comparison = Field(description="The comparison.")


class ReviewDocument(DeskShape):
    """Everything a reviewer checks before publication."""

    state: RecordState = Field(description="Current state of the record.")
    changes: list[ChangedField] = Field(
        description="Differences from the public version, by field."
    )
    rendering: dict[str, JsonValue] | None = Field(
        description="The document as the public would see it; null while required fields are missing."
    )
    claims_with_new_sources: list[ChangedField] = Field(
        description="Unchanged claims that now cite another source."
    )
    passed: list[str] = Field(description="Checks passed.")
    failed: list[ProblemError] = Field(description="Checks failed.")
    warnings: list[ProblemError] = Field(
        description="Problems that do not prevent publication, such as sources that are dead or have moved."
    )


class ReviewAnswer(DeskShape):
    """A review."""

    data: ReviewDocument = Field(description="The review.")


class PreviewAnswer(DeskShape):
    """A preview."""

    data: dict[str, JsonValue] = Field(description="The document as the public would see it.")


class RequiredNote(RequestBody):
    """A required note for the log."""

    note: Reason = Field(description="Reason, in your words.")


class PublicationRequest(Note):
    """A note for the log, and an admin's reason to publish without a second reviewer."""

    bypass_reason: Reason | None = Field(
        default=None,
        description="Admins only: reason to publish without another reviewer.",
    )


class Withdrawal(RequestBody):
    """Why a record is withdrawn."""

    reason: Reason = Field(description="Reason shown to the public.")


class Renaming(RequestBody):
    """A new slug."""

    slug: str = Field(pattern=SLUG_PATTERN, max_length=SHORT, description="The new slug.")


class Reversion(Note):
    """A version to revert to."""

    version: int = Field(ge=1, description="The version whose content becomes a new draft.")


class FieldComparison(DeskShape):
    """A field that was changed by somebody else, by this request, or by both."""

    field: str = Field(description="Name of the field.")
    base: JsonValue = Field(description="Its value in the version you read.")
    current: JsonValue = Field(description="Its value now.")
    yours: JsonValue = Field(description="The value you sent.")
    conflict: bool = Field(description="Whether both changed it, to different values.")


class RowComparison(DeskShape):
    """A row of an import whose effect is no longer the one that was shown."""

    row: int = Field(description="Number of the row.")
    origin: str = Field(description="Place in the file.")
    slug: str = Field(description="Slug of the record.")
    detail: str = Field(description="What has changed.")


class StaleProblem(Problem):
    """The record was changed after it was read."""

    version: int = Field(description="Its newest version; the ETag names it.")
    current: dict[str, JsonValue] | None = Field(description="The record as it is now.")
    comparison: list[FieldComparison | RowComparison] = Field(
        description="Each field that differs; for an import, each row that differs."
    )


# What is sent, beside records themselves.
REQUEST_BODIES = (Note, RequiredNote, PublicationRequest, Withdrawal, Renaming, Reversion)
