"""Lists of records for editors: filtered, sorted and paged, drafts included."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from app.errors import Fault, Invalid
from app.records.references import unknown_value
from app.records.store import Returned, returned
from app.records.tables import CaseStudyRow, DistrictRow, RecordRow, RevisionRow, StateRow

SORTS = ("slug", "-slug", "updated", "-updated")
WITH_STATE = ("case-study", "district")  # kinds that lie in a state


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
class ListQuery:
    """Which records to list, in which order. `after` is the place of the last record seen."""

    kind: str
    status: str | None = None
    state: str | None = None
    owner: str | None = None
    reviewer: str | None = None
    q: str | None = None
    updated_min: datetime | None = None
    updated_max: datetime | None = None
    sort: str = "slug"
    after: str | None = None
    limit: int = 50


def list_records(session: Session, query: ListQuery) -> list[ListedRecord]:
    """A page of records. Raises Invalid for a state or a place that does not exist."""
    statement = (
        select(RecordRow, RevisionRow.document)
        .join(
            RevisionRow,
            (col(RevisionRow.kind) == RecordRow.kind) & (col(RevisionRow.slug) == RecordRow.slug),
        )
        .where(RevisionRow.version == RecordRow.version)
        .where(*_filters(session, query))
        .order_by(*_order(query.sort))
    )
    words = (query.q or "").lower().split()
    for word in words:
        # Other words may be escaped in JSON, or have a case that SQLite does not know.
        if word.isascii() and word.isalnum():
            statement = statement.where(func.lower(RevisionRow.document).contains(word))
    with session.exec(statement.execution_options(yield_per=100)) as rows:
        documents = ((row, orjson.loads(document)) for row, document in rows)
        listed = (_listed(row, document) for row, document in documents if _has(document, words))
        return list(islice(listed, query.limit))


def place(query: ListQuery, record: ListedRecord) -> str:
    """The place of a record in the order of a list, as `after` takes it."""
    if query.sort.endswith("slug"):
        return record.slug
    return f"{record.updated_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ},{record.slug}"


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
    if query.updated_min is not None:
        yield col(RecordRow.updated_at) >= query.updated_min
    if query.updated_max is not None:
        yield col(RecordRow.updated_at) <= query.updated_max
    if query.after is not None:
        yield _after(query.sort, query.after)


def _in_state(session: Session, kind: str, state: str) -> ColumnElement[bool]:
    code = state.upper()
    if session.get(StateRow, code) is None:
        raise Invalid([unknown_value(session, "state", state, parameter="state")])
    in_state = {
        "case-study": select(CaseStudyRow.slug).where(CaseStudyRow.state == code),
        "district": select(DistrictRow.slug).where(DistrictRow.state == code),
    }
    return col(RecordRow.slug).in_(in_state[kind])


def _order(sort: str) -> tuple[Any, ...]:
    slug, updated_at = col(RecordRow.slug), col(RecordRow.updated_at)
    return {
        "slug": (slug,),
        "-slug": (slug.desc(),),
        "updated": (updated_at, slug),
        "-updated": (updated_at.desc(), slug),
    }[sort]


def _after(sort: str, after: str) -> ColumnElement[bool]:
    slug, updated_at = col(RecordRow.slug), col(RecordRow.updated_at)
    if sort == "slug":
        return slug > after
    if sort == "-slug":
        return slug < after
    time, _, last_slug = after.partition(",")
    try:
        at = datetime.fromisoformat(time).astimezone(UTC)
    except (ValueError, OverflowError):
        detail = f"after is not a place in a list sorted by {sort}. Follow links.next."
        raise Invalid([Fault("out_of_range", detail, parameter="after")]) from None
    later = updated_at > at if sort == "updated" else updated_at < at
    return or_(later, and_(updated_at == at, slug > last_slug))


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
