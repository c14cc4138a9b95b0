"""Every error the application raises on purpose. Only web/problems.py and cli.py catch them.

Refusal
├── Invalid          the input breaks a rule; each Fault says where and what is allowed
│   └── Malformed    the request itself cannot be read
├── NotFound         no such record or address
├── Gone             the record was public and has been withdrawn
├── Moved            the record has another slug now
├── Conflict         the record's state does not allow the step
├── Stale            the record has changed since it was read
├── VersionRequired  the request must name the version it is based on
├── Unauthenticated  no valid key
├── Forbidden        the key's role does not allow it
├── TooMany          too many requests
├── Busy             another write is taking long
├── Unavailable      the database cannot be reached or used
└── StorageFull      there is no room to write
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MAX_FAULTS = 20  # told in one answer; of the others only their number


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an input: in a query parameter, a header or a place in a body (JSON Pointer)."""

    code: str
    detail: str
    parameter: str | None = None
    pointer: str | None = None
    allowed: tuple[str, ...] | None = None
    nearest: tuple[str, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fault as a member of a problem document's `errors`; what is not known is left out."""
        names = ("parameter", "pointer", "code", "detail", "allowed", "nearest")
        parts = {name: getattr(self, name) for name in names}
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def where(self) -> str:
        """The parameter's name or the pointer, for a table of faults."""
        return self.parameter or self.pointer or ""


class Refusal(Exception):
    """A request that is not carried out, for a reason the client may know."""


class Invalid(Refusal):
    """The input breaks a rule. Holds every fault, not only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        places = (f"{fault.where}: " if fault.where else "" for fault in self.faults)
        sentences = (fault.detail.rstrip(".") for fault in self.faults)
        details = map("".join, zip(places, sentences, strict=True))
        super().__init__("; ".join(details))


class Malformed(Invalid):
    """The request itself cannot be read: an unknown parameter, a damaged cursor, a body that is not JSON."""


class NotFound(Refusal):
    """No record or address has this name. `nearest`: existing names most similar to it."""

    def __init__(self, what: str, *, nearest: Sequence[str] = ()) -> None:
        self.nearest = tuple(nearest)
        super().__init__(what)


class Gone(Refusal):
    """The record was public and has been withdrawn: `at`, where it is known."""

    def __init__(self, what: str, *, reason: str | None = None, at: datetime | None = None) -> None:
        self.reason, self.at = reason, at
        super().__init__(what)


class Moved(Refusal):
    """The record has another slug now, for good."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__(f"moved to {slug}")


class Conflict(Refusal):
    """The state of the record does not allow the step."""


class Stale(Refusal):
    """The record has changed since the client read it.

    `version` is the newest one, `current` the record as it is now, and `comparison` says of each
    field what it was, is now, and was to become.
    """

    def __init__(
        self,
        what: str,
        *,
        version: int,
        current: dict[str, Any] | None = None,
        comparison: Sequence[dict[str, Any]] = (),
    ) -> None:
        self.version, self.current, self.comparison = version, current, list(comparison)
        super().__init__(what)


class VersionRequired(Refusal):
    """The request must name the version it is based on."""


class Unauthenticated(Refusal):
    """The request has no valid key."""


class Forbidden(Refusal):
    """The key is valid, but its role does not allow this. `needs`: the role that does."""

    def __init__(self, what: str, *, needs: str) -> None:
        self.needs = needs
        super().__init__(what)


class TooMany(Refusal):
    """Too many requests. `retry_after` is in seconds."""

    def __init__(self, what: str, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(what)


class Busy(Refusal):
    """Another write is taking long. `retry_after` is in seconds."""

    def __init__(self, what: str, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(what)


class Unavailable(Refusal):
    """The database cannot be reached or used. `retry_after` is in seconds."""

    def __init__(self, what: str, *, retry_after: int = 5) -> None:
        self.retry_after = retry_after
        super().__init__(what)


class StorageFull(Refusal):
    """There is no room to write: nothing was changed."""
