"""The shapes of the desk's answers."""

from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, field_validator

from app.records.shape import storable
from app.web.problems import ProblemError

T = TypeVar("T")
Status = Literal["draft", "in_review", "published", "withdrawn"]


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("further away than a calendar reaches") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class DeskShape(BaseModel):
    """Something that the desk answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Asked(DeskShape):
    """Something that is sent to the desk."""

    _storable = field_validator("*", mode="before")(storable)


class RecordState(DeskShape):
    """Where a record stands."""

    version: int = Field(description="Newest version; the ETag names it.")
    status: Status = Field(description="State of the newest version.")
    published_version: int | None = Field(description="The version that is public; null when none is.")
    updated_at: datetime = Field(description="When the newest version was written (UTC).")
    updated_by: str = Field(description="Who last changed its content.")


class RecordMeta(RecordState):
    """Where a record stands, and what may come next."""

    needs: list[ProblemError] = Field(description="What publishing still needs.")
    warnings: list[ProblemError] = Field(
        description="What does not stand in its way but should be seen: sources that are dead or have moved."
    )
    moves: list[str] = Field(description="Steps that its state allows: submit, return, publish, withdraw, restore.")


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


class NextLink(DeskShape):
    """Where a list goes on."""

    next: str | None = Field(description="The next page; null after one that is not full.")


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
    note: str | None = Field(description="Why, in the actor's words.")
    previous_slug: str | None = Field(description="The slug it had before, if the change gave it another.")


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


class ChangedField(DeskShape):
    """A field that differs."""

    pointer: str = Field(description="Where (JSON Pointer).")
    before: JsonValue = Field(description="What it was; null where there was nothing.")
    after: JsonValue = Field(description="What it is; null where there is nothing.")


class Comparison(DeskShape):
    """How one version became another."""

    before: int = Field(description="The older version.")
    after: int = Field(description="The newer version.")
    patch: list[dict[str, JsonValue]] = Field(description="JSON Patch (RFC 6902) from one to the other.")
    fields: list[ChangedField] = Field(description="The same, field by field.")


class ComparisonAnswer(DeskShape):
    """A comparison of two versions."""

    data: Comparison = Field(description="The comparison.")


class ReviewDocument(DeskShape):
    """What a reviewer must see before publishing."""

    state: RecordState = Field(description="Where the record stands.")
    changes: list[ChangedField] = Field(description="Differences to what is public, field by field.")
    rendering: dict[str, JsonValue] | None = Field(
        description="The document as the public would get it; null while it lacks what that takes."
    )
    claims_with_new_sources: list[ChangedField] = Field(description="Claims that stand as before but rest on another source.")
    passed: list[str] = Field(description="Checks passed.")
    failed: list[ProblemError] = Field(description="Checks failed.")
    warnings: list[ProblemError] = Field(description="What is no fault but should be seen: sources that are dead or have moved.")


class ReviewAnswer(DeskShape):
    """A review."""

    data: ReviewDocument = Field(description="The review.")


class PreviewAnswer(DeskShape):
    """A preview."""

    data: dict[str, JsonValue] = Field(description="The document as the public would get it.")


class Note(Asked):
    """Words that go into the log."""

    note: str | None = Field(default=None, min_length=1, max_length=2000, description="Why, in your words.")


class RequiredNote(Asked):
    """Words that go into the log, and must."""

    note: str = Field(min_length=1, max_length=2000, description="Why, in your words.")


class PublicationRequest(Note):
    """Words that go into the log; an administrator's reason to go without a second pair of eyes."""

    bypass_reason: str | None = Field(default=None, min_length=1, max_length=2000, description="Admins only: why no one else reviews it.")


class Reason(Asked):
    """Why a record is withdrawn."""

    reason: str = Field(min_length=1, max_length=2000, description="What the public is told.")


class Renaming(Asked):
    """A new slug."""

    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=200, description="The slug it shall have.")


class Reversion(Note):
    """A version to go back to."""

    version: int = Field(ge=1, description="The version whose content is written anew.")


class KeyRequest(Asked):
    """A key to be made."""

    label: str = Field(min_length=1, max_length=100, description="Who will hold it; the name on every change made with it.")
    role: Literal["editor", "reviewer", "admin"] = Field(description="What it may do.")
    expires_at: Moment | None = Field(default=None, description="When it ceases to work; null: never.")


class KeyState(DeskShape):
    """A key, without its secret."""

    id: str = Field(description="First characters of the secret.")
    label: str = Field(description="Who holds it.")
    role: str = Field(description="editor, reviewer or admin.")
    created_at: datetime = Field(description="When it was made (UTC).")
    created_by: str = Field(description="Who made it.")
    expires_at: datetime | None = Field(description="When it ceases to work (UTC).")
    revoked_at: datetime | None = Field(description="When it was revoked (UTC).")
    used_at: datetime | None = Field(description="When it was last used (UTC), to the minute.")


class NewKey(KeyState):
    """A key with its secret."""

    secret: str = Field(description="The secret. It is shown here once and kept nowhere.")


class KeyAnswer(DeskShape):
    """A key."""

    data: KeyState = Field(description="The key.")


class NewKeyAnswer(DeskShape):
    """A new key."""

    data: NewKey = Field(description="The key with its secret.")


class KeyList(DeskShape):
    """Every key."""

    data: list[KeyState] = Field(description="The keys, the oldest first.")


# What is sent to the desk, beside records themselves.
ASKED = (Note, RequiredNote, PublicationRequest, Reason, Renaming, Reversion, KeyRequest)
