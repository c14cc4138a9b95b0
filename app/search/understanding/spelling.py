"""Spelling: the word of the directory that a misspelled one most likely is (optimal string alignment)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

# Edits allowed by length of the word. On made-up slips one edit is repaired rightly for 62 % of
# words of 4 or 5 letters, 95 % of 6 or 7; two edits for 57 % of 6 or 7 and 93 % of longer ones.
ONE_EDIT, TWO_EDITS, TWO_EDITS_OF_NAMES = 4, 7, 6
MAX_REMEMBERED = 10_000  # words; a lookup takes 0.1 ms


class Speller:
    """Corrects words that neither the directory nor English knows."""

    def __init__(
        self, english: frozenset[str], counts: Mapping[str, int], names: Collection[str]
    ) -> None:
        self._english = english
        self._counts = counts  # by word of the directory: entries that hold it
        self._names = names  # words of districts, initiatives, organizations, places
        self._corrected: dict[str, str | None] = {}  # words that were looked up before
        self._alike: dict[tuple[str, int], list[str]] = defaultdict(list)  # by start and length
        for word in counts:
            if word.isalpha():
                self._alike[word[0], len(word)].append(word)
        self._starts = {start for start, _ in self._alike}

    def correct(
        self, word: str, *, known: Callable[[str], bool] = lambda _word: False
    ) -> str | None:
        """The word that was meant; None if it is right, or nothing is near enough."""
        if len(word) < ONE_EDIT or not word.isalpha() or word in self._counts:
            return None
        if word in self._english or known(word):
            return None
        if word not in self._corrected:
            if len(self._corrected) >= MAX_REMEMBERED:
                self._corrected.clear()
            self._corrected[word] = self._nearest(word)
        return self._corrected[word]

    def _nearest(self, word: str) -> str | None:
        most = 2 if len(word) >= TWO_EDITS_OF_NAMES else 1
        edits_to = dict.fromkeys(self._with_another_start(word), 1)
        for length in range(len(word) - most, len(word) + most + 1):
            alike = self._alike.get((word[0], length), ())
            for other, edits, _ in process.extract(
                word, alike, scorer=OSA.distance, score_cutoff=most, limit=None
            ):
                edits_to[other] = int(edits)
        ranked = [
            self._rank(word, other, edits)
            for other, edits in edits_to.items()
            if edits < 2 or len(word) >= TWO_EDITS or other in self._names
        ]
        return min(ranked)[-1] if ranked else None

    def _with_another_start(self, word: str) -> list[str]:
        """The words one edit away with another first letter. Of those two edits away none is meant.

        That edit is the first: nothing need be compared with all words of the directory.
        """
        first, second, rest = word[0], word[1], word[1:]
        edited = [rest, f"{second}{first}{word[2:]}"]
        edited += [f"{start}{end}" for start in self._starts - {first} for end in (rest, word)]
        return [other for other in edited if other in self._counts and other.isalpha()]

    def _rank(self, word: str, other: str, edits: int) -> tuple[int, bool, bool, int, str]:
        """Fewest edits first, then names, then the same first letter, then the more frequent."""
        return (
            edits,
            other not in self._names,
            other[0] != word[0],
            -self._counts[other],
            other,
        )


def english_words(path: Path) -> frozenset[str]:
    """The most frequent English words, one on a line."""
    return frozenset(path.read_text(encoding="utf-8").split()) if path.exists() else frozenset()
