"""Plans files while the service runs, one at a time in a thread of its own, and knows how far each commit is."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import BinaryIO

from app.clock import now
from app.database import Database
from app.desk.imports import plans
from app.desk.imports.rows import Reading
from app.errors import Busy, Conflict

log = logging.getLogger("model_districts")


class PlanWorker:
    """The thread that plans files, and the commits that this process writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imports")
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._written: dict[str, int] = {}
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many files are being planned, or wait for it."""
        return self._waiting

    def begin(self, plan_id: str, reading: Reading, file: BinaryIO) -> Future[None]:
        """Plan a file when those before it are planned, and close it then."""
        with self._lock:
            self._waiting += 1
        planned = self._thread.submit(self._plan, plan_id, reading, file)
        planned.add_done_callback(self._end_waiting)
        return planned

    @contextmanager
    def committing(self, plan_id: str) -> Iterator[None]:
        """The block in which a plan is committed. Raises Conflict if this process commits it already."""
        with self._lock:
            if plan_id in self._written:
                raise Conflict("This import is being committed. Wait for the first commit to end.")
            self._written[plan_id] = 0
        try:
            plans.note_committing(self._database, plan_id, now())
            yield
        finally:
            with self._lock:
                del self._written[plan_id]
            with suppress(Busy):  # the mark ends by itself after some minutes
                plans.note_committing(self._database, plan_id, None)

    def note(self, plan_id: str, written: int) -> None:
        """So many records of a plan have been written."""
        self._written[plan_id] = written

    def written(self, plan_id: str) -> int | None:
        """Records written so far of a plan that is being written; None for others."""
        return self._written.get(plan_id)

    def _end_waiting(self, _planned: Future[None]) -> None:
        with self._lock:
            self._waiting -= 1

    def close(self) -> None:
        """Stop: the plan that is being made fails, and those behind it."""
        self._closing.set()
        self._thread.shutdown()

    def _plan(self, plan_id: str, reading: Reading, file: BinaryIO) -> None:
        with file:
            try:
                plans.fill(self._database, plan_id, reading, stopped=self._closing.is_set)
            except Busy as busy:
                plans.finish(self._database, plan_id, str(busy))
            except Exception as error:
                log.error("import %s failed", plan_id, exc_info=error)
                plans.finish(
                    self._database,
                    plan_id,
                    "Something went wrong on our side, and has been logged. Send the file again later.",
                )
