"""Citation: what is cited, of which day and version, and where it can be read; and the line that says so."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from app.catalog.entry import PublicEntry
from app.records.kinds import KINDS

PUBLISHER = "Model Districts"
CSL_JSON = "application/vnd.citationstyles.csl+json"
# What is no text: XML cannot hold most of it, and some of it ends a line of RIS.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Citation:
    """A record or a result as it is cited. `version` is that of a record; a result has none."""

    title: str
    address: str  # absolute
    revision: int
    changed_at: datetime  # UTC
    version: int | None = None
    takes_as_of: bool = False  # whether the address answers what it did at a revision

    @property
    def permanent_address(self) -> str:
        """The address to cite: where it can, it stays at its revision."""
        if not self.takes_as_of:
            return self.address
        return f"{self.address}{'&' if '?' in self.address else '?'}as_of={self.revision}"

    @property
    def name(self) -> str:
        """The title in one line, which begins with a capital."""
        title = one_line(self.title)
        return title[:1].upper() + title[1:]

    @property
    def edition(self) -> str:
        """Which state is cited: the version of a record, and the revision of the directory."""
        if self.version is None:
            return f"Revision {self.revision}"
        return f"Version {self.version}, revision {self.revision}"

    @property
    def number(self) -> int:
        """For a field called version, which takes one number: a result's version is its revision."""
        return self.revision if self.version is None else self.version

    @property
    def key(self) -> str:
        """A name for lists of references, the same for the same state of the same address."""
        parts = urlsplit(self.address)
        words = [*parts.path.removeprefix("/v1").strip("/").split("/")]
        if parts.query:
            words.append(hashlib.blake2b(parts.query.encode(), digest_size=4).hexdigest())
        return "-".join([*words, str(self.revision)])

    def text(self) -> str:
        """The citation as APA style writes it (7th edition), without italics."""
        return (
            f"{PUBLISHER}. ({self.changed_at.year}). {self.name} ({self.edition}) [Data set]. "
            f"{self.permanent_address}"
        )


def citation_of(public: PublicEntry, document: Mapping[str, Any], base_url: str) -> Citation:
    """The citation of a published record: of its page, which everybody can read."""
    return Citation(
        title=document["title" if public.kind == "case-study" else "name"],
        address=f"{base_url}/{KINDS[public.kind].path}/{public.slug}",
        revision=public.seq,
        changed_at=public.updated_at,
        version=document.get("version"),
        takes_as_of=True,
    )


def one_line(text: str) -> str:
    """A text without line breaks and control characters, which formats of citations cannot hold."""
    return " ".join(_CONTROLS.sub(" ", text).split())
