"""Synonyms: the words that stand for each other, from the vocabularies and everyday groups."""

from collections import defaultdict
from collections.abc import Iterable

from app.catalog.vocabulary import Term, Vocabulary
from app.records.taxonomy import SYNONYMS
from app.search.analysis import stem, words
from app.search.understanding.alternatives import PHRASE_SYNONYM_WEIGHT, SYNONYM_WEIGHT, Alternative

LISTS = ("strategy", "indicator", "topic", "pillar", "evidence", "direction", "model")
LONGEST = 4  # words of a phrase that is looked up

Phrase = tuple[str, ...]


class Synonyms:
    """What stands for a word or a phrase, from the published vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._of: dict[Phrase, dict[Phrase, None]] = defaultdict(dict)
        for term in vocabulary.terms(SYNONYMS):
            self._join([term.label, *term.record.get("synonyms", ())])
        for name in LISTS:
            for term in vocabulary.terms(name):
                self._join(_short_names(term))

    def of(self, phrase: Phrase) -> list[Alternative]:
        """What stands for these words, nearest first."""
        others = self._of.get(_key(phrase), {})
        weight = SYNONYM_WEIGHT if len(phrase) < 3 else PHRASE_SYNONYM_WEIGHT
        return [Alternative(other, weight, "synonym") for other in others if other != phrase]

    def knows(self, word: str) -> bool:
        """Whether a word is part of any group, so that it is not corrected."""
        return _key((word,)) in self._of

    def _join(self, names: Iterable[str]) -> None:
        phrases = [tuple(words(name)) for name in names]
        phrases = [phrase for phrase in phrases if 0 < len(phrase) <= LONGEST]
        for phrase in phrases:
            group = self._of[_key(phrase)]
            group.update((other, None) for other in phrases if _key(other) != _key(phrase))


def _short_names(term: Term) -> list[str]:
    """The names of a term that people type: short ones."""
    return [name for name in term.names if len(words(name)) <= LONGEST]


def _key(phrase: Phrase) -> Phrase:
    return tuple(stem(word) for word in phrase)
