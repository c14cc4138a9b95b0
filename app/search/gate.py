"""Gate: threads that read the index, and the event loop that takes entries in, never at once.

What runs on the event loop needs no gate: entries are taken in there, one at a time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Threads go in together. The event loop goes in alone, and never waits at the gate."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._readers = 0
        self._wanted = self._changing = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """The block of a thread in which nothing changes."""
        with self._moved:
            while self._wanted or self._changing:
                self._moved.wait()
            self._readers += 1
        try:
            yield
        finally:
            with self._moved:
                self._readers -= 1

    def enter(self) -> bool:
        """Go in to change, if nobody reads. If somebody does, no more readers come before us."""
        with self._moved:
            self._wanted = bool(self._readers)
            self._changing = not self._wanted
            return self._changing

    def leave(self) -> None:
        """Let the readers in, whether or not we have been inside."""
        with self._moved:
            self._wanted = self._changing = False
            self._moved.notify_all()
