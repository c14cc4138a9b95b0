"""What the shapes of the desk have in common."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    field_validator,
)

from app.records.shape import storable

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


class NextLink(DeskShape):
    """Where a list goes on."""

    next: str | None = Field(description="The next page; null after one that is not full.")


class ChangedField(DeskShape):
    """A field that differs."""

    pointer: str = Field(description="Where (JSON Pointer).")
    before: JsonValue = Field(description="What it was; null where there was nothing.")
    after: JsonValue = Field(description="What it is; null where there is nothing.")


class Note(Asked):
    """Words that go into the log."""

    note: str | None = Field(
        default=None, min_length=1, max_length=2000, description="Why, in your words."
    )
