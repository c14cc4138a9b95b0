"""Rates: how often something may happen, counted in this process. No address is stored anywhere."""

import threading
import time
from collections import deque
from collections.abc import Callable

from app.errors import TooMany

MAX_NAMES = 10_000  # once there are more, those without a recent event are forgotten


class Rate:
    """At most `times` events in `seconds` seconds, for each name."""

    def __init__(
        self, times: int, seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.times, self.seconds = times, seconds
        self._clock = clock
        self._events: dict[str, deque[float]] = {}  # when each of the last ones happened
        self._lock = threading.Lock()

    def check(self, name: str) -> None:
        """Raise TooMany, with the seconds to wait, if it has happened too often."""
        with self._lock:
            events = self._recent(name)
            if len(events) >= self.times:
                seconds = max(1, round(events[0] + self.seconds - self._clock() + 0.5))
                raise TooMany(
                    f"Too many attempts. Try again in {seconds} seconds.", retry_after=seconds
                )

    def count(self, name: str) -> None:
        """Count one more event."""
        with self._lock:
            self._recent(name).append(self._clock())

    def _recent(self, name: str) -> deque[float]:
        oldest = self._clock() - self.seconds
        if len(self._events) > MAX_NAMES:
            self._events = {
                other: events
                for other, events in self._events.items()
                if events and events[-1] > oldest
            }
        events = self._events.setdefault(name, deque())
        while events and events[0] <= oldest:
            events.popleft()
        return events
