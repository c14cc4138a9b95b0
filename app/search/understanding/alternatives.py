"""The values of understanding: a word of the question, and everything it can stand for."""

from dataclasses import dataclass, field
from typing import Literal

from app.search.understanding.stop_words import STOP_WORDS

Reason = Literal["word", "synonym", "correction", "joined", "split", "place", "setting"]
# Shares of the word's own weight, measured on tests/relevance: 0.4 to 0.6 are alike, 1.0 loses 0.02.
SYNONYM_WEIGHT = 0.5
PHRASE_SYNONYM_WEIGHT = 0.9  # of three words or more, which leave little doubt: +0.005 nDCG@10
CORRECTION_WEIGHT = 0.9
JOINED_WEIGHT = 0.95


@dataclass(frozen=True, slots=True)
class Alternative:
    """One thing that a word can stand for: words in a row, or a facet's value."""

    words: tuple[str, ...] = ()
    weight: float = 1.0
    reason: Reason = "word"
    facet: tuple[str, str] | None = None  # such as ("state", "OR"), or ("state", "ID,OR,WA")

    @property
    def in_a_row(self) -> bool:
        """Whether its words must stand in a row: three are a name, and "can talk to" more than talk."""
        return len(self.words) > 2 or (
            len(self.words) > 1 and not STOP_WORDS.isdisjoint(self.words)
        )


@dataclass(frozen=True, slots=True)
class Unit:
    """A word of the question (or a phrase, or the beginning of a word) with its alternatives."""

    words: tuple[str, ...]
    phrase: bool = False
    prefix: bool = False
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that was read as another."""

    written: str
    read: str


@dataclass(frozen=True, slots=True)
class UnderstoodPart:
    """Words that were understood as a place, a setting, a size or a kind of study, and its filter."""

    words: str
    kind: Literal["place", "setting", "enrollment", "distance", "evidence"]
    label: str
    parameters: tuple[tuple[str, str], ...]  # of the strict filter, such as (("state", "OR"),)
    strict: bool = True  # whether an entry must fit it to be a whole match
    point: tuple[float, float] | None = None  # of a ZIP code


@dataclass(frozen=True, slots=True)
class Understood:
    """A question as it is understood."""

    units: tuple[Unit, ...]
    corrections: tuple[Correction, ...] = ()
    parts: tuple[UnderstoodPart, ...] = ()
    stop_words: tuple[str, ...] = ()
    synonyms: dict[str, tuple[str, ...]] = field(default_factory=dict)  # word -> what stood for it
    read: tuple[str, ...] = ()  # the plain words in order, corrected; empty for match=exact
