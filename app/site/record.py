"""A published record as its page shows it: as it is, or with `as_of` as it was."""

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request

from app.catalog import as_of, entry
from app.catalog.citation import citation_of
from app.catalog.entry import PublicEntry
from app.catalog.published import published
from app.database import Database
from app.records.kinds import KINDS
from app.settings import Settings
from app.site.page import CSV, JSON, Alternate, citations_at
from app.web.parameters import read_values
from app.web.state import resource

AS_OF = as_of.PARAMETER.name
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Since:
    """What became of a record after the state that a page shows."""

    state: str  # now: public, moved or gone
    version: int | None  # the public one now


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """A record for its page."""

    public: PublicEntry
    document: Json
    address: str  # root-relative, of the record as it is now
    then: str  # stands behind addresses that stay at its revision; empty for what is public now
    since: Since | None  # None where it has not changed
    cite: str

    @property
    def alternates(self) -> list[Alternate]:
        """The same as data."""
        rows = f"/v1/exports/{KINDS[self.public.kind].path}.csv?slug={self.public.slug}"
        return [
            Alternate(JSON, "JSON", f"/v1{self.address}{self.then}"),
            Alternate(CSV, "CSV", rows + self.then.replace("?", "&")),
        ]

    @property
    def citations(self) -> list[Alternate]:
        """How to cite it."""
        return citations_at(f"/v1{self.address}/citation{self.then}")

    @property
    def values(self) -> Json:
        """What every page of a record shows."""
        return {
            "cite": self.cite,
            "updated_at": self.public.updated_at,
            "version": self.document["version"],
            "then": self.then,
            "since": self.since,
        }


def read_record(request: Request, kind: str, name: str) -> ShownRecord:
    """The record by slug, or by LEAID for a district.

    Raises NotFound, Moved or Gone; Invalid for an `as_of` that cannot be read or known.
    """
    moment = read_values(request, (as_of.PARAMETER,)).get(AS_OF)
    with resource(request, Database).reading() as session:
        public, text = published(session, kind, name, moment)
        now = entry.find(session, kind, public.slug) if moment is not None else public
    document = orjson.loads(text)
    base_url = resource(request, Settings).base_url
    return ShownRecord(
        public,
        document,
        f"/{KINDS[kind].path}/{public.slug}",
        f"?{AS_OF}={public.seq}" if moment is not None else "",
        _since(public, now),
        citation_of(public, document, base_url).text(),
    )


def _since(shown: PublicEntry, now: PublicEntry | None) -> Since | None:
    if now is None or now.seq == shown.seq:
        return None
    version = orjson.loads(now.document)["version"] if now.document else None
    return Since(now.state, version)
