"""The shapes of records at the desk, their history and the steps of their life."""

from datetime import datetime
from typing import Generic, Literal, TypeVar

from pydantic import Field, JsonValue

from app.desk.shapes import Asked, ChangedField, DeskShape, NextLink, Note, Status
from app.web.problem_types import Problem, ProblemError

T = TypeVar("T")


class RecordState(DeskShape):
    """Where a record stands."""

    version: int = Field(description="Newest version; the ETag names it.")
    status: Status = Field(description="State of the newest version.")
    published_version: int | None = Field(
        description="The version that is public; null when none is."
    )
    updated_at: datetime = Field(description="When the newest version was written (UTC).")
    updated_by: str = Field(description="Who last changed its content.")


class RecordMeta(RecordState):
    """Where a record stands, and what may come next."""

    needs: list[ProblemError] = Field(description="What publishing still needs.")
    warnings: list[ProblemError] = Field(
        description="What does not stand in its way but should be seen: sources that are dead or have moved."
    )
    moves: list[str] = Field(
        description="Steps that its state allows: submit, return, publish, withdraw, restore."
    )


class RecordLinks(DeskShape):
    """Addresses beside a record."""

    self: str = Field(description="The record at the desk.")
    revisions: str = Field(description="Its history.")
    review: str = Field(description="What a reviewer must see.")
    preview: str = Field(description="The document as the public would get it.")
    public: str | None = Field(description="The public document; null while there is none.")


class RecordAnswer(DeskShape, Generic[T]):
    """A record whole, drafts included, with its state."""

    data: T = Field(description="The newest version.")
    meta: RecordMeta = Field(description="Where it stands.")
    links: RecordLinks = Field(description="Addresses beside it.")


class ListedRecord(RecordState):
    """A record as a list shows it."""

    slug: str = Field(description="Public id.")
    title: str = Field(description="Title, name or label.")


class RecordList(DeskShape):
    """A page of records."""

    data: list[ListedRecord] = Field(description="The records, by slug.")
    links: NextLink = Field(description="Where it goes on.")


class RevisionEntry(DeskShape):
    """One change in the log."""

    seq: int = Field(description="Number of the change in the whole directory.")
    at: datetime = Field(description="When (UTC).")
    actor: str = Field(description="Who.")
    action: str = Field(description="What was done.")
    kind: str = Field(description="Kind of the record.")
    slug: str = Field(description="The record, by the slug it had after the change.")
    version: int = Field(description="Version that the change made.")
    status: Literal["draft", "in_review", "published", "withdrawn", "discarded"] = Field(
        description="Status of the record after the change."
    )
    published_version: int | None = Field(
        description="The version that was public after the change; null for none."
    )
    note: str | None = Field(description="Why, in the actor's words.")
    previous_slug: str | None = Field(
        description="The slug it had before, if the change gave it another."
    )


class RevisionList(DeskShape):
    """Changes, the newest first."""

    data: list[RevisionEntry] = Field(description="The changes.")
    links: NextLink = Field(description="Where it goes on.")


class RevisionDocument(RevisionEntry):
    """One change and the whole record after it."""

    document: dict[str, JsonValue] = Field(description="The record after the change.")


class RevisionAnswer(DeskShape):
    """One revision."""

    data: RevisionDocument = Field(description="The change and the record.")


class Comparison(DeskShape):
    """How one version became another."""

    before: int = Field(description="The older version.")
    after: int = Field(description="The newer version.")
    fields: list[ChangedField] = Field(description="The fields that differ.")


class ComparisonAnswer(DeskShape):
    """A comparison of two versions."""

    data: Comparison = Field(description="The comparison.")


class ReviewDocument(DeskShape):
    """What a reviewer must see before publishing."""

    state: RecordState = Field(description="Where the record stands.")
    changes: list[ChangedField] = Field(
        description="Differences to what is public, field by field."
    )
    rendering: dict[str, JsonValue] | None = Field(
        description="The document as the public would get it; null while it lacks what that takes."
    )
    claims_with_new_sources: list[ChangedField] = Field(
        description="Claims that stand as before but rest on another source."
    )
    passed: list[str] = Field(description="Checks passed.")
    failed: list[ProblemError] = Field(description="Checks failed.")
    warnings: list[ProblemError] = Field(
        description="What is no fault but should be seen: sources that are dead or have moved."
    )


class ReviewAnswer(DeskShape):
    """A review."""

    data: ReviewDocument = Field(description="The review.")


class PreviewAnswer(DeskShape):
    """A preview."""

    data: dict[str, JsonValue] = Field(description="The document as the public would get it.")


class RequiredNote(Asked):
    """Words that go into the log, and must."""

    note: str = Field(min_length=1, max_length=2000, description="Why, in your words.")


class PublicationRequest(Note):
    """Words that go into the log; an administrator's reason to go without a second pair of eyes."""

    bypass_reason: str | None = Field(
        default=None,
        min_length=1,
        max_length=2000,
        description="Admins only: why no one else reviews it.",
    )


class Reason(Asked):
    """Why a record is withdrawn."""

    reason: str = Field(min_length=1, max_length=2000, description="What the public is told.")


class Renaming(Asked):
    """A new slug."""

    slug: str = Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=200, description="The slug it shall have."
    )


class Reversion(Note):
    """A version to go back to."""

    version: int = Field(ge=1, description="The version whose content is written anew.")


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
ASKED = (Note, RequiredNote, PublicationRequest, Reason, Renaming, Reversion)
