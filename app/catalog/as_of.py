"""The catalog as it was public at an older revision: its bounds, its records, all of it in order."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.catalog import entry
from app.catalog.entry import LEAID, MAX_SLUG, Entry, PublicEntry
from app.catalog.entry_tables import EntryReferenceRow, EntryRow, FormerEntryRow, HistoryStartRow
from app.catalog.former_entries import UNTIL_PUBLISHED
from app.clock import now
from app.errors import Fault, Invalid, NotFound
from app.records import revisions
from app.records.kinds import KINDS
from app.web.parameters import Parameter

FORM = (
    "as_of must be the number of a revision, a date (2026-11-25), or a time with its zone "
    "(2026-11-25T00:00:00Z)."
)
DAY = timedelta(days=1)
Moment = int | datetime  # a revision, or a time


@dataclass(frozen=True, slots=True)
class PastState:
    """The state of the catalog that an `as_of` means."""

    revision: int  # the newest that changed what was public
    updated_at: datetime  # when anything public had last changed


def read(text: str) -> Moment:
    """The revision or the time that a text names; a date means the end of its day in UTC.

    Raises ValueError, in words.
    """
    try:
        if re.fullmatch(r"[0-9]{1,18}", text):
            return int(text)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return datetime.combine(date.fromisoformat(text), time.min, UTC) + DAY
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(FORM)


PARAMETER = Parameter(
    "as_of",
    "What was public at this revision, or at this time or at the end of this day (UTC): the records, "
    "counts and rows. Links in the answer stay at that revision. A search of an older revision "
    "is slower.",
    None,
    read,
    {"type": "string", "pattern": r"^([0-9]{1,18}|\d{4}-\d\d-\d\d.{0,30})$"},
    code="not_a_revision",
)


def resolve(session: Session, moment: Moment) -> PastState:
    """The state that a revision or time means. Raises Invalid outside what history holds."""
    newest = revisions.newest_seq(session)
    first = first_known(session)
    revision = moment if isinstance(moment, int) else _at_time(session, moment)
    if revision is None or not first <= revision <= newest:
        raise _outside(session, first, newest)
    rows = (
        select(col(row.seq), col(row.updated_at)).where(col(row.seq) <= revision)
        for row in (EntryRow, FormerEntryRow)
    )
    both = union_all(*rows).subquery()
    newest_of_both = select(func.max(both.c.seq), func.max(both.c.updated_at))
    seq, updated_at = session.connection().execute(newest_of_both).one()
    return PastState(seq or 0, updated_at or datetime.fromtimestamp(0, UTC))


def first_known(session: Session) -> int:
    """The revision that history begins with; 0 where all of it was kept."""
    return session.connection().execute(select(col(HistoryStartRow.seq))).scalar() or 0


def is_as_present(session: Session, revision: int) -> bool:
    """Whether the cards and search data of the newest revision are still those it was published with.

    They are not after an upgrade that gave them another form.
    """
    remade = select(col(FormerEntryRow.seq)).where(
        col(FormerEntryRow.until_seq) > revision,
        col(FormerEntryRow.until_seq) < UNTIL_PUBLISHED,
    )
    return session.connection().execute(remade.limit(1)).first() is None


def find(session: Session, kind: str, name: str, revision: int) -> PublicEntry | None:
    """What was public of a record by its slug then, or by LEAID for a district."""
    slugs = [name, *(_slugs_by_leaid(session, name) if kind == "district" else ())]
    public = list(public_then(session, kind, slugs, revision).values())
    # As now: a LEAID is preferred to a slug that looks like one, and a public district to others.
    public.sort(key=lambda entry: (entry.slug == name, entry.state != "public"))
    return public[0] if public else None


def published(session: Session, kind: str, name: str, moment: Moment) -> tuple[PublicEntry, str]:
    """What was public of a record then, and its document.

    Raises NotFound, Moved or Gone for what it was then; Invalid outside what history holds.
    """
    revision = moment if isinstance(moment, int) else resolve(session, moment).revision
    public = find(session, kind, name, revision)
    if public is None or revision > revisions.newest_seq(session):
        resolve(session, revision)  # first, whether it can be known at all
        raise _not_public_then(session, kind, name, revision)
    if public.document is None:
        raise entry.no_longer_public(public)
    return public, public.document


def documents(
    session: Session, kind: str, revision: int, slugs: frozenset[str] | None = None
) -> Iterator[str]:
    """The documents of a kind that were public then, by slug, in constant memory."""
    rows: list[Any] = []
    for row, condition in _rows_then(revision):
        query: Any = select(col(row.slug).label("slug"), col(row.document).label("document")).where(
            condition, col(row.kind) == kind, col(row.state) == "public"
        )
        if slugs is not None and len(slugs) <= entry.BATCH:
            query = query.where(col(row.slug).in_(slugs))
        rows.append(query)
    both = union_all(*rows).order_by("slug")
    stream = session.connection().execute(both, execution_options={"yield_per": entry.BATCH})
    with stream:
        for slug, document in stream:
            if slugs is None or slug in slugs:
                yield document


def count(session: Session, revision: int, kinds: Sequence[str]) -> int:
    """How many entries of these kinds stood in the catalog then."""
    total = 0
    for row, condition in _rows_then(revision):
        query = select(func.count()).select_from(row).where(condition, col(row.kind).in_(kinds))
        total += session.connection().execute(query).scalar_one()
    return total


def changed_between(session: Session, kind: str, older: int, newer: int) -> list[str]:
    """The slugs of a kind that changed after one revision, up to another."""
    rows: list[Any] = [
        select(col(row.slug).label("slug")).where(
            col(row.kind) == kind, col(row.seq) > older, col(row.seq) <= newer
        )
        for row in (EntryRow, FormerEntryRow)
    ]
    both = union_all(*rows).subquery()
    query = select(both.c.slug).distinct().order_by(both.c.slug)
    return list(session.connection().execute(query).scalars())


def public_then(
    session: Session, kind: str, slugs: Sequence[str], revision: int
) -> dict[str, PublicEntry]:
    """What was public under these slugs then, or that it was withdrawn or renamed, by slug."""
    rows = session.connection().execute(_public_then(kind, slugs, revision)).mappings()
    return {row["slug"]: PublicEntry(**row) for row in rows}


def moved_then(session: Session, kind: str, slugs: Sequence[str], revision: int) -> dict[str, str]:
    """The slugs that led to these then, each with the one that it led to."""
    moved: dict[str, str] = {}
    for row, condition in _rows_then(revision):
        query = select(col(row.slug), col(row.moved_to)).where(
            condition, col(row.kind) == kind, col(row.moved_to).in_(slugs)
        )
        moved.update((slug, target) for slug, target in session.connection().execute(query))
    return moved


def entries(session: Session, revision: int) -> Iterator[Entry]:
    """Every entry as it stood then, in the order of their revisions, in constant memory."""
    names = ("kind", "slug", "seq", "updated_at", "card", "search_data", "moved_to")
    rows: list[Any] = [
        select(*(col(getattr(row, name)).label(name) for name in names)).where(condition)
        for row, condition in _rows_then(revision)
    ]
    both = union_all(*rows).order_by("seq", "kind", "slug")
    stream = session.connection().execute(both, execution_options={"yield_per": entry.BATCH})
    with stream:
        yield from map(entry.entry_of, stream)


def _rows_then(revision: int) -> list[tuple[Any, ColumnElement[bool]]]:
    """The two tables, each with the condition under which a row stood at a revision.

    Of a record's former rows it is the one that ended first; the present row counts if there is
    none.
    """
    former, earlier = aliased(FormerEntryRow), aliased(FormerEntryRow)
    ended_earlier = _kept(FormerEntryRow, earlier, revision) & (
        col(earlier.until_seq) < col(FormerEntryRow.until_seq)
    )
    return [
        (
            EntryRow,
            (col(EntryRow.seq) <= revision) & ~exists().where(_kept(EntryRow, former, revision)),
        ),
        (FormerEntryRow, _stood(FormerEntryRow, revision) & ~exists().where(ended_earlier)),
    ]


def _stood(row: Any, revision: int) -> ColumnElement[bool]:
    return (col(row.seq) <= revision) & (col(row.until_seq) > revision)


def _kept(row: Any, former: Any, revision: int) -> ColumnElement[bool]:
    """Whether a former row is of the same record and stood at a revision."""
    is_same = (col(former.kind) == col(row.kind)) & (col(former.slug) == col(row.slug))
    return is_same & _stood(former, revision)


def _public_then(kind: str, slugs: Sequence[str], revision: int) -> Any:
    names = ("kind", "slug", "seq", "state", "updated_at", "document", "moved_to", "reason")
    return union_all(
        *(
            select(*(col(getattr(row, name)).label(name) for name in names)).where(
                condition, col(row.kind) == kind, col(row.slug).in_(slugs)
            )
            for row, condition in _rows_then(revision)
        )
    )


def _slugs_by_leaid(session: Session, name: str) -> list[str]:
    """The slug of the district with a LEAID, and those that it had before."""
    now_called = select(col(EntryReferenceRow.slug)).where(
        col(EntryReferenceRow.referred_kind) == LEAID, col(EntryReferenceRow.referred_slug) == name
    )
    query = select(col(EntryRow.slug)).where(
        col(EntryRow.kind) == "district",
        or_(col(EntryRow.slug).in_(now_called), col(EntryRow.moved_to).in_(now_called)),
    )
    return list(session.connection().execute(query).scalars())


def _at_time(session: Session, at: datetime) -> int | None:
    """The newest revision at or before a time; None for the future and for before the first."""
    present = now()
    if at > present + DAY or (at > present and at.time() != time.min):
        return None
    return revisions.newest_at(session, at)


def _outside(session: Session, first: int, newest: int) -> Invalid:
    detail = f"as_of must be a revision from {first} to {newest}"
    for revision in revisions.by_seq(session, [max(first, 1)]).values():
        detail += f", or a time from {revision.at:%Y-%m-%dT%H:%M:%SZ} to now"
    detail += "."
    if first > 0:
        detail += " What was public earlier was not kept."
    return Invalid([Fault("out_of_range", detail, parameter="as_of")])


def _not_public_then(session: Session, kind: str, name: str, revision: int) -> NotFound:
    """The refusal of a name that no record had then, with the one it had, if it was renamed since."""
    former = entry.moved_to(session, kind, name)
    public = public_then(session, kind, former, revision)
    detail = f"No {KINDS[kind].noun} was public as {name[:MAX_SLUG]!r} at revision {revision}."
    return NotFound(detail, nearest=[slug for slug, entry in public.items() if entry.document])
