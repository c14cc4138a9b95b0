"""FailedAttempts: who has tried too many keys, counted in this process by the `limits` library."""

import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.errors import TooMany


class FailedAttempts:
    """Attempts with a key that is not valid, by client address. May be shared by threads."""

    def __init__(self, times: int = 20, seconds: int = 60) -> None:
        self._item = RateLimitItemPerSecond(times, seconds)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, address: str) -> None:
        """Raise TooMany, with the seconds to wait, if an address has tried too often."""
        if not self._limiter.test(self._item, address):
            window = self._limiter.get_window_stats(self._item, address)
            seconds = max(1, round(window.reset_time - time.time() + 0.5))
            raise TooMany(
                f"Too many attempts. Try again in {seconds} seconds.", retry_after=seconds
            )

    def count(self, address: str) -> None:
        """Count one more."""
        self._limiter.hit(self._item, address)
