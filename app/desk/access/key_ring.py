"""KeyRing: looks up who sends a request, in threads of its own, and remembers when a key was used.

When a key was last used is written aside, every now and then: reading at the desk needs no write.
"""

import asyncio
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from app.clock import now
from app.database import Database
from app.desk.access import keys
from app.desk.access.permissions import Editor
from app.web.admission import Waiting

LOOKUPS_AT_ONCE = 4
MAX_WAITING = 100
MAX_OF_ONE_CLIENT = 20  # of them
USED_AT_STEP = timedelta(minutes=1)  # a key's use is noted once a minute at most
WRITE_SECONDS = 20.0  # between two writes
PATIENCE_SECONDS = 5.0  # behind other writers; after that it is left for the next time
log = logging.getLogger("model_districts")


class KeyRing:
    """The keys of the desk, as requests meet them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="keys")
        detail = "Too many keys are being looked up. Try again in 5 seconds."
        self._waiting = Waiting(MAX_WAITING, MAX_OF_ONE_CLIENT, detail=detail, retry_after=5)
        self._lock = threading.Lock()
        self._used_at: dict[str, datetime] = {}  # by key: to the minute
        self._unwritten: dict[str, datetime] = {}

    async def editor(self, authorization: str | None, address: str) -> Editor:
        """Who sent this Authorization header from this address.

        Raises Unauthenticated, or Busy if too many wait.
        """
        keys.refuse_malformed(authorization)  # without a question to the database
        with self._waiting.one_more(address):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._look_up, authorization)

    def used_at(self) -> Mapping[str, datetime]:
        """When each key was last used in this process, if that is not in the database yet."""
        with self._lock:
            return dict(self._unwritten)

    async def write_now_and_then(self, *, seconds: float = WRITE_SECONDS) -> None:
        """Write when keys were used, again and again, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            await asyncio.to_thread(self.write)

    def write(self) -> None:
        """Write when keys were used since the last time; if that fails, keep it for the next."""
        with self._lock:
            uses = dict(self._unwritten)
        if not uses:
            return
        try:
            with self._database.writing(seconds=PATIENCE_SECONDS) as session:
                keys.note_uses(session, uses)
        except Exception as error:
            log.warning("When keys were used could not be written: %s", type(error).__name__)
            return
        with self._lock:
            for key_id, at in uses.items():
                if self._unwritten.get(key_id) == at:
                    del self._unwritten[key_id]

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, authorization: str | None) -> Editor:
        at = now()
        with self._database.reading_keys() as session:
            editor, used_at = keys.authenticate(session, authorization, at=at)
        with self._lock:
            last = self._used_at.get(editor.key_id) or used_at
            if last is None or at - last >= USED_AT_STEP:
                self._used_at[editor.key_id] = self._unwritten[editor.key_id] = at
        return editor
