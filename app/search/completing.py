"""Completing misspelled beginnings: what "philadlphia" or "comunity sch" most likely begins."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.search.name_index import END, NameIndex

ONE_EDIT, TWO_EDITS = 4, 8  # letters from which on so many may be wrong
TRIED = 3  # readings of each word
MOST_WORDS = 5  # longer texts are not corrected: their readings multiply
Reading = tuple[int, str]  # letters that differ, and the word


def corrected_beginnings(typed: Sequence[str], names: Sequence[NameIndex]) -> set[str]:
    """The beginnings of names that differ from the typed words by the fewest letters.

    The first letter of a word is taken as right, and a word that a name has is left as it is.
    """
    if len(typed) > MOST_WORDS:
        return set()
    readings = [
        _readings(word, names, whole=place < len(typed) - 1) for place, word in enumerate(typed)
    ]
    combined = [
        (sum(edits for edits, _ in reading), " ".join(word for _, word in reading))
        for reading in product(*readings)
    ]
    standing = [
        (edits, beginning) for edits, beginning in combined if edits and _times(beginning, names)
    ]
    fewest = min((edits for edits, _ in standing), default=0)
    return {beginning for edits, beginning in standing if edits == fewest}


def _readings(word: str, names: Sequence[NameIndex], *, whole: bool) -> list[Reading]:
    """What a word may be, the nearest first, then the more frequent.

    With `whole` it is a word of a name, otherwise the beginning of one.
    """
    most = 2 if len(word) >= TWO_EDITS else 1 if len(word) >= ONE_EDIT else 0
    if not most or not word.isalpha() or _frequency(word, names, whole=whole):
        return [(0, word)]
    near: defaultdict[int, set[str]] = defaultdict(set)
    for length in range(len(word) - most, len(word) + most + 1):
        for index in names:
            for edits, other in _near(word, index.words_like(word[0], length, whole=whole), most):
                near[edits].add(other)
    for edits in sorted(near):
        times = {other: _frequency(other, names, whole=whole) for other in near[edits]}
        standing = sorted((-count, other) for other, count in times.items() if count)
        if standing:
            return [(edits, other) for _, other in standing[:TRIED]]
    return [(0, word)]


def _near(word: str, others: Sequence[str], most: int) -> Iterator[Reading]:
    near = process.extract(word, others, scorer=OSA.distance, score_cutoff=most, limit=None)
    return ((int(edits), other) for other, edits, _ in near)


def _frequency(word: str, names: Sequence[NameIndex], *, whole: bool) -> int:
    """How often names hold a word, or one that begins so."""
    beginnings = (f"{word} ", f"{word}{END}") if whole else (word,)
    return sum(_times(beginning, names) for beginning in beginnings)


def _times(beginning: str, names: Sequence[NameIndex]) -> int:
    return sum(len(index.starting(beginning)) for index in names)
