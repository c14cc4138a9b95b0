"""The shapes of suggestions and search gaps."""

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field

from app.desk.shapes import Asked, DeskShape, NextLink, Note
from app.records.shape import SHORT, SLUG_PATTERN, HttpUrl

SuggestionStatus = Literal["received", "taken_up", "declined"]


class SuggestionRequest(Asked):
    """What a reader suggests."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    kind: Literal["correction", "new-case"] = Field(
        description="Something that is wrong or missing, or a case study that is not here."
    )
    about: str | None = Field(
        default=None,
        pattern=SLUG_PATTERN,
        max_length=SHORT,
        description="Slug of the case study or district that it is about.",
    )
    text: str = Field(min_length=20, max_length=5000, description="The suggestion, in your words.")
    source_url: HttpUrl | None = Field(
        default=None, max_length=2000, description="Where what you say can be read."
    )
    contact: str | None = Field(
        default=None,
        min_length=1,
        max_length=SHORT,
        description="How editors can reach you. Kept only until the suggestion is handled, then deleted.",
    )
    website: str = Field(
        default="",
        max_length=2000,
        description="Leave it empty: it is there for machines, whose suggestions are thrown away.",
    )


class SuggestionReceipt(DeskShape):
    """What becomes of a suggestion."""

    status: SuggestionStatus = Field(
        description="received: waiting for an editor; taken_up; declined."
    )


class SelfLink(DeskShape):
    """An address to come back to."""

    self: str = Field(
        description="Tells the status of this suggestion, to whoever has the address. Keep it: it is told once."
    )


class SuggestionReceived(DeskShape):
    """A suggestion that has come in."""

    data: SuggestionReceipt = Field(description="Its status.")
    links: SelfLink = Field(description="Where to ask for it later.")


class SuggestionReceiptAnswer(DeskShape):
    """The status of a suggestion."""

    data: SuggestionReceipt = Field(description="Its status.")


class SuggestionState(DeskShape):
    """A suggestion, for editors."""

    id: str = Field(description="Its name.")
    received_at: datetime = Field(description="When it came (UTC).")
    kind: Literal["correction", "new-case"] = Field(
        description="Something wrong or missing, or a case study that is not here."
    )
    about: str | None = Field(description="Slug of the case study or district.")
    about_link: str | None = Field(description="That record at the desk.")
    text: str = Field(description="The suggestion.")
    source_url: str | None = Field(description="Where what it says can be read.")
    contact: str | None = Field(
        description="How to reach the reader; null if they did not say, and once it is handled."
    )
    version: int = Field(description="Counts the changes of its status; the ETag names it.")
    status: SuggestionStatus = Field(description="received, taken_up or declined.")
    handled_at: datetime | None = Field(description="When its status last changed (UTC).")
    handled_by: str | None = Field(description="Who changed it.")
    note: str | None = Field(description="Why, for other editors.")


class SuggestionAnswer(DeskShape):
    """One suggestion."""

    data: SuggestionState = Field(description="The suggestion.")


class SuggestionList(DeskShape):
    """A page of suggestions."""

    data: list[SuggestionState] = Field(description="The suggestions, the oldest first.")
    links: NextLink = Field(description="Where it goes on.")


class SuggestionHandling(Note):
    """What becomes of a suggestion."""

    status: SuggestionStatus = Field(description="taken_up, declined, or received again.")


class SearchGap(DeskShape):
    """Words that were asked for and not found."""

    text: str = Field(description="The words, in small letters without accents.")
    kind: Literal["case-study", "district"] = Field(description="What was searched.")
    how: Literal["none", "any", "corrected"] = Field(
        description="none: nothing has any of the words; any: nothing has all of them; corrected: only another spelling was found."
    )
    count: int = Field(description="How often.")
    first_seen: date = Field(description="The first day (UTC).")
    last_seen: date = Field(description="The last day (UTC).")


class SearchGapMeta(DeskShape):
    """How much there is."""

    total: int = Field(description="Gaps that the filters fit, also those behind `limit`.")
    min_count: int = Field(
        description="Rarer ones are not shown; below three never, since they could tell who asked."
    )


class SearchGapList(DeskShape):
    """Search gaps."""

    data: list[SearchGap] = Field(description="The gaps, the most frequent first.")
    meta: SearchGapMeta = Field(description="How much there is.")


# What is sent.
ASKED = (SuggestionRequest, SuggestionHandling)
