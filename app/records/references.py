"""What a record refers to must be there: one question for each kind referred to, and the nearest names for what is not."""

from collections import defaultdict
from collections.abc import Sequence

from rapidfuzz import process
from sqlmodel import Session, col, select

from app.errors import Fault
from app.records.kinds import KINDS
from app.records.shape import Shape
from app.records.tables import RecordRow

MANY = 100  # a longer list of allowed values is left out of a fault


def reference_faults(session: Session, kind: str, record: Shape, *, besides: frozenset[tuple[str, str]] = frozenset()) -> list[Fault]:
    """What the record refers to and is not there. `besides`: (kind, slug) of the records that are written with it."""
    wanted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for pointer, other, slug in KINDS[kind].references(record):
        if (other, slug) not in besides:
            wanted[other].append((pointer, slug))
    faults = []
    for other, named in wanted.items():
        known = _known(session, other, [slug for _, slug in named])
        faults += [_unknown(session, other, slug, pointer, besides) for pointer, slug in named if slug not in known]
    return faults


def unpublished_references(session: Session, kind: str, record: Shape) -> list[Fault]:
    """What the record refers to and the public cannot see."""
    wanted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for pointer, other, slug in KINDS[kind].references(record):
        wanted[other].append((pointer, slug))
    faults = []
    for other, named in wanted.items():
        query = select(RecordRow.slug).where(RecordRow.kind == other, col(RecordRow.slug).in_({slug for _, slug in named}))
        public = set(session.exec(query.where(col(RecordRow.published_version).is_not(None))))
        faults += [
            Fault("needed_to_publish", f"the {other.replace('_', ' ')} {slug!r} is not public yet", pointer=pointer)
            for pointer, slug in named
            if slug not in public
        ]
    return faults


def nearest_slugs(session: Session, kind: str, slug: str) -> list[str]:
    """Up to three slugs of the kind that look like this one."""
    return _nearest(slug, _all(session, kind))


def _unknown(session: Session, kind: str, slug: str, pointer: str, besides: frozenset[tuple[str, str]]) -> Fault:
    there = sorted({*_all(session, kind), *(other for other_kind, other in besides if other_kind == kind)})
    if kind == "term":
        vocabulary, slug = slug.split(".", 1)
        there = [term.split(".", 1)[1] for term in there if term.startswith(f"{vocabulary}.")]
    what = vocabulary if kind == "term" else kind
    return Fault(
        "unknown_value",
        f"there is no {what.replace('-', ' ')} {slug!r}",
        pointer=pointer,
        allowed=tuple(there) if len(there) <= MANY else None,
        nearest=tuple(_nearest(slug, there)),
    )


def _known(session: Session, kind: str, slugs: Sequence[str]) -> set[str]:
    return set(session.exec(select(RecordRow.slug).where(RecordRow.kind == kind, col(RecordRow.slug).in_(set(slugs)))))


def _all(session: Session, kind: str) -> list[str]:
    return list(session.exec(select(RecordRow.slug).where(RecordRow.kind == kind).order_by(RecordRow.slug)))


def _nearest(slug: str, among: Sequence[str]) -> list[str]:
    return [match for match, _score, _position in process.extract(slug, among, limit=3, score_cutoff=60)]
