"""Entry: one published record, prepared to send and to search; how it is read and written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import and_, delete, func, insert, or_, tuple_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.catalog import former_entries
from app.catalog.entry_tables import EntryReferenceRow, EntryRow
from app.errors import Gone, Moved, NotFound
from app.records.kinds import KINDS
from app.records.spelling import nearest

BATCH = 500  # rows in one statement
MAX_COMPARED = 1000  # slugs; to compare them takes some milliseconds
MAX_SLUG = 200  # characters
LEAID = "leaid"  # what a district refers to by its federal id, so that it is found by it


@dataclass(frozen=True, slots=True)
class Entry:
    """One published record for search and lists; `card` is None when it is no longer public."""

    kind: str
    slug: str
    seq: int
    updated_at: datetime
    card: str | None
    text: dict[str, str] = field(default_factory=dict)
    facets: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[str, list[int]] = field(default_factory=dict)
    places: list[tuple[float, float]] = field(default_factory=list)
    rank: int = 0  # evidence, 0 the strongest
    ids: list[str] = field(default_factory=list)  # federal ids it is known by
    moved_to: str | None = None  # its slug now, if it was renamed


@dataclass(frozen=True, slots=True)
class PreparedEntry:
    """An entry with its full document and its references, ready to write."""

    entry: Entry
    document: str | None
    references: frozenset[tuple[str, str]] = frozenset()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """One entry for its public address: its document, or why there is none."""

    kind: str
    slug: str
    seq: int
    state: str
    updated_at: datetime
    document: str | None
    moved_to: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order of changes: behind a whole revision, or behind one record of it."""

    seq: int
    record: tuple[str, str] | None = None  # its kind and slug


@dataclass(frozen=True, slots=True)
class PublicState:
    """What is public of one record, or that it is gone, without its document."""

    kind: str
    slug: str
    seq: int
    state: str
    updated_at: datetime
    moved_to: str | None
    reason: str | None

    @property
    def key(self) -> tuple[str, str]:
        """Its kind and slug."""
        return self.kind, self.slug

    @property
    def position(self) -> Position:
        """Its place in the order of changes."""
        return Position(self.seq, self.key)


def find(session: Session, kind: str, slug: str) -> PublicEntry | None:
    """The entry of a record, public or no longer."""
    row = (
        session.connection()
        .execute(_PUBLIC_ENTRY.where(col(EntryRow.kind) == kind, col(EntryRow.slug) == slug))
        .mappings()
        .one_or_none()
    )
    return PublicEntry(**row) if row else None


def find_district(session: Session, name: str) -> PublicEntry | None:
    """The entry of a district by LEAID or slug, public or no longer.

    A LEAID is preferred to a slug that looks like one, and a public district to a withdrawn one.
    """
    by_leaid = select_columns(col(EntryReferenceRow.slug)).where(
        col(EntryReferenceRow.referred_kind) == LEAID, col(EntryReferenceRow.referred_slug) == name
    )
    by_slug = col(EntryRow.slug) == name
    query = _PUBLIC_ENTRY.where(
        col(EntryRow.kind) == "district", or_(by_slug, col(EntryRow.slug).in_(by_leaid))
    ).order_by(by_slug, col(EntryRow.state).desc())
    row = session.connection().execute(query).mappings().first()
    return PublicEntry(**row) if row else None


def not_found(kind: str, slug: str, nearest: Sequence[str]) -> NotFound:
    """The refusal of a name that no record has or had."""
    return NotFound(f"No {KINDS[kind].noun} is called {slug[:MAX_SLUG]!r}.", nearest=nearest)


def no_longer_public(public: PublicEntry) -> Moved | Gone:
    """The refusal of a record that was renamed or withdrawn."""
    if public.moved_to:
        return Moved(public.moved_to)
    day = f"{public.updated_at:%Y-%m-%d}"
    detail = f"The {KINDS[public.kind].noun} {public.slug!r} was withdrawn on {day}."
    return Gone(detail, reason=public.reason, at=public.updated_at)


def since(session: Session, seq: int) -> Iterator[Entry]:
    """Every entry that changed after a revision, in that order, in constant memory."""
    return _entries(
        session, _SEARCHED_ENTRY.where(col(EntryRow.seq) > seq).order_by(col(EntryRow.seq))
    )


def changed_after(
    session: Session, after: Position, *, kinds: Sequence[str], limit: int
) -> list[PublicState]:
    """The entries of these kinds that changed after a position, in that order."""
    seq, kind, slug = col(EntryRow.seq), col(EntryRow.kind), col(EntryRow.slug)
    later = seq > after.seq
    if after.record is not None:
        later |= and_(seq == after.seq, tuple_(kind, slug) > tuple_(*after.record))
    query = _PUBLIC_STATE.where(later, kind.in_(kinds)).order_by(seq, kind, slug).limit(limit)
    return [PublicState(**row) for row in session.connection().execute(query).mappings()]


def removed_last(session: Session, kind: str, *, after: int, limit: int) -> list[PublicState]:
    """The records of a kind that were withdrawn or renamed after a revision, the last one first."""
    query = (
        _PUBLIC_STATE.where(
            col(EntryRow.seq) > after, col(EntryRow.kind) == kind, col(EntryRow.state) != "public"
        )
        .order_by(col(EntryRow.seq).desc(), col(EntryRow.slug))
        .limit(limit)
    )
    return [PublicState(**row) for row in session.connection().execute(query).mappings()]


def public_seqs(session: Session, kind: str) -> Iterator[tuple[str, int]]:
    """Slug and revision of every public entry of a kind, by slug."""
    query = (
        select_columns(col(EntryRow.slug), col(EntryRow.seq))
        .where(col(EntryRow.kind) == kind, col(EntryRow.state) == "public")
        .order_by(EntryRow.slug)
    )
    with session.connection().execute(query, execution_options={"yield_per": BATCH}) as rows:
        yield from ((slug, seq) for slug, seq in rows)


def newest_seq(session: Session) -> int:
    """The revision that last changed any entry; 0 in an empty catalog."""
    return session.exec(select(func.coalesce(func.max(EntryRow.seq), 0))).one()


def of_other_kinds(session: Session, kinds: Sequence[str]) -> Iterator[Entry]:
    """Every entry of all other kinds: the vocabularies."""
    return _entries(session, _SEARCHED_ENTRY.where(col(EntryRow.kind).not_in(kinds)))


def _entries(session: Session, query: Any) -> Iterator[Entry]:
    rows = session.connection().execute(query, execution_options={"yield_per": BATCH})
    return map(entry_of, rows)


def entry_of(row: Any) -> Entry:
    """The entry that a row holds for search and lists."""
    search_data = orjson.loads(row.search_data) if row.search_data else {}
    return Entry(
        row.kind,
        row.slug,
        row.seq,
        row.updated_at,
        row.card,
        search_data.get("text", {}),
        search_data.get("facets", {}),
        search_data.get("figures", {}),
        [(latitude, longitude) for latitude, longitude in search_data.get("places", [])],
        search_data.get("rank", 0),
        search_data.get("ids", []),
        row.moved_to,
    )


def seqs(session: Session, kind: str, slugs: Sequence[str]) -> dict[str, int]:
    """The revision that last changed each public entry."""
    query = select(EntryRow.slug, EntryRow.seq).where(
        EntryRow.kind == kind, EntryRow.state == "public", col(EntryRow.slug).in_(slugs)
    )
    return dict(session.exec(query).all())


def public_slugs(session: Session, kind: str) -> list[str]:
    """The slugs of every public entry of a kind, in order."""
    return list(
        session.exec(
            select(EntryRow.slug)
            .where(EntryRow.kind == kind, EntryRow.state == "public")
            .order_by(EntryRow.slug)
        )
    )


def nearest_slugs(session: Session, kind: str, slug: str) -> list[str]:
    """The public slugs most similar to one that does not exist, among those with its first letter."""
    first = slug[:1].lower()
    if not (first.isascii() and first.isalnum()):
        return []
    query = (
        select(EntryRow.slug)
        .where(EntryRow.kind == kind, EntryRow.state == "public")
        .where(col(EntryRow.slug).startswith(first))
        .order_by(EntryRow.slug)
        .limit(MAX_COMPARED)
    )
    return nearest(slug[:MAX_SLUG], session.exec(query))


def moved_to(session: Session, kind: str, slug: str) -> list[str]:
    """The former slugs whose entries redirect to this one."""
    return list(
        session.exec(select(EntryRow.slug).where(EntryRow.kind == kind, EntryRow.moved_to == slug))
    )


def stored_columns(
    session: Session, kind: str, slugs: Sequence[str]
) -> dict[str, tuple[str | None, str | None, str | None]]:
    """Card, document and search data of each entry, as stored."""
    query = select(EntryRow.slug, EntryRow.card, EntryRow.document, EntryRow.search_data).where(
        EntryRow.kind == kind, col(EntryRow.slug).in_(slugs)
    )
    return {
        slug: (card, document, search_data)
        for slug, card, document, search_data in session.exec(query)
    }


def columns_of(prepared: PreparedEntry) -> tuple[str | None, str | None, str | None]:
    """Card, document and search data of an entry, as `stored_columns` gives them."""
    row = _row(prepared)
    return row["card"], row["document"], row["search_data"]


def forget(session: Session, kind: str, slugs: Sequence[str]) -> None:
    """Delete entries that should not exist, without a redirect or a reason."""
    for row in (EntryRow, EntryReferenceRow):
        session.connection().execute(
            delete(row).where(col(row.kind) == kind, col(row.slug).in_(slugs))
        )


def stream_documents(
    session: Session, kind: str, slugs: frozenset[str] | None = None
) -> Iterator[str]:
    """The documents of the public entries of a kind, by slug, in constant memory."""
    query = (
        select(EntryRow.slug, EntryRow.document)
        .where(EntryRow.kind == kind, EntryRow.state == "public")
        .order_by(EntryRow.slug)
    )
    if slugs is not None and len(slugs) <= BATCH:
        query = query.where(col(EntryRow.slug).in_(slugs))
    with session.connection().execute(query, execution_options={"yield_per": BATCH}) as rows:
        for slug, document in rows:
            if slugs is None or slug in slugs:
                yield document


def documents(session: Session, kind: str, slugs: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """Slug, revision and document of each of these entries that is public; at most BATCH."""
    query = select(EntryRow.slug, EntryRow.seq, EntryRow.document).where(
        EntryRow.kind == kind, EntryRow.state == "public", col(EntryRow.slug).in_(slugs)
    )
    for slug, seq, document in session.exec(query):
        yield slug, seq, document or ""


def referring(session: Session, referred: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """(kind, slug) of every entry that was made from one of these."""
    row = EntryReferenceRow
    return _pairs(session, referred, (row.referred_kind, row.referred_slug), (row.kind, row.slug))


def references(session: Session, entries: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """(kind, slug) of everything that these entries were made from."""
    row = EntryReferenceRow
    return _pairs(session, entries, (row.kind, row.slug), (row.referred_kind, row.referred_slug))


def write(session: Session, entries: Sequence[PreparedEntry], *, newest: int | None = None) -> None:
    """Write entries over those of the same kind and slug, which history keeps.

    `newest`: the newest revision, if the entries are made anew without a revision of their own.
    Then equal ones stay as they are, and the others count from the revision after it.
    """
    for start in range(0, len(entries), BATCH):
        batch = entries[start : start + BATCH]
        _write_references(session, batch)
        for kind in {prepared.entry.kind for prepared in batch}:
            of_kind = [prepared for prepared in batch if prepared.entry.kind == kind]
            if newest is not None:
                of_kind = _changed(session, kind, of_kind)
            _write_rows(session, kind, of_kind, newest)


def _changed(session: Session, kind: str, entries: Sequence[PreparedEntry]) -> list[PreparedEntry]:
    stored = stored_columns(session, kind, [prepared.entry.slug for prepared in entries])
    return [
        prepared for prepared in entries if stored.get(prepared.entry.slug) != columns_of(prepared)
    ]


def _write_rows(
    session: Session, kind: str, entries: Sequence[PreparedEntry], newest: int | None
) -> None:
    if not entries:
        return
    seqs = {prepared.entry.slug: prepared.entry.seq for prepared in entries}
    former_entries.keep(session, kind, seqs, newest=newest)
    connection = session.connection()
    connection.execute(
        delete(EntryRow).where(col(EntryRow.kind) == kind, col(EntryRow.slug).in_(seqs))
    )
    connection.execute(insert(EntryRow), [_row(prepared) for prepared in entries])


def _write_references(session: Session, entries: Sequence[PreparedEntry]) -> None:
    row, connection = EntryReferenceRow, session.connection()
    for kind in {prepared.entry.kind for prepared in entries}:
        slugs = [prepared.entry.slug for prepared in entries if prepared.entry.kind == kind]
        connection.execute(delete(row).where(col(row.kind) == kind, col(row.slug).in_(slugs)))
    references = [
        {
            "kind": prepared.entry.kind,
            "slug": prepared.entry.slug,
            "referred_kind": kind,
            "referred_slug": slug,
        }
        for prepared in entries
        for kind, slug in sorted(prepared.references)
    ]
    if references:
        connection.execute(insert(row), references)


_PUBLIC_STATE = select_columns(
    *(col(column) for column in (EntryRow.kind, EntryRow.slug, EntryRow.seq, EntryRow.state)),
    *(col(column) for column in (EntryRow.updated_at, EntryRow.moved_to, EntryRow.reason)),
)
_PUBLIC_ENTRY = _PUBLIC_STATE.add_columns(col(EntryRow.document))
_SEARCHED_ENTRY = select_columns(
    *(
        col(column)
        for column in (
            EntryRow.kind,
            EntryRow.slug,
            EntryRow.seq,
            EntryRow.updated_at,
            EntryRow.card,
            EntryRow.search_data,
            EntryRow.moved_to,
        )
    )
)


def _row(prepared: PreparedEntry) -> dict[str, Any]:
    entry = prepared.entry
    search_data = {
        "text": entry.text,
        "facets": entry.facets,
        "figures": entry.figures,
        "places": entry.places,
        "rank": entry.rank,
        "ids": entry.ids,
    }
    return {
        "kind": entry.kind,
        "slug": entry.slug,
        "seq": entry.seq,
        "state": "moved" if entry.moved_to else "public" if entry.card else "gone",
        "moved_to": entry.moved_to,
        "reason": prepared.reason,
        "updated_at": entry.updated_at,
        "card": entry.card,
        "document": prepared.document,
        "search_data": orjson.dumps(search_data).decode() if entry.card else None,
    }


def _pairs(
    session: Session,
    pairs: Sequence[tuple[str, str]],
    where: tuple[Any, Any],
    what: tuple[Any, Any],
) -> set[tuple[str, str]]:
    referred: set[tuple[str, str]] = set()
    for kind in {kind for kind, _ in pairs}:
        slugs = [slug for other, slug in pairs if other == kind]
        for start in range(0, len(slugs), BATCH):
            query = select(*what).where(
                where[0] == kind, col(where[1]).in_(slugs[start : start + BATCH])
            )
            referred.update((kind, slug) for kind, slug in session.connection().execute(query))
    return referred
