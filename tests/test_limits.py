"""What one who tries too often meets: a wait that ends, and that others do not share."""

import pytest

from app.errors import TooMany
from app.web.limits import MAX_NAMES, Rate


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.seconds


def is_limited(rate: Rate, name: str) -> bool:
    """Whether another attempt is refused."""
    try:
        rate.check(name)
    except TooMany:
        return True
    return False


def test_an_address_waits_until_its_oldest_attempt_is_a_minute_old() -> None:
    clock = Clock()
    rate = Rate(times=2, seconds=60, clock=clock)
    rate.count("ada")
    clock.seconds += 20
    assert not is_limited(rate, "ada")
    rate.count("ada")
    with pytest.raises(TooMany, match=r"Try again in 4[01] seconds") as refusal:
        rate.check("ada")
    assert 40 <= refusal.value.retry_after <= 41
    assert not is_limited(rate, "rui")
    clock.seconds += refusal.value.retry_after
    assert not is_limited(rate, "ada")


def test_strangers_without_number_do_not_lift_anybodys_limit() -> None:
    clock = Clock()
    rate = Rate(times=1, seconds=60, clock=clock)
    rate.count("ada")
    clock.seconds += 30
    for number in range(MAX_NAMES + 1):
        rate.count(f"stranger {number}")
    assert is_limited(rate, "ada")
    assert is_limited(rate, "stranger 0")


def test_those_who_have_waited_are_forgotten() -> None:
    clock = Clock()
    rate = Rate(times=1, seconds=60, clock=clock)
    for number in range(MAX_NAMES + 1):
        rate.count(f"stranger {number}")
    clock.seconds += 61
    rate.count("ada")
    assert len(rate._events) == 1
    assert is_limited(rate, "ada")
