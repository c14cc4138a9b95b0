"""The shapes of cited sources and their checks."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.desk.shapes import DeskShape, NextLink, Status

SourceHealth = Literal["alive", "moved", "dead", "blocked", "unreachable", "unchecked"]


class CitingCase(DeskShape):
    """A case study that cites a source."""

    slug: str = Field(description="Public id.")
    public: bool = Field(
        description="Whether the public version cites the source; if not, only the newest version does."
    )
    link: str = Field(description="The record at the desk.")


class SourceState(DeskShape):
    """A source with the result of its last check."""

    url: str = Field(description="URL of the source, as in the records.")
    health: SourceHealth = Field(
        description="alive; moved (permanently, to `moved_to`); dead (the server says so, or no check has reached it for two weeks); blocked (the site does not allow programs); unreachable (at the last check); unchecked."
    )
    checked_at: datetime | None = Field(description="Time of the last check (UTC).")
    last_alive_at: datetime | None = Field(description="When a check last found it (UTC).")
    failing_since: datetime | None = Field(
        description="Time since which no check has found it (UTC); null if the last check found it or was not allowed."
    )
    status_code: int | None = Field(
        description="HTTP status of the last response; null if there was none."
    )
    moved_to: str | None = Field(description="Target of permanent redirects.")
    note: str | None = Field(description="Why the check failed.")
    case_studies: list[CitingCase] = Field(description="Case studies that cite it.")


class SourceCounts(DeskShape):
    """Number of sources by health."""

    alive: int = Field(description="Sources found at their URL.")
    moved: int = Field(description="Sources that have moved.")
    dead: int = Field(description="Sources that are gone.")
    blocked: int = Field(description="Sources that do not allow programs.")
    unreachable: int = Field(description="Sources that the last check could not reach.")
    unchecked: int = Field(description="Sources that were never checked.")


class SourceListMeta(DeskShape):
    """Totals for all sources."""

    counts: SourceCounts = Field(
        description="Number of sources by health, without regard to filters."
    )


class SourceList(DeskShape):
    """A page of sources."""

    data: list[SourceState] = Field(description="The sources, by address.")
    meta: SourceListMeta = Field(description="Totals for all sources.")
    links: NextLink = Field(description="Next page.")


class FlaggedCase(DeskShape):
    """A case study whose every source is dead."""

    slug: str = Field(description="Public id.")
    title: str = Field(description="Title.")
    status: Status = Field(description="State of the newest version.")
    public: bool = Field(description="Whether the case study is public.")
    link: str = Field(description="The record at the desk.")
    sources: list[SourceState] = Field(description="Its sources.")


class FlaggedList(DeskShape):
    """Case studies whose every source is dead."""

    data: list[FlaggedCase] = Field(description="The case studies, by slug.")
