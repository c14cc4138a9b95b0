"""Turns: the writers of this process, one after the other, each for a limited time.

Both databases let one writer in at a time. Waiting here costs a connection to nobody.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.engines.failures import AGAIN_SECONDS, BUSY
from app.errors import Busy

LEAST_SECONDS = 0.05  # that the one whose turn it is may wait for other processes


class Turns:
    """One writer at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """The block in which this thread alone may write. Raises Busy after these seconds."""
        until = time.monotonic() + seconds
        if not self._lock.acquire(timeout=seconds):
            raise Busy(BUSY, retry_after=AGAIN_SECONDS)
        try:
            self._until = until
            yield
        finally:
            self._lock.release()

    def seconds_left(self) -> float:
        """How long the writer whose turn it is may still wait for other processes."""
        return max(self._until - time.monotonic(), LEAST_SECONDS)
