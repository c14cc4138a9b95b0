"""Checks that what a record refers to exists: one query for each kind, or one for many records.

A fault suggests the nearest names, by slug, label, synonym and alias.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import orjson
from sqlmodel import Session, col, select

from app.errors import Fault
from app.records.district import DistrictRecord, leaid_faults
from app.records.kinds import KINDS
from app.records.shape import Shape
from app.records.spelling import NEAREST, nearest
from app.records.tables import RecordRow, RevisionRow, StateRow

# Longer lists of allowed values are left out of a fault; so are the nearest to more unknown names.
MOST_COMPARED = 100
LISTED = 12  # allowed values that a message lists in words
# What people write for a unit, beside its label and synonyms.
UNITS = {
    **dict.fromkeys(("%", "pct", "pct.", "percentage", "per cent"), "percent"),
    **dict.fromkeys(("pp", "ppt", "ppts", "p.p.", "% points"), "percentage-points"),
    **dict.fromkeys(("sd", "sds", "s.d.", "std dev"), "standard-deviations"),
    **dict.fromkeys(("$", "usd", "us$", "us dollars", "dollar"), "us-dollars"),
    **dict.fromkeys(("kid", "kids"), "children"),
    **dict.fromkeys(("pupil", "pupils"), "students"),
    **dict.fromkeys(("lb", "lbs"), "pounds"),
    **dict.fromkeys(("hr", "hrs"), "hours"),
    **dict.fromkeys(("min", "mins"), "minutes"),
    **dict.fromkeys(("yr", "yrs"), "years"),
    **dict.fromkeys(("sq ft", "sqft"), "square-feet"),
    "pts": "points",
    "x": "times",
}
NAMED_KINDS = ("term", "state", "locale", "strategy", "indicator", "organization")
Names = Mapping[str, str]  # name, synonym or alias -> slug


class Referable:
    """The slugs that records can refer to, loaded once to check many records."""

    def __init__(self, session: Session) -> None:
        self._session = session
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
        self._fips = dict(session.exec(select(StateRow.slug, StateRow.fips)).all())
        self._unknown: dict[tuple[str, str], Fault] = {}

    def add(self, kind: str, slug: str) -> None:
        """Add a record that will be written and published together with those to check."""
        self._all[kind].add(slug)
        self._public[kind].add(slug)

    def reference_faults(self, kind: str, record: Shape) -> list[Fault]:
        """Faults for references to records that do not exist, and for a LEAID of another state."""
        faults = [
            self._fault(other, slug, pointer)
            for pointer, other, slug in KINDS[kind].references(record)
            if slug not in self._all[other]
        ]
        return faults + _leaid_faults(record, self._fips.get)

    def unpublished_references(self, kind: str, record: Shape) -> list[Fault]:
        """Faults for references to records that are not public."""
        return [
            _not_public(other, slug, pointer, None)
            for pointer, other, slug in KINDS[kind].references(record)
            if slug not in self._public[other]
        ]

    def _fault(self, kind: str, slug: str, pointer: str) -> Fault:
        """The fault of an unknown name. Searches for the nearest once for each name, and for at most
        100 names, because that is slow with many districts."""
        if (kind, slug) not in self._unknown:
            if len(self._unknown) >= MOST_COMPARED:
                return _at(_unknown(kind, slug, {}), pointer)
            self._unknown[kind, slug] = _unknown(kind, slug, self._names(kind, slug))
        return _at(self._unknown[kind, slug], pointer)

    def _names(self, kind: str, slug: str) -> Names:
        vocabulary = _vocabulary(kind, slug)
        slugs = (full_slug for full_slug in self._all[kind] if full_slug.startswith(vocabulary))
        codes = [
            full_slug.removeprefix(vocabulary) for full_slug in slugs
        ]  # also of what is not stored yet
        return {code: code for code in codes} | _names(self._session, kind, slug)


def reference_faults(session: Session, kind: str, record: Shape) -> list[Fault]:
    """Faults for references to records that do not exist, and for a LEAID of another state."""
    faults = []
    for other, places in _places(kind, record).items():
        query = select(RecordRow.slug).where(
            RecordRow.kind == other, col(RecordRow.slug).in_({slug for _, slug in places})
        )
        known = set(session.exec(query))
        faults += [
            _at(_unknown(other, slug, _names(session, other, slug)), pointer)
            for pointer, slug in places
            if slug not in known
        ]

    def fips_of(state: str) -> str | None:
        row = session.get(StateRow, state)
        return row.fips if row else None

    return faults + _leaid_faults(record, fips_of)


def unpublished_references(
    session: Session, kind: str, record: Shape, *, in_review: bool = False
) -> list[Fault]:
    """Faults for references to records that are not public. `in_review`: records in review count
    as public, because they can be published first."""
    faults = []
    for other, places in _places(kind, record).items():
        query = select(RecordRow.slug, RecordRow.published_version, RecordRow.status).where(
            RecordRow.kind == other, col(RecordRow.slug).in_({slug for _, slug in places})
        )
        statuses = {
            slug: "published" if published_version is not None else status
            for slug, published_version, status in session.exec(query)
        }
        enough = ("published", "in_review") if in_review else ("published",)
        faults += [
            _not_public(other, slug, pointer, statuses[slug])
            for pointer, slug in places
            if slug in statuses and statuses[slug] not in enough
        ]
    return faults


def unknown_value(session: Session, kind: str, slug: str, *, parameter: str) -> Fault:
    """The fault of a query parameter that names a record which does not exist."""
    fault = _unknown(kind, slug, _names(session, kind, slug))
    return replace(fault, parameter=parameter, detail=f"{parameter} {fault.detail}")


def nearest_slugs(session: Session, kind: str, slug: str) -> list[str]:
    """Up to three slugs of the kind that look like this one."""
    return _nearest(slug, _names(session, kind, slug))


def _places(kind: str, record: Shape) -> dict[str, list[tuple[str, str]]]:
    """The pointer and slug of each reference, by the kind that it refers to."""
    places: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for pointer, other, slug in KINDS[kind].references(record):
        places[other].append((pointer, slug))
    return places


def _leaid_faults(record: Shape, fips_of: Callable[[str], str | None]) -> list[Fault]:
    if not isinstance(record, DistrictRecord) or not record.state:
        return []
    return leaid_faults(record, fips_of(record.state))


def _not_public(kind: str, slug: str, pointer: str, status: str | None) -> Fault:
    advice = {
        "draft": "Submit it for review and publish it first.",
        "in_review": "It is in review: publish it first.",
        "withdrawn": "It was withdrawn: restore and publish it first.",
    }.get(status or "", "Publish it first.")
    detail = f"The {KINDS[kind].noun} {slug!r} is not public. {advice}"
    return Fault("needed_to_publish", detail, pointer=pointer)


def _unknown(kind: str, slug: str, names: Names) -> Fault:
    """The fault of an unknown name, without its field (see `_at`)."""
    code = slug.split(".", 1)[1] if kind == "term" else slug
    unit = UNITS.get(_plain(code), "") if kind == "term" and slug.startswith("unit.") else ""
    near = [unit] if unit in names.values() else _nearest(code, names)
    allowed = tuple(sorted(set(names.values())))
    if not 0 < len(allowed) <= MOST_COMPARED:
        allowed = ()
    advice = _advice(kind, near, allowed)
    detail = f"has no value {code[:60]!r}. {advice}"
    return Fault("unknown_value", detail, allowed=allowed or None, nearest=tuple(near))


def _advice(kind: str, near: Sequence[str], allowed: Sequence[str]) -> str:
    if kind == "state":
        return f"Use the two-letter code{f': {near[0]}' if near else ' of a state, such as OH'}."
    if near:
        return f"Did you mean {' or '.join(near)}?"
    if 0 < len(allowed) <= LISTED:
        return f"Use one of: {', '.join(allowed)}."
    if allowed:
        return f"Use one of the {len(allowed)} values in `allowed`."
    return f"Correct it, or add {KINDS[kind].with_article} of this name first."


def _at(fault: Fault, pointer: str) -> Fault:
    """The fault with its pointer, and the field's name at the start of its message."""
    field = next(step for step in reversed(pointer.split("/")) if not step.isdecimal())
    return replace(fault, pointer=pointer, detail=f"{field} {fault.detail}")


def _names(session: Session, kind: str, slug: str) -> dict[str, str]:
    """The names of the records of a kind and the slug of each; for a term, those of its list."""
    query = select(RecordRow.slug).where(RecordRow.kind == kind).order_by(RecordRow.slug)
    if kind not in NAMED_KINDS:
        return {slug: slug for slug in session.exec(query)}
    vocabulary = _vocabulary(kind, slug)
    newest = (
        select(RecordRow.slug, RevisionRow.document)
        .join(
            RevisionRow,
            (col(RevisionRow.kind) == RecordRow.kind) & (col(RevisionRow.slug) == RecordRow.slug),
        )
        .where(RecordRow.kind == kind, RevisionRow.version == RecordRow.version)
        .where(col(RecordRow.slug).startswith(vocabulary, autoescape=True))
        .order_by(RecordRow.slug)
    )
    names: dict[str, str] = {}
    for full_slug, text in session.exec(newest):
        code = full_slug.removeprefix(vocabulary)
        document = orjson.loads(text)
        called = [document.get("label") or document.get("name") or code]
        called += [*document.get("synonyms", ()), *document.get("aliases", ())]
        names |= {_plain(name): code for name in called if _plain(name) not in names}
        names[code] = code
    return names


def _vocabulary(kind: str, slug: str) -> str:
    """The prefix of all slugs in a term's list; empty for other kinds."""
    return f"{slug.split('.', 1)[0]}." if kind == "term" else ""


def _nearest(value: str, names: Names) -> list[str]:
    """The slugs whose names are nearest to a value; an exact match alone."""
    if (exact := names.get(_plain(value))) is not None:
        return [exact]
    slugs = dict.fromkeys(names[name] for name in nearest(value, names, most=None))
    return list(slugs)[:NEAREST]


def _plain(name: str) -> str:
    return " ".join(name.lower().split())
