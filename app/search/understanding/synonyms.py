"""Synonyms: the words that stand for each other, from the vocabularies, everyday groups and a table of neighbors."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from app.catalog.vocabulary import Term, Vocabulary
from app.search.analysis import stem, words
from app.search.understanding.alternatives import SYNONYM_WEIGHT, Alternative

GROUPS = "synonym"  # the vocabulary of everyday groups
LISTS = ("strategy", "indicator", "topic", "pillar", "evidence", "direction", "model")
NEIGHBOR_WEIGHT = 0.5  # times the cosine
MOST_SYNONYMS = 10  # for one word; more of them blur the question
LONGEST = 4  # words of a phrase that is looked up

Phrase = tuple[str, ...]


class Language(Protocol):
    """What synonyms need of the shipped data, which is read when first needed."""

    @property
    def neighbors(self) -> "Neighbors":
        """The words that are used alike."""


class Synonyms:
    """What stands for a word or a phrase, from the published vocabulary and the shipped table."""

    def __init__(self, vocabulary: Vocabulary, language: "Language") -> None:
        self._language = language
        self._of: dict[Phrase, dict[Phrase, None]] = defaultdict(dict)
        for term in vocabulary.terms(GROUPS):
            self._join([term.label, *term.record.get("synonyms", ())])
        for name in LISTS:
            for term in vocabulary.terms(name):
                self._join(_short_names(term))

    def of(self, phrase: Phrase) -> list[Alternative]:
        """What stands for these words, nearest first."""
        found = self._of.get(_key(phrase), {})
        synonyms = [
            Alternative(other, SYNONYM_WEIGHT, "synonym") for other in found if other != phrase
        ]
        return synonyms[:MOST_SYNONYMS]

    def neighbors_of(self, word: str) -> list[Alternative]:
        """Words that are used like this one, from a table made once."""
        return [
            Alternative((other,), NEIGHBOR_WEIGHT * cosine, "neighbor")
            for other, cosine in self._language.neighbors.of(word)
        ]

    def knows(self, word: str) -> bool:
        """Whether a word is part of any group, so that it is not corrected."""
        return _key((word,)) in self._of or self._language.neighbors.knows(word)

    def _join(self, names: Iterable[str]) -> None:
        phrases = [tuple(words(name)) for name in names]
        phrases = [phrase for phrase in phrases if 0 < len(phrase) <= LONGEST]
        for phrase in phrases:
            group = self._of[_key(phrase)]
            group.update((other, None) for other in phrases if _key(other) != _key(phrase))


class Neighbors:
    """The table of neighbor words: `word<TAB>other:cosine other:cosine`, in order of words."""

    def __init__(self, path: Path) -> None:
        self._lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def of(self, word: str) -> list[tuple[str, float]]:
        """The nearest words of the directory, with their cosine."""
        pairs = (pair.rsplit(":", 1) for pair in self._line(word).split())
        return [(other, float(cosine)) for other, cosine in pairs]

    def knows(self, word: str) -> bool:
        """Whether the word is in the table."""
        return bool(self._line(word))

    def _line(self, word: str) -> str:
        at = bisect_left(self._lines, f"{word}\t")
        if at == len(self._lines):
            return ""
        name, _, others = self._lines[at].partition("\t")
        return others if name == word else ""


def _short_names(term: Term) -> list[str]:
    """The names of a term that people type: short ones."""
    return [name for name in term.names if len(words(name)) <= LONGEST]


def _key(phrase: Phrase) -> Phrase:
    return tuple(stem(word) for word in phrase)
