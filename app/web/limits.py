"""Rate: how often something may happen for each name, counted in this process by the `limits` library."""

import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.errors import TooMany


class Rate:
    """At most `times` events in `seconds` seconds, for each name. May be shared by threads."""

    def __init__(self, times: int, seconds: int) -> None:
        self._item = RateLimitItemPerSecond(times, seconds)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, name: str) -> None:
        """Raise TooMany, with the seconds to wait, if it has happened too often."""
        if not self._limiter.test(self._item, name):
            window = self._limiter.get_window_stats(self._item, name)
            seconds = max(1, round(window.reset_time - time.time() + 0.5))
            raise TooMany(
                f"Too many attempts. Try again in {seconds} seconds.", retry_after=seconds
            )

    def count(self, name: str) -> None:
        """Count one more event."""
        self._limiter.hit(self._item, name)
