"""Joined and split words: afterschool is after school, and the other way around."""

from collections.abc import Callable

from app.search.understanding.alternatives import JOINED_WEIGHT, Alternative

SHORTEST = 3  # letters of each part


def split(word: str, holds: Callable[[str], int]) -> Alternative | None:
    """Two words of the directory that make up this one: the pair that most entries hold."""
    pairs = []
    for cut in range(SHORTEST, len(word) - SHORTEST + 1):
        first, second = word[:cut], word[cut:]
        entries = min(holds(first), holds(second))
        if entries:
            pairs.append((entries, (first, second)))
    if not pairs:
        return None
    return Alternative(max(pairs)[1], JOINED_WEIGHT, "split")


def joined(first: str, second: str, holds: Callable[[str], int]) -> Alternative | None:
    """Both words as one, if the directory has it so."""
    word = first + second
    return Alternative((word,), JOINED_WEIGHT, "joined") if holds(word) else None
