"""What differs between two snapshots, record by record, as data and in one sentence each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson
from sqlmodel import Session

from app.catalog import as_of
from app.catalog.entry import BATCH, PublicEntry
from app.errors import Conflict
from app.records.kinds import KINDS

ADDED, CHANGED, RENAMED, WITHDRAWN = "added", "changed", "renamed", "withdrawn"
CHANGES = (ADDED, CHANGED, RENAMED, WITHDRAWN)
MOST_CHANGES = 20_000
OF_EVERY_PUBLICATION = ("version", "updated_at", "url")  # told by the change itself


@dataclass(frozen=True, slots=True)
class SnapshotChange:
    """A record that is not the same in two snapshots."""

    change: str  # one of CHANGES
    kind: str
    slug: str  # in the newer snapshot; of a withdrawn record, its last one
    slug_before: str | None  # in the older snapshot; None if the record was not in it
    fields: tuple[str, ...]  # of the document, that differ
    reason: str | None  # of a withdrawal
    sentence: str


def between(session: Session, older: int, newer: int) -> list[SnapshotChange]:
    """The changes from one revision to a newer one, by kind and by the slug in the older.

    Raises Conflict if they are too many to compare.
    """
    changed = {kind: as_of.changed_between(session, kind, older, newer) for kind in KINDS}
    if sum(map(len, changed.values())) > MOST_CHANGES:
        raise Conflict(
            f"More than {MOST_CHANGES} records changed between these snapshots. Compare their files."
        )
    return [
        change
        for kind, slugs in changed.items()
        for start in range(0, len(slugs), BATCH)
        for change in _of_kind(session, kind, slugs[start : start + BATCH], older, newer)
    ]


def _of_kind(
    session: Session, kind: str, slugs: Sequence[str], older: int, newer: int
) -> Iterator[SnapshotChange]:
    before = as_of.public_then(session, kind, slugs, older)
    after = as_of.public_then(session, kind, slugs, newer)
    destinations = [entry.moved_to for entry in after.values() if entry.moved_to]
    after |= as_of.public_then(session, kind, destinations, newer)
    former = as_of.moved_then(session, kind, slugs, newer)
    renamed = as_of.public_then(session, kind, list(former), older)
    known = {former[slug] for slug, entry in renamed.items() if entry.document}
    for slug in slugs:
        past, present = before.get(slug), after.get(slug)
        if past and past.document:
            if present and present.moved_to:
                present = after.get(present.moved_to)
            change = _change(past, present) if present else None
        else:
            is_new = present is not None and present.document and slug not in known
            change = _addition(present) if present and is_new else None
        if change is not None:
            yield change


def _addition(present: PublicEntry) -> SnapshotChange:
    what = _called(present)
    return SnapshotChange(ADDED, present.kind, present.slug, None, (), None, f"{what} was added.")


def _change(past: PublicEntry, present: PublicEntry) -> SnapshotChange | None:
    """How a record of the older snapshot changed; None if it did not."""
    fields = _differing_fields(past, present)
    listed = f": {', '.join(fields)}" if fields else ""
    if present.document is None:
        change = WITHDRAWN
        reason = f": {present.reason}" if present.reason else "."
        sentence = f"{_called(past)} was withdrawn{reason}"
    elif present.slug != past.slug:
        change = RENAMED
        also = f", and changed{listed}" if fields else ""
        sentence = f"{_called(past)} was renamed to {present.slug}{also}."
    elif past.document == present.document:
        return None
    else:
        change = CHANGED
        sentence = f"{_called(present)} {f'changed{listed}' if fields else 'was published again'}."
    return SnapshotChange(
        change, past.kind, present.slug, past.slug, fields, present.reason, sentence
    )


def _called(entry: PublicEntry) -> str:
    """A record in words, at the beginning of a sentence."""
    document = orjson.loads(entry.document or "{}")
    names = (document.get(name) for name in ("title", "name", "label"))
    name = next((name for name in names if name), entry.slug)
    return f"The {KINDS[entry.kind].noun} {name} ({entry.slug})"


def _differing_fields(past: PublicEntry, present: PublicEntry) -> tuple[str, ...]:
    if past.document is None or present.document is None:
        return ()
    before, after = orjson.loads(past.document), orjson.loads(present.document)
    names = sorted((before.keys() | after.keys()) - set(OF_EVERY_PUBLICATION))
    return tuple(name for name in names if before.get(name) != after.get(name))
