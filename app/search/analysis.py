"""Text to terms: words as they stand, folded for comparison; stems; nothing that depends on the other entries."""

import re
import unicodedata

import Stemmer

# A&M, R & D: single letters joined by an ampersand are one word. 1,200 is one number. Apostrophes stay inside a word.
PATTERN = r"(?<![a-z0-9])[a-z](?:\s?&\s?[a-z])+(?![a-z0-9])|\d+(?:,\d{3})+(?!\d)|[^\W_]+(?:['\u2019][^\W_]+)*"
_WORD = re.compile(PATTERN)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_DROPPED = str.maketrans("", "", "'\u2019,& \t\n\r")
SAME = {"saint": "st", "mount": "mt", "fort": "ft"}
MAX_KNOWN = 200_000  # spellings whose word is remembered
_KNOWN: dict[str, str] = {}
_STEMS: dict[str, str] = {}
_stemmer = Stemmer.Stemmer("english")


class _Fold(dict[str, str]):
    """Character to its lower-case base letter, one for one, so that offsets in folded text are offsets in the text."""

    def __missing__(self, character: str) -> str:
        self[character] = folded = (
            unicodedata.normalize("NFKD", character)[:1].lower()[:1] or character
        )
        return folded


_FOLD = _Fold()


def fold(text: str) -> str:
    """The text in lower case without accents, as long as the text itself."""
    return (
        text.lower()
        if text.isascii()
        else _BEYOND_ASCII.sub(lambda found: _FOLD[found[0]], text).lower()
    )


def folded_words(folded: str) -> list[str]:
    """The words of a text that is folded already, in order."""
    found = _WORD.findall(folded)
    try:
        return [_KNOWN[match] for match in found]
    except KeyError:
        if len(_KNOWN) > MAX_KNOWN:
            _KNOWN.clear()
        _KNOWN.update((match, _word(match)) for match in found if match not in _KNOWN)
        return [_KNOWN[match] for match in found]


def words(text: str) -> list[str]:
    """The words of a text, in order, folded."""
    return folded_words(fold(text))


def written_words(text: str) -> list[str]:
    """The words of a text before Saint and St. are taken for the same: the beginning of a word must stay what it is."""
    return [_plain(word) for word in _WORD.findall(fold(text))]


def spelled(word: str) -> str:
    """A pattern of the ways in which a word may stand in a folded text; what `words` does, turned round."""
    if word.isdecimal():
        return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",?", word)
    joint = "['\u2019]?" if len(word) > 4 else r"(?:['\u2019]|\s?&\s?)?"
    others = [other for other, same in SAME.items() if same == word]
    return f"(?:{'|'.join([joint.join(word), *others])})"


def stem(word: str) -> str:
    """The stem by which words are the same word: attendance, attended, attends (Snowball English)."""
    return _STEMS.get(word) or str(_stemmer.stemWord(word))


def stems(of: list[str]) -> list[str]:
    """The stem of each word."""
    try:
        return [_STEMS[word] for word in of]
    except KeyError:
        if len(_STEMS) > MAX_KNOWN:
            _STEMS.clear()
        _STEMS.update(zip(of, _stemmer.stemWords(of), strict=True))
        return [_STEMS[word] for word in of]


def _word(match: str) -> str:
    word = _plain(match)
    return SAME.get(word, word)


def _plain(match: str) -> str:
    if match.endswith(("'s", "\u2019s")):
        match = match[:-2]
    return match.translate(_DROPPED)
