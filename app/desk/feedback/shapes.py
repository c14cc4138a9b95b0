"""The shapes of suggestions and search gaps."""

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field

from app.desk.shapes import DeskShape, NextLink, Note, RequestBody
from app.records.shape import SHORT, SLUG_PATTERN, HttpUrl

SuggestionStatus = Literal["received", "taken_up", "declined"]


class SuggestionRequest(RequestBody):
    """What a reader suggests."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    kind: Literal["correction", "new-case"] = Field(
        description="correction: something is wrong or missing; new-case: a case study that the directory lacks."
    )
    about: str | None = Field(
        default=None,
        pattern=SLUG_PATTERN,
        max_length=SHORT,
        description="Slug of the case study or district.",
    )
    text: str = Field(min_length=20, max_length=5000, description="The suggestion, in your words.")
    source_url: HttpUrl | None = Field(
        default=None, max_length=2000, description="URL of a source for the suggestion."
    )
    contact: str | None = Field(
        default=None,
        min_length=1,
        max_length=SHORT,
        description="How editors can reach you. Deleted once the suggestion is handled.",
    )
    website: str = Field(
        default="",
        max_length=2000,
        description="Leave empty. Spam trap: submissions that fill it in are discarded.",
    )


class SuggestionReceipt(DeskShape):
    """Status of a suggestion."""

    status: SuggestionStatus = Field(
        description="received: waiting for an editor; taken_up; declined."
    )


class SelfLink(DeskShape):
    """Link to the status page."""

    self: str = Field(
        description="Status page for this suggestion. Save the link; it is shown only once."
    )


class SuggestionReceived(DeskShape):
    """A received suggestion."""

    data: SuggestionReceipt = Field(description="Status of the suggestion.")
    links: SelfLink = Field(description="Link to the status page.")


class SuggestionReceiptAnswer(DeskShape):
    """The status of a suggestion."""

    data: SuggestionReceipt = Field(description="Status of the suggestion.")


class SuggestionState(DeskShape):
    """A suggestion, for editors."""

    id: str = Field(description="Id of the suggestion.")
    received_at: datetime = Field(description="When it was received (UTC).")
    kind: Literal["correction", "new-case"] = Field(
        description="correction: something is wrong or missing; new-case: a case study that the directory lacks."
    )
    about: str | None = Field(description="Slug of the case study or district.")
    about_link: str | None = Field(description="That record at the desk.")
    text: str = Field(description="The suggestion.")
    source_url: str | None = Field(description="URL of a source for the suggestion.")
    contact: str | None = Field(
        description="How to reach the reader; null if not given, and after the suggestion is handled."
    )
    version: int = Field(description="Number of status changes; the ETag has the same number.")
    status: SuggestionStatus = Field(description="received, taken_up or declined.")
    handled_at: datetime | None = Field(description="When its status last changed (UTC).")
    handled_by: str | None = Field(description="Who changed it.")
    note: str | None = Field(description="Reason, for other editors.")


class SuggestionAnswer(DeskShape):
    """One suggestion."""

    data: SuggestionState = Field(description="The suggestion.")


class SuggestionList(DeskShape):
    """A page of suggestions."""

    data: list[SuggestionState] = Field(description="The suggestions, the oldest first.")
    links: NextLink = Field(description="Next page.")


class SuggestionHandling(Note):
    """Status of a suggestion."""

    status: SuggestionStatus = Field(description="taken_up, declined, or received again.")


class SearchGap(DeskShape):
    """A search that found nothing, or too little."""

    text: str = Field(description="The words, in lower case without accents.")
    kind: Literal["case-study", "district"] = Field(description="What was searched.")
    how: Literal["none", "any", "corrected"] = Field(
        description="none: nothing has any of the words; any: nothing has all of the words; corrected: only a corrected spelling was found."
    )
    count: int = Field(description="Number of searches.")
    first_seen: date = Field(description="First day of such a search (UTC).")
    last_seen: date = Field(description="Last day of such a search (UTC).")


class SearchGapMeta(DeskShape):
    """Totals of a list of search gaps."""

    total: int = Field(
        description="Number of gaps that match the filters, including those beyond `limit`."
    )
    min_count: int = Field(
        description="Gaps with fewer searches are not shown. Searches made fewer than three times are never shown, because they could identify a reader."
    )


class SearchGapList(DeskShape):
    """Search gaps."""

    data: list[SearchGap] = Field(description="The gaps, the most frequent first.")
    meta: SearchGapMeta = Field(description="Totals.")


# What is sent.
REQUEST_BODIES = (SuggestionRequest, SuggestionHandling)
