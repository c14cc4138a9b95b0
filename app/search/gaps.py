"""Search gaps: searches whose words were not found, counted so that editors know what is missing.

They are counted in memory and written every minute by a thread: a public read never waits for a
write. Only the words and the day are kept: no address, and nothing that looks personal.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import CheckConstraint, Index, delete, func
from sqlmodel import Field, Session, SQLModel, col, select

from app.clock import now
from app.database import CodePointOrdered, Database

HOWS = ("none", "any", "corrected")
MAX_CHARACTERS = 100
BATCH = 500  # values in one statement
MAX_HELD = 2_000  # different texts held in memory between two writes
MAX_KEPT = 50_000  # different texts in the database
KEPT_FOR = timedelta(days=365)  # after its last day a text is forgotten
LEAST_COUNT = 3  # rarer texts are shown to nobody: they could tell who asked
WRITE_SECONDS = 60.0
PATIENCE_SECONDS = 5.0  # behind other writers; after that it is left for the next time
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
        description="none: nothing has these words; any: nothing has all of them; "
        "corrected: another spelling was found.",
    )
    text: str = Field(primary_key=True, sa_type=CodePointOrdered, description="The words, folded.")
    count: int = Field(description="How often.")
    first_seen: date = Field(description="The first day (UTC).")
    last_seen: date = Field(description="The last day (UTC).")


@dataclass(frozen=True, slots=True)
class Gap:
    """A search whose words were not found."""

    kind: str
    how: str  # none: nothing has these words; any: nothing has all of them
    typed: str
    text: str  # what was typed, in its one form


@dataclass(slots=True)
class _Count:
    count: int
    first_seen: date
    last_seen: date


class SearchGaps:
    """Collects the gaps that searches of this process meet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: dict[tuple[str, str, str], _Count] = {}
        self._lock = threading.Lock()

    def note(self, gap: Gap) -> None:
        """Count a gap. Nothing is written yet."""
        if len(gap.text) > MAX_CHARACTERS or looks_personal(gap.typed):
            return
        today = now().date()
        self._add({(gap.kind, gap.how, gap.text): _Count(1, today, today)})

    @property
    def waiting(self) -> int:
        """How many gaps have not been written yet."""
        return len(self._counts)

    async def write_now_and_then(self, *, seconds: float = WRITE_SECONDS) -> None:
        """Write what was counted, again and again, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            await asyncio.to_thread(self.write)

    def write(self) -> None:
        """Write what was counted since the last time; if that fails, keep it for the next."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            with self._database.writing(seconds=PATIENCE_SECONDS) as session:
                _write(session, counts)
        except Exception as error:
            log.warning(
                "Search gaps could not be written and are kept for later: %s", type(error).__name__
            )
            self._add(counts)

    def _add(self, counts: dict[tuple[str, str, str], _Count]) -> None:
        with self._lock:
            for key, more in counts.items():
                if (count := self._counts.get(key)) is not None:
                    count.count += more.count
                    count.first_seen = min(count.first_seen, more.first_seen)
                    count.last_seen = max(count.last_seen, more.last_seen)
                elif len(self._counts) < MAX_HELD:
                    self._counts[key] = more


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


def looks_personal(text: str) -> bool:
    """Whether a text looks like an email address or a telephone number. Years do not."""
    return "@" in text or _TELEPHONE.search(_YEARS.sub(" ", text)) is not None


def _write(session: Session, counts: dict[tuple[str, str, str], _Count]) -> None:
    newest = max(count.last_seen for count in counts.values())
    session.connection().execute(
        delete(SearchGapRow).where(col(SearchGapRow.last_seen) < newest - KEPT_FOR)
    )
    rows = _rows(session, sorted({text for _, _, text in counts}))
    new = []
    for key, count in counts.items():
        if (row := rows.get(key)) is not None:
            row.count += count.count
            row.first_seen = min(row.first_seen, count.first_seen)
            row.last_seen = max(row.last_seen, count.last_seen)
        else:
            new.append(_row(key, count))
    room = MAX_KEPT - session.exec(select(func.count()).select_from(SearchGapRow)).one()
    session.add_all(new[: max(room, 0)])


def _row(key: tuple[str, str, str], count: _Count) -> SearchGapRow:
    kind, how, text = key
    return SearchGapRow(
        kind=kind,
        how=how,
        text=text,
        count=count.count,
        first_seen=count.first_seen,
        last_seen=count.last_seen,
    )


def _rows(session: Session, texts: Sequence[str]) -> dict[tuple[str, str, str], SearchGapRow]:
    """The rows of these texts, by kind, how and text."""
    rows: list[SearchGapRow] = []
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        rows += session.exec(select(SearchGapRow).where(col(SearchGapRow.text).in_(batch)))
    return {(row.kind, row.how, row.text): row for row in rows}
