"""Snippets: the passage in which the words were found, marked by offsets, never by HTML."""

import re
import sys
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from app.records.text import SENTENCE_END, fold_with_positions
from app.search.analysis import spelled, stem
from app.search.collection import Collection
from app.search.matching import Matches
from app.search.weighing import WeighedUnit

LENGTH = 240  # characters
BEFORE = 60  # of them in front of the first word found
FAR = 2 * LENGTH  # behind it nothing is marked; folding may make a passage longer
Span = tuple[int, int]  # where a word begins and ends in a text
_REST_OF_WORD = re.compile(r"(?<=\w)\w+")  # of one that has begun before


@dataclass(slots=True)
class Snippet:
    """A passage, with the words found in it."""

    field: str  # summary or text
    text: str
    marks: list[Span]  # in UTF-16 units, as JavaScript counts
    before: bool  # whether text was left out in front of it
    after: bool  # or behind it


def snippets(matches: Matches, numbers: Sequence[int], english: Set[str]) -> list[Snippet | None]:
    """The snippet of each entry; None where the query has no words."""
    pattern = word_pattern(matches.units, matches.collection, english)
    if pattern is None:
        return [None] * len(numbers)
    return [_snippet(pattern, matches.collection, number) for number in numbers]


def word_pattern(
    units: Sequence[WeighedUnit], collection: Collection, english: Set[str]
) -> re.Pattern[str] | None:
    """Finds in a folded text the words of a query and what stands for them, in every form.

    Also inside a longer word: `_word_spans` passes over those.
    """
    spellings: set[str] = set()
    for weighed in units:
        unit = weighed.unit
        if unit.prefix:
            spellings.add(re.escape(unit.words[0]) + r"\w*")
        elif unit.phrase:
            spellings.add(r"\W+".join(spelled(word, english) for word in unit.words))
        else:
            for alternative in weighed.alternatives:
                spellings.update(_spellings(alternative.alternative.words, collection, english))
    if not spellings:
        return None
    longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
    return re.compile(rf"(?:{'|'.join(longest_first)})(?!\w)")


def _spellings(words: Sequence[str], collection: Collection, english: Set[str]) -> Iterator[str]:
    if len(words) == 1:
        forms = collection.stem_words.get(stem(words[0])) or words
        yield from (spelled(form, english) for form in forms)
    elif words:
        yield r"\W+".join(spelled(word, english) for word in words)


def _snippet(pattern: re.Pattern[str], collection: Collection, number: int) -> Snippet:
    """The passage around the first word found: in the summary, else in the text.

    Words found in a name only leave the beginning of the summary.
    """
    summary = collection.stored.summary(number)
    snippet = _passage("summary", summary, pattern)
    if not snippet:
        snippet = _passage("text", collection.stored.text(number), pattern)
    return snippet or _cut("summary", summary, [])


def _passage(field: str, text: str, pattern: re.Pattern[str]) -> Snippet | None:
    folded = fold_with_positions(text)
    first = next(_word_spans(pattern, folded.text), None)
    if first is None:
        return None
    spans = [
        (folded.position(start), folded.position(end))
        for start, end in _word_spans(pattern, folded.text, first[0], first[0] + FAR)
    ]
    return _cut(field, text, spans)


def _word_spans(
    pattern: re.Pattern[str], text: str, start: int = 0, end: int = sys.maxsize
) -> Iterator[Span]:
    """Where the pattern matches from the beginning of a word on.

    A look-behind at its front would say the same, but then each character is tried: 40 us for a
    text of 3,000 characters instead of 2.
    """
    while match := pattern.search(text, start, end):
        rest = _REST_OF_WORD.match(text, match.start())
        if rest is None:
            yield match.span()
        start = (rest or match).end()


def _cut(field: str, text: str, spans: Sequence[Span]) -> Snippet:
    """Whole sentences where they end nearby, else whole words."""
    first, behind_first = spans[0] if spans else (0, 0)
    start = 0 if first <= BEFORE else _start(text, first)
    end = _end(text, start, max(behind_first, start + LENGTH // 2))
    passage = text[start:end].rstrip()
    behind = start + len(passage)
    marks = [(begin - start, stop - start) for begin, stop in spans if stop <= behind]
    if not passage.isascii() and max(passage) > "\uffff":
        marks = [(_utf16(passage[:begin]), _utf16(passage[:stop])) for begin, stop in marks]
    return Snippet(field, passage, marks, before=start > 0, after=end < len(text))


def _start(text: str, first: int) -> int:
    """Where the sentence begins, if that is near; else the first word BEFORE."""
    end = _last_sentence_end(text, max(0, first - 2 * BEFORE), first)
    if end is not None:
        return end + 1
    space = text.find(" ", first - BEFORE, first)
    return first - BEFORE if space < 0 else space + 1


def _end(text: str, start: int, least: int) -> int:
    """The last end of a sentence from `least` on, else that of a word, LENGTH behind the start."""
    most = start + LENGTH
    if most >= len(text):
        return len(text)
    end = _last_sentence_end(text, least, most + 1)
    if end is not None:
        return end
    space = text.rfind(" ", start, most)
    return most if space < 0 else space


def _last_sentence_end(text: str, start: int, stop: int) -> int | None:
    """Periods alone: 1 us for a snippet, where a search for every sign that ends one takes 11."""
    period = text.rfind(". ", start, stop)
    while period >= 0:
        if SENTENCE_END.match(text, period):
            return period + 1
        period = text.rfind(". ", start, period)
    return None


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
