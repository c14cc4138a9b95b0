"""Snippets: the place in an entry where the words were found, marked by offsets, never by HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.search.analysis import SAME, fold, spelled, stem
from app.search.collection import Collection
from app.search.query import Clause, SearchQuery
from app.search.shelf import Shelf

LENGTH = 240  # characters
BEFORE = 60  # of them in front of the first word found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question looks for in an entry's text: a pattern that finds all of it, and the words that are quick to look for."""

    pattern: re.Pattern[str]
    quick: tuple[tuple[str, bool], ...]  # a word or phrase, and whether it may go on
    odd: bool  # whether it may stand there in a form that a quick look does not see, whatever the text

    def first(self, folded: str) -> int | None:
        """Where the first of it begins."""
        found = [at for text, open_end in self.quick if (at := _find(folded, text, open_end)) >= 0]
        if found:
            return min(found)
        if not self.odd and not any(mark in folded for mark in "'\u2019&"):
            return None
        match = self.pattern.search(folded)  # A & M, 1,200, O'Neil
        return match.start() if match else None


def wanted_words(query: SearchQuery, among: Collection) -> Wanted | None:
    """The words, as they stand in the entries, that the question is looking for."""
    patterns: list[str] = []
    quick: list[tuple[str, bool]] = []
    for clause in query.clauses:
        if clause.without:
            continue
        if clause.prefix:
            patterns.append(re.escape(clause.words[0]) + r"\w*")
            quick.append((clause.words[0], True))
        elif clause.phrase:
            patterns.append(r"\W+".join(map(spelled, clause.words)))
            quick.append((" ".join(clause.words), False))
        else:
            same = _same_stem(clause, among)
            patterns += map(spelled, same)
            quick += [(word, False) for word in same]
    if not patterns:
        return None
    odd = any(clause.phrase or clause.words[0].isdecimal() or clause.words[0] in SAME.values() for clause in query.clauses)
    longest_first = sorted(set(patterns), key=len, reverse=True)
    return Wanted(re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)"), tuple(quick), odd)


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


def _find(folded: str, text: str, open_end: bool) -> int:
    at = folded.find(text)
    while at >= 0:
        end = at + len(text)
        if (at == 0 or not _in_word(folded[at - 1])) and (open_end or end == len(folded) or not _in_word(folded[end])):
            return at
        at = folded.find(text, at + 1)
    return -1


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _passage(name: str, text: str, folded: str, first: int, wanted: Wanted) -> dict[str, object]:
    start = 0 if first <= BEFORE else _word_start(text, first - BEFORE, first)
    end = _word_end(text, start, start + LENGTH)
    passage = text[start:end].rstrip()
    marks = [[found.start() - start, found.end() - start] for found in wanted.pattern.finditer(folded, start, start + len(passage))]
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
