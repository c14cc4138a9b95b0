"""The shapes of cited sources and their checks."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.desk.shapes import DeskShape, NextLink, Status

SourceHealth = Literal["alive", "moved", "dead", "blocked", "unreachable", "unchecked"]


class CitingCase(DeskShape):
    """A case study that rests on a source."""

    slug: str = Field(description="Public id.")
    public: bool = Field(
        description="Whether the version that the public reads rests on it; else only the newest does."
    )
    link: str = Field(description="The record at the desk.")


class SourceState(DeskShape):
    """A source and what its last check found."""

    url: str = Field(description="The address, as records have it.")
    health: SourceHealth = Field(
        description="alive; moved (permanently, to `moved_to`); dead (the server says so, or it could not be reached for two weeks); blocked (programs may not ask); unreachable (now); unchecked."
    )
    checked_at: datetime | None = Field(description="When it was last asked (UTC).")
    last_alive_at: datetime | None = Field(description="When it was last found (UTC).")
    failing_since: datetime | None = Field(
        description="Since when no check has found it (UTC); null: it was found, or may not be asked."
    )
    status_code: int | None = Field(
        description="HTTP status of the last answer; null where none came."
    )
    moved_to: str | None = Field(description="Where permanent redirects lead.")
    note: str | None = Field(description="What stood in the way, in words.")
    case_studies: list[CitingCase] = Field(description="Who rests on it.")


class SourceCounts(DeskShape):
    """How many sources there are of each health."""

    alive: int = Field(description="Found at their address.")
    moved: int = Field(description="Found elsewhere.")
    dead: int = Field(description="Gone.")
    blocked: int = Field(description="Not for programs.")
    unreachable: int = Field(description="Not reached when last asked.")
    unchecked: int = Field(description="Never asked yet.")


class SourceListMeta(DeskShape):
    """The state of all sources."""

    counts: SourceCounts = Field(
        description="How many there are of each health, whatever the filter."
    )


class SourceList(DeskShape):
    """A page of sources."""

    data: list[SourceState] = Field(description="The sources, by address.")
    meta: SourceListMeta = Field(description="The state of all of them.")
    links: NextLink = Field(description="Where it goes on.")


class FlaggedCase(DeskShape):
    """A case study whose every source is dead."""

    slug: str = Field(description="Public id.")
    title: str = Field(description="Title.")
    status: Status = Field(description="State of the newest version.")
    public: bool = Field(description="Whether the public reads it.")
    link: str = Field(description="The record at the desk.")
    sources: list[SourceState] = Field(description="Its sources.")


class FlaggedList(DeskShape):
    """Case studies whose every source is dead."""

    data: list[FlaggedCase] = Field(description="The case studies, by slug.")
