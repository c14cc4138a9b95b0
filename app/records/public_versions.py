"""What was public of a record, and when: of its whole history, only what everybody could read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.records import revisions
from app.records.revisions import Revision


@dataclass(frozen=True, slots=True)
class PublicVersion:
    """A version that was published, or the end of the record's public life (document None)."""

    version: int
    seq: int  # the revision that published it, or ended it
    slug: str  # what it was called then
    at: datetime
    document: dict[str, Any] | None
    reason: str | None  # why it was withdrawn


def public_versions(session: Session, kind: str, slug: str) -> list[PublicVersion]:
    """Every public version of a record, oldest first, and when it was withdrawn."""
    versions: list[PublicVersion] = []
    for revision in revisions.history(session, kind, slug):
        if revision.published_version == revision.version:
            document: dict[str, Any] | None = revision.document
            versions.append(_version(revision, document, None))
        elif revision.published_version is None and versions and versions[-1].document:
            versions.append(_version(revision, None, revision.note))
    return versions


def _version(
    revision: Revision, document: dict[str, Any] | None, reason: str | None
) -> PublicVersion:
    return PublicVersion(
        revision.version, revision.seq, revision.slug, revision.at, document, reason
    )
