"""Text to terms: words as they stand, folded for comparison; stems; nothing that depends on the other entries."""

import re
import unicodedata
from collections.abc import Iterator

import Stemmer

# A&M, R & D: single letters joined by an ampersand are one word. 1,200 is one number. Apostrophes stay inside a word.
_WORD = re.compile(r"(?<![a-z0-9])[a-z](?:\s?&\s?[a-z])+(?![a-z0-9])|\d+(?:,\d{3})+(?!\d)|[^\W_]+(?:['\u2019][^\W_]+)*")
_DROPPED = str.maketrans("", "", "'\u2019,& \t\n\r")
SAME = {"saint": "st", "mount": "mt", "fort": "ft"}
_stemmer = Stemmer.Stemmer("english")


class _Fold(dict[int, int]):
    """Character to its lower-case base letter, one for one, so that offsets in folded text are offsets in the text."""

    def __missing__(self, code: int) -> int:
        base = unicodedata.normalize("NFKD", chr(code).lower())
        self[code] = folded = ord(base[0]) if base else code
        return folded


_FOLD = _Fold()


def fold(text: str) -> str:
    """The text in lower case without accents, as long as the text itself."""
    return text.translate(_FOLD)


def located_words(folded: str) -> Iterator[tuple[str, int, int]]:
    """Each word of a folded text, with where it begins and ends."""
    for match in _WORD.finditer(folded):
        yield _word(match[0]), match.start(), match.end()


def words(text: str) -> list[str]:
    """The words of a text, in order, folded."""
    return [_word(word) for word in _WORD.findall(fold(text))]


def beginning(text: str) -> str:
    """The last word of a text as the beginning of others: `mount` is not `mt` there."""
    return _plain(_WORD.findall(fold(text))[-1])


def spelled(word: str) -> str:
    """A pattern of the ways in which a word may stand in a folded text; what `words` does, turned round."""
    if word.isdecimal():
        return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",?", word)
    joint = "['\u2019]?" if len(word) > 4 else r"(?:['\u2019]|\s?&\s?)?"
    others = [other for other, same in SAME.items() if same == word]
    return f"(?:{'|'.join([joint.join(word), *others])})"


def stem(word: str) -> str:
    """The stem by which words are the same word: attendance, attended, attends (Snowball English)."""
    return str(_stemmer.stemWord(word))


def stems(of: list[str]) -> list[str]:
    """The stem of each word."""
    return list(_stemmer.stemWords(of))


def _word(match: str) -> str:
    word = _plain(match)
    return SAME.get(word, word)


def _plain(match: str) -> str:
    if match.endswith(("'s", "\u2019s")):
        match = match[:-2]
    return match.translate(_DROPPED)
