"""Searches that found nothing, or not all they asked for: counted in memory, and written now and then by a thread of their own.

A public read never waits for a write. Only the words are kept: no address, no time but the day, and nothing that looks personal.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import CheckConstraint, Index, delete, func
from sqlmodel import Field, Session, SQLModel, col, select

from app.database import CodePointOrdered, Database

HOWS = ("none", "any", "corrected")
MAX_CHARACTERS = 100
BATCH = 500  # values in one statement
MAX_HELD = 2_000  # different texts held in memory between two writes
MAX_KEPT = 50_000  # different texts in the database
KEPT_FOR = timedelta(days=365)  # after its last day a text is forgotten
LEAST_COUNT = 3  # rarer texts are shown to nobody: they could tell who asked
WRITE_SECONDS = 60.0
_YEARS = re.compile(r"\b(?:19|20)\d\d\s?[-\u2013/]\s?(?:(?:19|20)?\d\d)\b")
_TELEPHONE = re.compile(r"(?:\d[\s().+/\u2013-]*){7,}")
log = logging.getLogger("model_districts")


class SearchGapRow(SQLModel, table=True):
    """How often a text was asked for and not found."""

    __tablename__ = "search_gap"
    __table_args__ = (
        CheckConstraint("how IN ('none', 'any', 'corrected')", name="how_known"),
        CheckConstraint("count >= 1", name="count_positive"),
        CheckConstraint("last_seen >= first_seen", name="seen_in_order"),
        CheckConstraint(f"length(text) <= {MAX_CHARACTERS}", name="text_length"),
        Index(None, "last_seen"),
    )

    kind: str = Field(primary_key=True, description="What was searched: case-study or district.")
    how: str = Field(
        primary_key=True,
        description="none: nothing has these words; any: nothing has all of them; corrected: another spelling was found.",
    )
    text: str = Field(primary_key=True, sa_type=CodePointOrdered, description="The words, folded.")
    count: int = Field(description="How often.")
    first_seen: date = Field(description="The first day (UTC).")
    last_seen: date = Field(description="The last day (UTC).")


@dataclass(slots=True)
class _Heard:
    count: int
    first_seen: date
    last_seen: date


class SearchGaps:
    """Collects the gaps that searches of this process meet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._heard: dict[tuple[str, str, str], _Heard] = {}
        self._lock = threading.Lock()

    def note(self, kind: str, *, asked: str, text: str, how: str) -> None:
        """A search met a gap. `asked` is what was typed, `text` the same in normal form. Costs no write."""
        if len(text) > MAX_CHARACTERS or looks_personal(asked):
            return
        today = datetime.now(UTC).date()
        self._take_in({(kind, how, text): _Heard(1, today, today)})

    async def write_now_and_then(self, *, seconds: float = WRITE_SECONDS) -> None:
        """Write what was heard, again and again, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            await asyncio.to_thread(self.write)

    def write(self) -> None:
        """Write what was heard since the last time; keep it for the next time if that fails."""
        with self._lock:
            heard, self._heard = self._heard, {}
        if not heard:
            return
        try:
            with self._database.writing() as session:
                _add(session, heard)
        except Exception as error:
            log.warning(
                "search gaps could not be written, and are kept for later: %s", type(error).__name__
            )
            self._take_in(heard)

    def _take_in(self, heard: dict[tuple[str, str, str], _Heard]) -> None:
        with self._lock:
            for key, more in heard.items():
                if (found := self._heard.get(key)) is not None:
                    found.count += more.count
                    found.first_seen, found.last_seen = (
                        min(found.first_seen, more.first_seen),
                        max(found.last_seen, more.last_seen),
                    )
                elif len(self._heard) < MAX_HELD:
                    self._heard[key] = more


def list_gaps(
    session: Session,
    *,
    how: str | None = None,
    kind: str | None = None,
    min_count: int = LEAST_COUNT,
    limit: int = 50,
) -> tuple[Sequence[SearchGapRow], int]:
    """The gaps met most often, and how many there are in all; never one rarer than LEAST_COUNT."""
    rules = [SearchGapRow.count >= max(min_count, LEAST_COUNT)]
    rules += [
        column == value
        for column, value in ((SearchGapRow.how, how), (SearchGapRow.kind, kind))
        if value is not None
    ]
    order = (col(SearchGapRow.count).desc(), SearchGapRow.text, SearchGapRow.kind, SearchGapRow.how)
    rows = session.exec(select(SearchGapRow).where(*rules).order_by(*order).limit(limit)).all()
    return rows, session.exec(select(func.count()).select_from(SearchGapRow).where(*rules)).one()


def looks_personal(asked: str) -> bool:
    """Whether a text looks like an e-mail address or a telephone number; years (2019-2023) do not."""
    return "@" in asked or _TELEPHONE.search(_YEARS.sub(" ", asked)) is not None


def _add(session: Session, heard: dict[tuple[str, str, str], _Heard]) -> None:
    newest = max(found.last_seen for found in heard.values())
    session.connection().execute(
        delete(SearchGapRow).where(col(SearchGapRow.last_seen) < newest - KEPT_FOR)
    )
    there = _there(session, sorted({text for _, _, text in heard}))
    new = []
    for key, found in heard.items():
        if (row := there.get(key)) is not None:
            row.count += found.count
            row.first_seen, row.last_seen = (
                min(row.first_seen, found.first_seen),
                max(row.last_seen, found.last_seen),
            )
        else:
            kind, how, text = key
            new.append(
                SearchGapRow(
                    kind=kind,
                    how=how,
                    text=text,
                    count=found.count,
                    first_seen=found.first_seen,
                    last_seen=found.last_seen,
                )
            )
    room = MAX_KEPT - session.exec(select(func.count()).select_from(SearchGapRow)).one()
    session.add_all(new[: max(room, 0)])


def _there(session: Session, texts: Sequence[str]) -> dict[tuple[str, str, str], SearchGapRow]:
    batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
    rows = (
        row
        for batch in batches
        for row in session.exec(select(SearchGapRow).where(col(SearchGapRow.text).in_(batch)))
    )
    return {(row.kind, row.how, row.text): row for row in rows}
