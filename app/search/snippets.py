"""Snippets: the place in an entry where the words were found, marked by offsets, never by HTML."""

import re
from collections.abc import Iterable

from app.search.analysis import spelled, stem
from app.search.collection import Collection, Indexed
from app.search.query import Clause, SearchQuery

LENGTH = 240  # characters
BEFORE = 60  # of them in front of the first word found


def wanted_words(query: SearchQuery, among: Collection) -> re.Pattern[str] | None:
    """A pattern of the words, as they stand in the entries, that the question is looking for."""
    alternatives: list[str] = []
    for clause in query.clauses:
        if clause.without:
            continue
        if clause.prefix:
            alternatives.append(re.escape(clause.words[0]) + r"\w*")
        elif clause.phrase:
            alternatives.append(r"\W+".join(map(spelled, clause.words)))
        else:
            alternatives += map(spelled, _same_stem(clause, among))
    if not alternatives:
        return None
    longest_first = sorted(set(alternatives), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)")


def snippet(indexed: Indexed, wanted: re.Pattern[str]) -> dict[str, object]:
    """The passage around the first word found, in the summary if it is there, else in the text; else the summary's beginning."""
    for name in ("summary", "text"):
        if found := wanted.search(indexed.folded.get(name, "")):
            return _passage(name, indexed.entry.text[name], indexed.folded[name], found.start(), wanted)
    return _passage("summary", indexed.entry.text.get("summary", ""), "", 0, wanted)


def _passage(name: str, text: str, folded: str, first: int, wanted: re.Pattern[str]) -> dict[str, object]:
    start = 0 if first <= BEFORE else _word_start(text, first - BEFORE, first)
    end = _word_end(text, start, start + LENGTH)
    passage = text[start:end].rstrip()
    marks = [[found.start() - start, found.end() - start] for found in wanted.finditer(folded, start, start + len(passage))]
    if max(passage, default="") > "\uffff":  # clients count UTF-16 units, as JavaScript does
        marks = [[_utf16(passage[:at]) for at in mark] for mark in marks]
    return {"field": name, "text": passage, "marks": marks, "before": start > 0, "after": end < len(text)}


def _same_stem(clause: Clause, among: Collection) -> Iterable[str]:
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
