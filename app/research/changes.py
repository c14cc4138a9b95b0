"""The change feed: each record once, at the revision that last changed what is public of it.

A reader that applies the feed in order ends with what is public now: a record that changes again
while it reads moves to a later revision, so it is met again and never lost.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.catalog import entry
from app.catalog.entry import Position, PublicState
from app.records import revisions
from app.records.kinds import KINDS, SEARCHABLE
from app.records.revisions import Revision

PUBLISHED, CHANGED, RENAMED, WITHDRAWN = "published", "changed", "renamed", "withdrawn"
UNMATCHED = "unmatched"
CHANGES = (PUBLISHED, CHANGED, RENAMED, WITHDRAWN, UNMATCHED)

Selection = dict[str, frozenset[str]]  # the slugs that a search finds, by kind


@dataclass(frozen=True, slots=True)
class PublicChange:
    """The newest change of what is public of one record."""

    revision: int
    at: datetime
    kind: str
    slug: str
    change: str  # one of CHANGES
    fields: tuple[str, ...]  # of the record; empty if only what it refers to has changed
    moved_to: str | None  # the slug that a renamed record has now
    reason: str | None  # of a withdrawal


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of the feed."""

    changes: Sequence[PublicChange]
    next: Position | None  # where the next page begins; None at the end of the feed


def page(
    session: Session,
    after: Position,
    *,
    limit: int,
    kind: str | None = None,
    selection: Selection | None = None,
) -> ChangePage:
    """The changes after a position, in order.

    With a selection, records outside it have the change `unmatched`: a copy of the selection drops
    them, should it hold them from before.
    """
    kinds = (kind,) if kind else SEARCHABLE if selection is not None else tuple(KINDS)
    states = entry.changed_after(session, after, kinds=kinds, limit=limit + 1)
    shown = states[:limit]
    log = revisions.by_seq(session, [state.seq for state in shown])
    changes = [_change(session, state, log.get(state.seq), selection) for state in shown]
    return ChangePage(changes, shown[-1].position if len(states) > limit else None)


def position(seq: int, record: str | None) -> Position:
    """The position behind a revision, or behind a record of it, written `kind/slug`."""
    kind, separator, slug = (record or "").partition("/")
    return Position(seq, (kind, slug) if separator else None)


def digest(session: Session) -> tuple[str, int]:
    """SHA-256 over a line `case-study boise-id 1021` for each public record, and their number.

    The lines are sorted by kind, then by slug; the number in each is the record's revision.
    """
    checksum, count = hashlib.sha256(), 0
    for kind in sorted(KINDS):
        for slug, seq in entry.public_seqs(session, kind):
            checksum.update(f"{kind} {slug} {seq}\n".encode())
            count += 1
    return checksum.hexdigest(), count


def _change(
    session: Session, state: PublicState, revision: Revision | None, selection: Selection | None
) -> PublicChange:
    own = revision if revision and (revision.kind, revision.slug) == state.key else None
    fields: tuple[str, ...] = ()
    if state.state == "gone":
        change = WITHDRAWN
    elif state.moved_to:
        change = RENAMED
    elif selection and state.slug not in selection.get(state.kind, (state.slug,)):
        change = UNMATCHED
    else:
        before = _published_before(session, own) if own else {}
        change = PUBLISHED if before is None else CHANGED
        if own and before:
            fields = _differing_fields(before, own.document)
    return PublicChange(
        revision=state.seq,
        at=state.updated_at,
        kind=state.kind,
        slug=state.slug,
        change=change,
        fields=fields,
        moved_to=state.moved_to,
        reason=state.reason,
    )


def _published_before(session: Session, revision: Revision) -> dict[str, Any] | None:
    """The record as it was public before a revision; None if it was not."""
    versions = {
        each.version: each for each in revisions.history(session, revision.kind, revision.slug)
    }
    before = versions.get(revision.version - 1)
    if before is None or before.published_version is None:
        return None
    return versions[before.published_version].document


def _differing_fields(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    names = sorted(before.keys() | after.keys())
    return tuple(name for name in names if before.get(name) != after.get(name))
