"""Lexicon: what understanding asks of one collection, of the vocabulary and of the shipped language data."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path

from app.catalog.vocabulary import Vocabulary
from app.search.analysis import stem
from app.search.collection import Collection
from app.search.understanding.alternatives import Alternative
from app.search.understanding.gazetteer import Gazetteer
from app.search.understanding.places import PlaceNames, place_names
from app.search.understanding.spelling import Speller, english_words
from app.search.understanding.synonyms import Phrase, Synonyms

MOST_SYNONYMS = 10  # for a word or a phrase; more of them blur the question


class Language:
    """The shipped data: frequent words, ZIP codes and towns. Each is read when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def english(self) -> frozenset[str]:
        """The most frequent English words."""
        return english_words(self._folder / "words.txt")

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """The positions of ZIP codes and towns."""
        return Gazetteer(self._folder)


@lru_cache
def shipped_language(folder: Path) -> Language:
    """The data of a folder, once for each process."""
    return Language(folder)


class Lexicon:
    """The words of one collection, and what stands for them, as of one state of the directory."""

    def __init__(
        self,
        collection: Collection,
        synonyms: Synonyms,
        vocabulary: Vocabulary,
        language: Language,
    ) -> None:
        self.collection, self.synonyms = collection, synonyms
        self.vocabulary, self.language = vocabulary, language

    @cached_property
    def place_names(self) -> PlaceNames:
        """The names of states and regions."""
        return place_names(self.vocabulary)

    def entries_with(self, word: str) -> int:
        """How many entries hold a word in any of its forms."""
        posting = self.collection.postings.get(stem(word))
        return len(posting) if posting else 0

    def synonyms_of(self, phrase: Phrase) -> list[Alternative]:
        """What stands for these words and occurs in the collection, nearest first."""
        holding_all = self.collection.holding_all
        held = (
            each
            for each in self.synonyms.of(phrase)
            if holding_all(each.words, in_a_row=each.in_a_row)
        )
        return list(islice(held, MOST_SYNONYMS))

    def correct(self, word: str) -> str | None:
        """The word of the directory that a misspelled one most likely is."""
        return self._speller.correct(word, known=self.synonyms.knows)

    @cached_property
    def _speller(self) -> Speller:
        """Made when the first misspelled word comes."""
        counts: Mapping[str, int] = {
            word: len(members) for word, members in self.collection.words.items() if members
        }
        return Speller(self.language.english, counts, self.collection.name_words)
