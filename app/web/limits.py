"""Rates: how often something may happen, counted in this process; no address is written anywhere."""

import threading
import time
from collections import deque

from app.errors import TooMany


class Rate:
    """At most so many times in so many seconds, for each name."""

    def __init__(self, times: int, seconds: float) -> None:
        self.times, self.seconds = times, seconds
        self._seen: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def check(self, name: str) -> None:
        """Raise TooMany, with the seconds to wait, if it has happened too often."""
        with self._lock:
            seen = self._recent(name)
            if len(seen) >= self.times:
                raise TooMany(
                    "too many attempts; wait a little",
                    retry_after=max(1, round(seen[0] + self.seconds - time.monotonic() + 0.5)),
                )

    def count(self, name: str) -> None:
        """It has happened once more."""
        with self._lock:
            self._recent(name).append(time.monotonic())

    def _recent(self, name: str) -> deque[float]:
        now = time.monotonic()
        if len(self._seen) > 10_000:  # names that have not been heard of lately are forgotten
            self._seen = {
                other: seen
                for other, seen in self._seen.items()
                if seen and seen[-1] > now - self.seconds
            }
        seen = self._seen.setdefault(name, deque())
        while seen and seen[0] <= now - self.seconds:
            seen.popleft()
        return seen
