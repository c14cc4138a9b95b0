"""Shapes shared by the rooms of the desk."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
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
# Spaces alone are no reason.
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class DeskShape(BaseModel):
    """An answer of the desk, or a part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RequestBody(DeskShape):
    """The body of a request to the desk, other than a record."""

    _storable = field_validator("*", mode="before")(storable)


class NextLink(DeskShape):
    """Link to the next page."""

    next: str | None = Field(description="Next page; null after a page that is not full.")


def next_page(path: str, parameters: Mapping[str, str], **place: object) -> str:
    """The address of the page after (or before) a place in the same list."""
    return f"{path}?{urlencode({**parameters, **place})}"


class ChangedField(DeskShape):
    """A field with two different values."""

    pointer: str = Field(description="Path of the field (JSON Pointer).")
    before: JsonValue = Field(description="Value before; null if it was empty.")
    after: JsonValue = Field(description="Value after; null if it is empty.")


class Note(RequestBody):
    """A note for the log."""

    note: str | None = Field(
        default=None,
        min_length=1,
        max_length=2000,
        description="Reason for the change, in your words.",
    )
