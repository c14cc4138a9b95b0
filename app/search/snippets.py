"""Snippets: the place in an entry where the words were found, marked by offsets, never by HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from app.search.analysis import SAME, fold, spelled, stem
from app.search.collection import Collection
from app.search.query import Clause, SearchQuery
from app.search.shelf import Shelf

LENGTH = 240  # characters
BEFORE = 60  # of them in front of the first word found


@dataclass(frozen=True)
class Wanted:
    """What a question looks for in an entry's text."""

    words: tuple[tuple[str, bool], ...]  # a word or phrase as it stands there, and whether it may go on
    spellings: tuple[str, ...]  # patterns of all the ways in which they may stand there
    odd: bool  # whether that may be in a way that a look for the words does not see, whatever the text

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds all of it, however it is spelled: a slow look, for texts that need one."""
        longest_first = sorted(set(self.spellings), key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)")

    def first(self, folded: str) -> int | None:
        """Where the first of it begins."""
        found = [at for word, goes_on in self.words if (at := _find(folded, word, goes_on, 0, len(folded))) >= 0]
        if found:
            return min(found)
        if not self.odd and not _joins(folded):
            return None
        match = self.pattern.search(folded)  # A & M, 1,200, O'Neil
        return match.start() if match else None

    def spans(self, folded: str, start: int, end: int) -> list[tuple[int, int]]:
        """Where all of it begins and ends in a part of the text."""
        if self.odd or _joins(folded[start:end]):
            return [found.span() for found in self.pattern.finditer(folded, start, end)]
        spans = {}
        for word, goes_on in self.words:
            at = _find(folded, word, goes_on, start, end)
            while at >= 0:
                stop = at + len(word)
                while goes_on and stop < end and _in_word(folded[stop]):
                    stop += 1
                spans[at] = stop
                at = _find(folded, word, goes_on, stop, end)
        return sorted(spans.items())


def wanted_words(query: SearchQuery, among: Collection) -> Wanted | None:
    """The words, as they stand in the entries, that the question is looking for."""
    found: list[tuple[str, bool]] = []
    spellings: list[str] = []
    for clause in query.clauses:
        if clause.without:
            continue
        if clause.prefix:
            found.append((clause.words[0], True))
            spellings.append(re.escape(clause.words[0]) + r"\w*")
        elif clause.phrase:
            found.append((" ".join(clause.words), False))
            spellings.append(r"\W+".join(map(spelled, clause.words)))
        else:
            same = _same_stem(clause, among)
            found += [(word, False) for word in same]
            spellings += map(spelled, same)
    if not found:
        return None
    odd = any(clause.phrase or clause.words[0].isdecimal() or clause.words[0] in SAME.values() for clause in query.clauses)
    return Wanted(tuple(found), tuple(spellings), odd)


def snippet(shelf: Shelf, number: int, wanted: Wanted) -> dict[str, object]:
    """The passage around the first word found, in the summary if it is there, else in the text; else the summary's beginning."""
    summary = shelf.summary(number)
    folded = fold(summary)
    if (first := wanted.first(folded)) is not None:
        return _passage("summary", summary, folded, first, wanted)
    text = shelf.rest(number).get("text", "")
    folded = fold(text)
    if (first := wanted.first(folded)) is not None:
        return _passage("text", text, folded, first, wanted)
    return _passage("summary", summary, "", 0, wanted)


def _find(folded: str, word: str, goes_on: bool, start: int, end: int) -> int:
    at = folded.find(word, start, end)
    while at >= 0:
        stop = at + len(word)
        if (at == 0 or not _in_word(folded[at - 1])) and (goes_on or stop == end or not _in_word(folded[stop])):
            return at
        at = folded.find(word, at + 1, end)
    return -1


def _joins(text: str) -> bool:
    """Whether something is in the text that may stand inside a word."""
    return "'" in text or "\u2019" in text or "&" in text


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _passage(name: str, text: str, folded: str, first: int, wanted: Wanted) -> dict[str, object]:
    start = 0 if first <= BEFORE else _word_start(text, first - BEFORE, first)
    end = _word_end(text, start, start + LENGTH)
    passage = text[start:end].rstrip()
    marks = [[begin - start, stop - start] for begin, stop in wanted.spans(folded, start, start + len(passage))] if folded else []
    if not passage.isascii() and max(passage) > "\uffff":  # clients count UTF-16 units, as JavaScript does
        marks = [[_utf16(passage[:at]) for at in mark] for mark in marks]
    return {"field": name, "text": passage, "marks": marks, "before": start > 0, "after": end < len(text)}


def _same_stem(clause: Clause, among: Collection) -> Sequence[str]:
    wanted = stem(clause.words[0])
    found = among.stem_words.get(wanted)
    return found or clause.words


def _word_start(text: str, at: int, before: int) -> int:
    space = text.find(" ", at, before)
    return at if space < 0 else space + 1


def _word_end(text: str, start: int, at: int) -> int:
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", start, at)
    return at if space < 0 else space


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
