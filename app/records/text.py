"""How text is compared: one form for all spellings of the same words."""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

# Straight and curly apostrophes, primes, accents that stand alone, and the letters that languages
# write for a glottal stop: the okina (U+02BB) above all.
APOSTROPHES = (
    "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u2018\u2019\u201a\u201b\u2032\ua78c\uff07"
)
MAX_REMEMBERED = 10_000  # characters; all of Unicode would take 200 MB
NOT_READ = "\u2122\u2120"  # trade marks: their letters are no part of the word before them
# Where a sentence ends: behind a word or a year, not behind a short form such as St. or U.S.
SENTENCE_END = re.compile(r"[.!?](?<=[a-z0-9)%]{3}.)(?=\s+[A-Z\"'(])")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


class _FoldedCharacters(dict[str, str]):
    """For each character, what it is compared as: none, one or several characters."""

    def __missing__(self, character: str) -> str:
        if character in APOSTROPHES:
            folded = "'"
        elif character in NOT_READ:
            folded = ""
        else:
            plain = unicodedata.normalize("NFKD", character).casefold()
            folded = "".join(
                letter for letter in plain if unicodedata.category(letter) not in ("Mn", "Cf")
            )
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        self[character] = folded
        return folded


_FOLDED = _FoldedCharacters()


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A folded text, and where each of its characters is in the original."""

    text: str
    folded_starts: tuple[int, ...] = ()  # from each of these places in the folded text on,
    starts: tuple[int, ...] = ()  # the text itself goes on here, one character for one

    def position(self, folded_position: int) -> int:
        """The position in the original of a position in the folded text."""
        part = bisect_right(self.folded_starts, folded_position) - 1
        if part < 0:
            return folded_position
        return self.starts[part] + folded_position - self.folded_starts[part]


def fold_text(text: str) -> str:
    """The text for comparison: lower case, without accents, soft hyphens and ligatures.

    Every apostrophe is `'`, whichever way the text is composed (NFC, NFD) or typed.
    """
    if text.isascii():
        return text.lower().replace("`", "'")
    return _BEYOND_ASCII.sub(lambda match: _FOLDED[match[0]], text).lower().replace("`", "'")


def fold_with_positions(text: str) -> FoldedText:
    """`fold_text` with the original positions, to highlight words in the original."""
    folded = fold_text(text)
    if text.isascii():
        return FoldedText(folded)
    folded_starts, starts = [], []
    shift = 0
    for match in _BEYOND_ASCII.finditer(text):
        size = len(_FOLDED[match[0]])
        if size != 1:
            shift += size - 1
            folded_starts.append(match.end() + shift)
            starts.append(match.end())
    return FoldedText(folded, tuple(folded_starts), tuple(starts))
