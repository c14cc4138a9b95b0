"""Spelling: the word of the directory that a misspelt one most likely is (optimal string alignment)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

# Edits allowed by length of the word. On made-up slips one edit is repaired rightly for 62 % of
# words of 4 or 5 letters, 95 % of 6 or 7; two edits for 57 % of 6 or 7 and 93 % of longer ones.
ONE_EDIT, TWO_EDITS, TWO_EDITS_OF_NAMES = 4, 7, 6
MAX_REMEMBERED = 10_000  # words; a look-up takes 0.3 to 1 ms


class Speller:
    """Corrects words that neither the directory nor English knows."""

    def __init__(
        self, english: frozenset[str], counts: Mapping[str, int], names: Collection[str]
    ) -> None:
        self._english = english
        self._counts = counts  # by word of the directory: entries that hold it
        self._names = names  # words of districts, initiatives, organizations, places
        self._corrected: dict[str, str | None] = {}  # words that were looked up before
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in counts:
            if word.isalpha():
                self._by_length[len(word)].append(word)

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
        ranked = [
            self._rank(word, other, int(edits))
            for length in range(len(word) - most, len(word) + most + 1)
            for other, edits, _ in process.extract(
                word,
                self._by_length.get(length, ()),
                scorer=OSA.distance,
                score_cutoff=most,
                limit=None,
            )
            if self._may_be(word, other, int(edits))
        ]
        return min(ranked)[-1] if ranked else None

    def _may_be(self, word: str, other: str, edits: int) -> bool:
        """Two edits only with the same first letter, and in a short word only to a name."""
        if edits < 2:
            return True
        return other[0] == word[0] and (len(word) >= TWO_EDITS or other in self._names)

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
