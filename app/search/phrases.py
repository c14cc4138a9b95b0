"""Phrases: entries that are called just what was typed come first, then those that hold its words in a row."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from app.search.analysis import words
from app.search.collection import NAMES, Collection
from app.search.matching import Matches
from app.search.postings import numbers_of
from app.search.weighing import Scores

LOOKED_AT = 50  # of the best entries: reading all would cost more than the rest of a search
MAX_REMEMBERED = 10_000  # names; the entries of one place or district share theirs
PUNCTUATION = 8  # characters by which a name may differ from its words; longer ones are not read
# Shares of the best score, measured on tests/relevance: +0.003 and +0.005 nDCG@10.
NAMED_SO = 100  # percent
IN_A_ROW = 30  # percent


def add_phrase_scores(total: Scores, best: int, matches: Matches) -> None:
    """Raise the scores of the entries that hold the typed words in a row."""
    typed, collection, numbers = matches.phrase, matches.collection, numbers_of(matches.text)
    row = f" {' '.join(typed)} ".encode()
    if len(numbers) > LOOKED_AT:
        numbers = numbers[np.argpartition(-total[numbers], LOOKED_AT - 1)[:LOOKED_AT]]
    for number in numbers.tolist():
        if row not in collection.stored.words(number):
            continue
        if _is_called(number, typed, collection):
            total[number] += best * NAMED_SO // 100
        elif len(typed) > 1:
            total[number] += best * IN_A_ROW // 100


def _is_called(number: int, typed: Sequence[str], collection: Collection) -> bool:
    """Whether a title, an initiative, an alias, a district or a place is called just so."""
    names = collection.stored.names(number)
    length = len(" ".join(typed))
    return any(
        _words_of(name) == tuple(typed)
        for field in NAMES
        for name in names.get(field, "").split("\n")
        if abs(len(name) - length) <= PUNCTUATION
    )


@lru_cache(MAX_REMEMBERED)
def _words_of(name: str) -> tuple[str, ...]:
    return tuple(words(name))
