"""A record's life as one table of moves: draft -> in_review -> published -> withdrawn, and back. Four eyes."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.catalog import publication
from app.desk.access.permissions import Editor
from app.desk.editing import drafts
from app.errors import Conflict, Fault, Forbidden, Invalid
from app.records import store
from app.records.kinds import KINDS
from app.records.references import reference_faults, unpublished_references
from app.records.revisions import Revision
from app.records.store import Change, Kept


@dataclass(frozen=True, slots=True)
class Move:
    """One step in a record's life."""

    before: tuple[str, ...]
    after: str
    needs: str  # the permission


MOVES = {
    "submit": Move(("draft",), "in_review", "submit"),
    "return": Move(("in_review",), "draft", "return"),
    "publish": Move(("in_review",), "published", "publish"),
    "withdraw": Move(("draft", "in_review", "published"), "withdrawn", "withdraw"),
    "restore": Move(("withdrawn",), "draft", "restore"),
}


def submit(
    session: Session,
    kind: str,
    slug: str,
    *,
    seen_version: int,
    by: Editor,
    at: datetime,
    note: str | None = None,
) -> Revision:
    """Ask for a review. Raises Invalid with everything that publishing still needs."""
    kept = _ready(session, "submit", kind, slug, seen_version, by)
    if faults := publication_faults(session, kept):
        raise Invalid(faults)
    return _move(session, kept, "submit", by, at, note)


def return_(
    session: Session,
    kind: str,
    slug: str,
    *,
    seen_version: int,
    by: Editor,
    at: datetime,
    note: str,
) -> Revision:
    """Give a record back to its editor, with a note that says why."""
    kept = _ready(session, "return", kind, slug, seen_version, by)
    return _move(session, kept, "return", by, at, note)


def publish(
    session: Session,
    kind: str,
    slug: str,
    *,
    seen_version: int,
    by: Editor,
    at: datetime,
    note: str | None = None,
    bypass_reason: str | None = None,
) -> Revision:
    """Make the newest version public. Another person than its last editor must do it; an administrator may bypass
    that, and the review, with a written reason."""
    kept = drafts.seen(session, kind, slug, seen_version)
    by.must("publish")
    if bypass_reason:
        by.must("bypass_review")
    _check_move(kept, "publish", also=("draft",) if bypass_reason else ())
    if kept.updated_by == by.label and not bypass_reason:
        raise Forbidden(
            f"{by.label!r} edited this version last; someone else must publish it, or an admin with a bypass_reason",
            needs="another reviewer",
        )
    if faults := publication_faults(session, kept):
        raise Invalid(faults)
    revision = _move(
        session,
        kept,
        "publish",
        by,
        at,
        (bypass_reason and f"review bypassed: {bypass_reason}") or note,
    )
    publication.show(session, [revision])
    return revision


def withdraw(
    session: Session,
    kind: str,
    slug: str,
    *,
    seen_version: int,
    by: Editor,
    at: datetime,
    reason: str,
) -> Revision:
    """Take a public record out of sight, with a reason that the public is told. Raises Conflict while public records need it."""
    kept = _ready(session, "withdraw", kind, slug, seen_version, by)
    if kept.published_version is None:
        raise Conflict("it is not public, so there is nothing to withdraw")
    if needing := publication.needing(session, kind, slug):
        raise Conflict(
            f"public records need it: {', '.join(needing[:5])}{' and more' if len(needing) > 5 else ''}"
        )
    revision = _move(session, kept, "withdraw", by, at, reason)
    publication.hide(session, revision)
    return revision


def restore(
    session: Session,
    kind: str,
    slug: str,
    *,
    seen_version: int,
    by: Editor,
    at: datetime,
    note: str | None = None,
) -> Revision:
    """Make a draft of a withdrawn record, to be reviewed anew."""
    kept = _ready(session, "restore", kind, slug, seen_version, by)
    return _move(session, kept, "restore", by, at, note)


def publication_faults(session: Session, kept: Kept) -> list[Fault]:
    """What still stands between a record and the public."""
    faults = [
        *KINDS[kept.kind].faults(kept.record),
        *KINDS[kept.kind].publication_faults(kept.record),
    ]
    return (
        faults
        + reference_faults(session, kept.kind, kept.record)
        + unpublished_references(session, kept.kind, kept.record)
    )


def moves_open(kept: Kept) -> list[str]:
    """The steps that its state allows."""
    return [
        name
        for name, move in MOVES.items()
        if kept.status in move.before and (name != "withdraw" or kept.published_version is not None)
    ]


def _ready(
    session: Session, action: str, kind: str, slug: str, seen_version: int, by: Editor
) -> Kept:
    by.must(MOVES[action].needs)
    kept = drafts.seen(session, kind, slug, seen_version)
    _check_move(kept, action)
    return kept


def _check_move(kept: Kept, action: str, also: tuple[str, ...] = ()) -> None:
    if kept.status not in (*MOVES[action].before, *also):
        wanted = " or ".join(MOVES[action].before).replace("_", " ")
        raise Conflict(
            f"it is {kept.status.replace('_', ' ')}; to {action} it, it must be {wanted}"
        )


def _move(
    session: Session, kept: Kept, action: str, by: Editor, at: datetime, note: str | None
) -> Revision:
    return store.save(
        session,
        Change(kept.kind, kept.record, action, MOVES[action].after, edits=False, note=note),
        by=by.label,
        at=at,
    )
