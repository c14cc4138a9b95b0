"""The names that a misspelled name may stand for; none if none is near."""

import re
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import OSA

from app.records.text import fold_text

NEAREST = 3  # names that a refusal offers
SHORTEST_PART = 3  # characters; fewer begin too many words
_WORD = re.compile(r"[^\W_]+")


def nearest(value: str, names: Iterable[str], *, most: int | None = NEAREST) -> list[str]:
    """The names spelled like the value, or whose words begin like its words; best first."""
    words = _words(value)
    scores = ((name, _likeness(words, _words(name))) for name in names)
    near = [(name, score) for name, score in scores if score > 0]
    return [name for name, _ in sorted(near, key=lambda pair: -pair[1])][:most]


def _likeness(words: Sequence[str], name: Sequence[str]) -> float:
    """From 2 (the same) down to 0 (not near): whole words, a misspelling, the beginning of words."""
    value, whole = " ".join(words), " ".join(name)
    if words and value != whole and set(words) <= set(name):
        return 1.9
    distance = _distance(value.replace(" ", ""), whole.replace(" ", ""))
    if distance is not None:
        return 2 - distance / max(len(value), 1)
    if not words or not all(any(_like_word(word, other) for other in name) for word in words):
        return 0
    return len(value) / (len(whole) + len(value))


def _like_word(word: str, other: str) -> bool:
    if len(word) >= SHORTEST_PART and other.startswith(word):
        return True
    return word == other or (len(word) > SHORTEST_PART and _distance(word, other) is not None)


def _distance(value: str, name: str) -> int | None:
    """Number of different letters if it is small for the word: 0 of 2, 1 of 3, 2 of 7, 3 of 10."""
    if len(value) < SHORTEST_PART:
        return 0 if value == name else None
    allowed = max(1, round(len(value) / 3.5))
    distance = OSA.distance(value, name, score_cutoff=allowed)
    return distance if distance <= allowed else None


def _words(text: str) -> list[str]:
    return _WORD.findall(fold_text(text).replace("'", ""))
