"""A record's life as one table of moves: draft, in review, published, withdrawn, and back.

Nobody publishes what they wrote, renamed or planned an import of themselves (four eyes).
"""

from dataclasses import dataclass

from sqlmodel import Session

from app.catalog import publication
from app.desk.editing import drafts
from app.desk.editing.drafts import NAMED, Step
from app.errors import Conflict, Fault, Forbidden, Invalid
from app.records import revisions, store
from app.records.kinds import KINDS
from app.records.references import reference_faults, unpublished_references
from app.records.revisions import Revision
from app.records.store import Change, StoredRecord


@dataclass(frozen=True, slots=True)
class Move:
    """One move in a record's life. `otherwise`: what to do first in a state that does not allow it."""

    before: tuple[str, ...]
    after: str
    permission: str
    otherwise: str


MOVES = {
    "submit": Move(("draft",), "in_review", "submit", "Only a draft can be submitted for review."),
    "return": Move(("in_review",), "draft", "return", "Only a record in review can be returned."),
    "publish": Move(
        ("in_review",), "published", "publish", "Submit it for review before publishing."
    ),
    "withdraw": Move(
        ("draft", "in_review", "published"),
        "withdrawn",
        "withdraw",
        "Only a public record can be withdrawn.",
    ),
    "restore": Move(("withdrawn",), "draft", "restore", "Only a withdrawn record can be restored."),
}
IN_WORDS = {
    "draft": "a draft",
    "in_review": "in review",
    "published": "published",
    "withdrawn": "withdrawn",
}


def submit(session: Session, step: Step, *, note: str | None = None) -> Revision:
    """Ask for a review. Raises Invalid with everything that publishing still needs, except that
    districts and terms may be in review themselves."""
    stored = _ready(session, "submit", step)
    if faults := publication_faults(session, stored, in_review=True):
        raise Invalid(faults)
    return _move(session, stored, "submit", step, note)


def return_(session: Session, step: Step, *, note: str) -> Revision:
    """Give a record back to its editor, with a note that says why."""
    stored = _ready(session, "return", step)
    return _move(session, stored, "return", step, note)


def publish(
    session: Session, step: Step, *, note: str | None = None, bypass_reason: str | None = None
) -> Revision:
    """Make the newest version public. Nobody who had a hand in what is not public yet may do it; an
    admin may bypass that, and the review, with a written reason."""
    stored = drafts.expect_version(session, step)
    step.by.must("publish")
    if bypass_reason:
        step.by.must("bypass_review")
    _check_move(stored, "publish", also=("draft",) if bypass_reason else ())
    authors = {
        stored.updated_by,
        *revisions.unpublished_authors(session, stored.kind, stored.slug),
    }
    if step.by.label in authors and not bypass_reason:
        raise Forbidden(
            "You wrote, renamed or imported part of what is not public yet. Another reviewer must "
            "publish it, or an admin can give a bypass_reason.",
            needs="another reviewer",
        )
    if faults := publication_faults(session, stored):
        raise Invalid(faults)
    reason = f"review bypassed: {bypass_reason}" if bypass_reason else note
    revision = _move(session, stored, "publish", step, reason)
    publication.show(session, [revision])
    return revision


def withdraw(session: Session, step: Step, *, reason: str) -> Revision:
    """Take a public record out of sight, with a reason that the public is told.

    Raises Conflict if public records need it.
    """
    stored = _ready(session, "withdraw", step)
    if stored.published_version is None:
        raise Conflict("This record is not public, so there is nothing to withdraw.")
    if needing := publication.needing(session, step.kind, step.slug):
        names = ", ".join(needing[:NAMED]) + (" and others" if len(needing) > NAMED else "")
        raise Conflict(f"Public records need this one: {names}. Change them first.")
    revision = _move(session, stored, "withdraw", step, reason)
    publication.hide(session, revision)
    return revision


def restore(session: Session, step: Step, *, note: str | None = None) -> Revision:
    """Make a draft of a withdrawn record, to be reviewed again."""
    stored = _ready(session, "restore", step)
    return _move(session, stored, "restore", step, note)


def publication_faults(
    session: Session, stored: StoredRecord, *, in_review: bool = False
) -> list[Fault]:
    """What publishing a record still needs. `in_review`: what it refers to may be in review."""
    kind, record = stored.kind, stored.record
    return [
        *KINDS[kind].faults(record),
        *KINDS[kind].publication_faults(record),
        *reference_faults(session, kind, record),
        *unpublished_references(session, kind, record, in_review=in_review),
    ]


def possible_moves(session: Session, stored: StoredRecord) -> list[str]:
    """The steps that can be taken now, by somebody who has the permission."""
    possible = {
        "submit": lambda: not publication_faults(session, stored, in_review=True),
        "publish": lambda: not publication_faults(session, stored),
        "withdraw": lambda: (
            stored.published_version is not None
            and not publication.needing(session, stored.kind, stored.slug)
        ),
    }
    moves = [
        name
        for name, move in MOVES.items()
        if stored.status in move.before and possible.get(name, lambda: True)()
    ]
    if stored.status == "draft" and drafts.discard_obstacle(session, stored) is None:
        moves.append("discard")
    return moves


def _ready(session: Session, action: str, step: Step) -> StoredRecord:
    step.by.must(MOVES[action].permission)
    stored = drafts.expect_version(session, step)
    _check_move(stored, action)
    return stored


def _check_move(stored: StoredRecord, action: str, also: tuple[str, ...] = ()) -> None:
    move = MOVES[action]
    if stored.status not in (*move.before, *also):
        raise Conflict(f"This record is {IN_WORDS[stored.status]}. {move.otherwise}")


def _move(
    session: Session, stored: StoredRecord, action: str, step: Step, note: str | None
) -> Revision:
    after = MOVES[action].after
    change = Change(stored.kind, stored.record, action, after, edits=False, note=note)
    return store.save(session, change, by=step.by.label, at=step.at)
