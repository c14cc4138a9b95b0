"""What a record refers to must be there: one question for each kind referred to, or one for many records, and the nearest names for what is not."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from rapidfuzz import process
from sqlmodel import Session, col, select

from app.errors import Fault
from app.records.kinds import KINDS
from app.records.shape import Shape
from app.records.tables import RecordRow

MANY = 100  # a longer list of allowed values is left out of a fault; so are the nearest to more unknown names than that


class Referable:
    """The slugs that others can refer to, loaded once to check many records."""

    def __init__(self, session: Session) -> None:
        self._all: dict[str, set[str]] = {kind: set() for kind in KINDS}
        self._public: dict[str, set[str]] = {kind: set() for kind in KINDS}
        rows = session.exec(
            select(RecordRow.kind, RecordRow.slug, RecordRow.published_version).where(
                RecordRow.kind != "case-study"
            )
        )
        for kind, slug, published_version in rows:
            self._all[kind].add(slug)
            if published_version is not None:
                self._public[kind].add(slug)
        self._unknown: dict[tuple[str, str], Fault] = {}

    def add(self, kind: str, slug: str) -> None:
        """A record that is written, and published, with those to be checked."""
        self._all[kind].add(slug)
        self._public[kind].add(slug)

    def reference_faults(self, kind: str, record: Shape) -> list[Fault]:
        """What the record refers to and is not there."""
        return [
            self._fault(other, slug, pointer)
            for pointer, other, slug in KINDS[kind].references(record)
            if slug not in self._all[other]
        ]

    def unpublished_references(self, kind: str, record: Shape) -> list[Fault]:
        """What the record refers to and the public cannot see."""
        return [
            _not_public(other, slug, pointer)
            for pointer, other, slug in KINDS[kind].references(record)
            if slug not in self._public[other]
        ]

    def _fault(self, kind: str, slug: str, pointer: str) -> Fault:
        """The nearest names are looked for once for each name, and for so many names only: among many it takes long."""
        if (kind, slug) not in self._unknown:
            if len(self._unknown) >= MANY:
                return _unknown(kind, slug, pointer, ())
            self._unknown[kind, slug] = _unknown(kind, slug, pointer, self._all[kind])
        return replace(self._unknown[kind, slug], pointer=pointer)


def reference_faults(session: Session, kind: str, record: Shape) -> list[Fault]:
    """What the record refers to and is not there."""
    wanted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for pointer, other, slug in KINDS[kind].references(record):
        wanted[other].append((pointer, slug))
    faults = []
    for other, named in wanted.items():
        known = _known(session, other, [slug for _, slug in named])
        faults += [
            _unknown(other, slug, pointer, _all(session, other))
            for pointer, slug in named
            if slug not in known
        ]
    return faults


def unpublished_references(session: Session, kind: str, record: Shape) -> list[Fault]:
    """What the record refers to and the public cannot see."""
    wanted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for pointer, other, slug in KINDS[kind].references(record):
        wanted[other].append((pointer, slug))
    faults = []
    for other, named in wanted.items():
        query = select(RecordRow.slug).where(
            RecordRow.kind == other, col(RecordRow.slug).in_({slug for _, slug in named})
        )
        public = set(session.exec(query.where(col(RecordRow.published_version).is_not(None))))
        faults += [
            _not_public(other, slug, pointer) for pointer, slug in named if slug not in public
        ]
    return faults


def nearest_slugs(session: Session, kind: str, slug: str) -> list[str]:
    """Up to three slugs of the kind that look like this one."""
    return _nearest(slug, _all(session, kind))


def _not_public(kind: str, slug: str, pointer: str) -> Fault:
    return Fault(
        "needed_to_publish", f"the {KINDS[kind].noun} {slug!r} is not public yet", pointer=pointer
    )


def _unknown(kind: str, slug: str, pointer: str, there: Collection[str]) -> Fault:
    what = kind
    if kind == "term":
        what, slug = slug.split(".", 1)
        there = [term.split(".", 1)[1] for term in there if term.startswith(f"{what}.")]
    return Fault(
        "unknown_value",
        f"there is no {what.replace('-', ' ')} {slug!r}",
        pointer=pointer,
        allowed=tuple(sorted(there)) if 0 < len(there) <= MANY else None,
        nearest=tuple(_nearest(slug, sorted(there))),
    )


def _known(session: Session, kind: str, slugs: Sequence[str]) -> set[str]:
    return set(
        session.exec(
            select(RecordRow.slug).where(
                RecordRow.kind == kind, col(RecordRow.slug).in_(set(slugs))
            )
        )
    )


def _all(session: Session, kind: str) -> list[str]:
    return list(
        session.exec(select(RecordRow.slug).where(RecordRow.kind == kind).order_by(RecordRow.slug))
    )


def _nearest(slug: str, among: Sequence[str]) -> list[str]:
    return [
        match for match, _score, _position in process.extract(slug, among, limit=3, score_cutoff=60)
    ]
