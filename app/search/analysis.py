"""From text to terms: folded words and their stems. Nothing here depends on the other entries."""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

import Stemmer

from app.records.text import fold_text
from app.search.irregular_forms import WORD_OF

# An apostrophe inside a word is part of it. 1,200 is one number. A&M, R & D: single letters joined by
# an ampersand are one word; their part stands last, since few words have one.
PATTERN = (
    r"[^\W_]+(?:'[^\W_]+"
    r"|(?<=\d),\d{3}(?!\d)"
    r"|(?<=[a-z])(?<![^\W_][a-z])\s?&\s?[a-z](?![^\W_]))*"
)
_WORD = re.compile(PATTERN)
_DROPPED = str.maketrans("", "", "',& \t\n\r")
CONTRACTED = ("dnt", "snt", "havent", "werent", "youre", "theyre")  # ends of didn't, doesn't, ...
SAME = {"saint": "st", "mount": "mt", "fort": "ft"}
MAX_REMEMBERED = 200_000  # words: those of a directory of 100,000 entries
_stemmer = Stemmer.Stemmer("english")


class _Words(dict[str, str]):
    """For each match of the pattern, the word.

    A dictionary answers in a third of the time of `lru_cache`: a tenth of the time of indexing.
    """

    def __missing__(self, match: str) -> str:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        word = _plain(match)
        self[match] = word = SAME.get(word, word)
        return word


_WORDS = _Words()


def folded_words(folded: str) -> list[str]:
    """The words of a text that is folded already, in order."""
    return list(map(_WORDS.__getitem__, _WORD.findall(folded)))


def words(text: str) -> list[str]:
    """The words of a text, in order, folded."""
    return folded_words(fold_text(text))


def written_words(text: str) -> list[str]:
    """The words of a text, with Saint and St. told apart, so that each keeps its beginning."""
    return [_plain(word) for word in _WORD.findall(fold_text(text))]


def spelled(word: str, common: Collection[str]) -> str:
    """A pattern of the ways in which a word may stand in a folded text: `words`, turned round.

    A `common` English word has no apostrophe but that of a possessive: the pattern of one anywhere,
    as in O'Neil, takes three times as long to compile.
    """
    if word.isdecimal():
        first = len(word) % 3 or 3
        return ",?".join([word[:first], *(word[at : at + 3] for at in range(first, len(word), 3))])
    if len(word) > 4 and word in common and not word.endswith(CONTRACTED):
        return f"{word[:-1]}'?s" if word.endswith("s") else word
    joint = "'?" if len(word) > 4 else r"(?:'|\s?&\s?)?"
    others = [other for other, same in SAME.items() if same == word]
    return f"(?:{'|'.join([joint.join(word), *others])})"


@lru_cache(MAX_REMEMBERED)
def stem(word: str) -> str:
    """The stem that a word shares with its other forms: attended, attending; taught, teaching.

    Snowball English, and the irregular forms that it does not know.
    """
    return str(_stemmer.stemWord(WORD_OF.get(word, word)))


def stems(words: Iterable[str]) -> list[str]:
    """The stem of each word."""
    return [stem(word) for word in words]


def _plain(match: str) -> str:
    return match.removesuffix("'s").translate(_DROPPED)
