"""Former entries: what was public before, kept as it was sent, so that every revision can be answered again."""

from collections.abc import Mapping

from sqlalchemy import BigInteger, bindparam, cast, insert, select, update
from sqlmodel import Session, col

from app.catalog.entry_tables import EntryRow, FormerEntryRow

# Until the record is published again: an entry that was made anew within its own revision, as when
# a link check found its sources. The first form counts for the whole revision.
UNTIL_PUBLISHED = 2**63 - 1
COLUMNS = tuple(name for name in FormerEntryRow.model_fields if name != "until_seq")


def keep(
    session: Session, kind: str, seqs: Mapping[str, int], *, newest: int | None = None
) -> None:
    """Keep the entries that are about to be replaced. `seqs`: by slug, the revision that replaces it.

    `newest`: the newest revision, if they are replaced without a revision of their own. Then they
    count up to it, because they may have been cited by its number.
    """
    ends = {}
    for slug, seq in _replaced(session, kind, seqs):
        end = _end(seq, seqs[slug], newest)
        if end is not None:
            ends[slug] = end
    waiting = _waiting(session, kind, ends)
    for slug in waiting & ends.keys():
        if ends[slug] != UNTIL_PUBLISHED:
            _end_waiting(session, kind, slug, ends[slug])
    copied = [
        {"of_kind": kind, "of_slug": slug, "end": end}
        for slug, end in ends.items()
        if slug not in waiting
    ]
    if copied:
        session.connection().execute(_COPY, copied)


def _end(seq: int, replaced_by: int, newest: int | None) -> int | None:
    """First revision at which an entry of `seq` is not public; None if it is not to be kept."""
    if newest is not None:
        return UNTIL_PUBLISHED if replaced_by == seq else newest + 1
    return replaced_by if replaced_by > seq else None  # written twice within one revision


def _replaced(session: Session, kind: str, slugs: Mapping[str, int]) -> list[tuple[str, int]]:
    query = select(col(EntryRow.slug), col(EntryRow.seq)).where(
        col(EntryRow.kind) == kind, col(EntryRow.slug).in_(slugs)
    )
    return [(slug, seq) for slug, seq in session.connection().execute(query)]


def _waiting(session: Session, kind: str, slugs: Mapping[str, int]) -> set[str]:
    """The records whose first form within their revision is kept already."""
    if not slugs:
        return set()
    query = select(col(FormerEntryRow.slug)).where(
        col(FormerEntryRow.kind) == kind,
        col(FormerEntryRow.slug).in_(slugs),
        col(FormerEntryRow.until_seq) == UNTIL_PUBLISHED,
    )
    return set(session.connection().execute(query).scalars())


def _end_waiting(session: Session, kind: str, slug: str, end: int) -> None:
    session.connection().execute(
        update(FormerEntryRow)
        .where(
            col(FormerEntryRow.kind) == kind,
            col(FormerEntryRow.slug) == slug,
            col(FormerEntryRow.until_seq) == UNTIL_PUBLISHED,
        )
        .values(until_seq=end)
    )


_COPY = insert(FormerEntryRow).from_select(
    [*COLUMNS, "until_seq"],
    select(
        *(getattr(EntryRow, name) for name in COLUMNS), cast(bindparam("end"), BigInteger)
    ).where(col(EntryRow.kind) == bindparam("of_kind"), col(EntryRow.slug) == bindparam("of_slug")),
)
