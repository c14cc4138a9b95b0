"""Lists of records for editors: filtered, sorted and paged, drafts included.

A list by time of update keeps the order that it had at its first page: records that are edited or
renamed meanwhile are neither lost nor repeated, and records that are created meanwhile are left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import ColumnElement, case, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.errors import Fault, Invalid
from app.records import revisions
from app.records.references import unknown_value
from app.records.store import Returned, returned
from app.records.tables import CaseStudyRow, DistrictRow, RecordRow, RevisionRow, StateRow

SORTS = ("slug", "-slug", "updated", "-updated")
WITH_STATE = ("case-study", "district")  # kinds that lie in a state
_PLACE = re.compile(r"(\d{1,18}),(\d{1,18})")


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """A record as a list shows it."""

    slug: str
    title: str
    version: int
    status: str
    published_version: int | None
    updated_at: datetime
    updated_by: str
    reviewed_by: str | None
    returned: Returned | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of records. `place`: where the next page begins; None if this page is not full."""

    records: list[ListedRecord]
    place: str | None


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which records to list, in which order. `after` is the place of the last record seen."""

    kind: str
    status: str | None = None
    state: str | None = None
    vocabulary: str | None = None
    owner: str | None = None
    reviewer: str | None = None
    q: str | None = None
    updated_min: datetime | None = None
    updated_max: datetime | None = None
    sort: str = "slug"
    after: str | None = None
    limit: int = 50


def list_records(session: Session, query: ListQuery) -> ListPage:
    """A page of records. Raises Invalid for a state or a place that does not exist."""
    key, last, ending = _order(session, query)
    backwards = query.sort.startswith("-")
    statement = (
        select(RecordRow, RevisionRow.document, key)
        .join(
            RevisionRow,
            (col(RevisionRow.kind) == RecordRow.kind) & (col(RevisionRow.slug) == RecordRow.slug),
        )
        .where(RevisionRow.version == RecordRow.version)
        .where(*_filters(session, query), key.is_not(None))
        .order_by(key.desc() if backwards else key)
    )
    if last is not None:
        statement = statement.where(key < last if backwards else key > last)
    words = (query.q or "").lower().split()
    for word in words:
        # Other words may be escaped in JSON, or have a case that SQLite does not know.
        if word.isascii() and word.isalnum():
            statement = statement.where(func.lower(RevisionRow.document).contains(word))
    with session.exec(statement.execution_options(yield_per=100)) as rows:
        documents = (
            (row, orjson.loads(document), key_of_row) for row, document, key_of_row in rows
        )
        listed = (
            (_listed(row, document), f"{key_of_row}{ending}")
            for row, document, key_of_row in documents
            if _has(document, words)
        )
        page = list(islice(listed, query.limit))
    place = page[-1][1] if len(page) == query.limit else None
    return ListPage([record for record, _ in page], place)


def _filters(session: Session, query: ListQuery) -> Iterator[ColumnElement[bool]]:
    yield col(RecordRow.kind) == query.kind
    for column, value in (
        (RecordRow.status, query.status),
        (RecordRow.updated_by, query.owner),
        (RecordRow.reviewed_by, query.reviewer),
    ):
        if value is not None:
            yield col(column) == value
    if query.state is not None:
        yield _in_state(session, query.kind, query.state)
    if query.vocabulary is not None:
        yield col(RecordRow.slug).startswith(f"{query.vocabulary}.", autoescape=True)
    if query.updated_min is not None:
        yield col(RecordRow.updated_at) >= query.updated_min
    if query.updated_max is not None:
        yield col(RecordRow.updated_at) <= query.updated_max


def _in_state(session: Session, kind: str, state: str) -> ColumnElement[bool]:
    code = state.upper()
    if session.get(StateRow, code) is None:
        raise Invalid([unknown_value(session, "state", state, parameter="state")])
    in_state = {
        "case-study": select(CaseStudyRow.slug).where(CaseStudyRow.state == code),
        "district": select(DistrictRow.slug).where(DistrictRow.state == code),
    }
    return col(RecordRow.slug).in_(in_state[kind])


def _order(session: Session, query: ListQuery) -> tuple[Any, str | int | None, str]:
    """The key of a list, its value at the last record seen, and what follows it in a place.

    By time, the key is the revision that last changed a record when the first page was read, and
    the place also has the newest revision of that moment.
    """
    if query.sort.endswith("slug"):
        return col(RecordRow.slug), query.after, ""
    if query.after is None:
        last, newest = None, revisions.newest_seq(session)
    else:
        last, newest = _read_place(query.sort, query.after)
    return _changed_at(session, query.kind, newest), last, f",{newest}"


def _read_place(sort: str, after: str) -> tuple[int, int]:
    match = _PLACE.fullmatch(after)
    if match is None:
        detail = f"after is not a place in a list sorted by {sort}. Follow links.next."
        raise Invalid([Fault("out_of_range", detail, parameter="after")])
    return int(match[1]), int(match[2])


def _changed_at(session: Session, kind: str, newest: int) -> ColumnElement[int]:
    """The last revision of a record up to the `newest`; null if it was created later."""
    slug = col(RecordRow.slug)
    former_slugs = revisions.renamed_since(session, kind, newest)
    slug_then = case(former_slugs, value=slug, else_=slug) if former_slugs else slug
    log = aliased(RevisionRow)
    earlier = (
        select(func.max(log.seq))
        .where(log.kind == kind, log.slug == slug_then, log.seq <= newest)
        .correlate(RecordRow)
        .scalar_subquery()
    )
    return case((col(RevisionRow.seq) <= newest, col(RevisionRow.seq)), else_=earlier)


def _has(document: dict[str, Any], words: Sequence[str]) -> bool:
    text = " ".join(_texts(document)).lower() if words else ""
    return all(word in text for word in words)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)


def _listed(row: RecordRow, document: dict[str, Any]) -> ListedRecord:
    names = (document[name] for name in ("title", "name", "label") if document.get(name))
    return ListedRecord(
        row.slug,
        next(names, row.slug),
        row.version,
        row.status,
        row.published_version,
        row.updated_at,
        row.updated_by,
        row.reviewed_by,
        returned(row),
    )
