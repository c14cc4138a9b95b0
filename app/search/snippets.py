"""Snippets: the place in an entry where the words were found, marked by offsets, never by HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import orjson

from app.search.analysis import SAME, fold, spelled, stem
from app.search.collection import Collection
from app.search.query import Clause, SearchQuery

LENGTH = 240  # characters
BEFORE = 60  # of them in front of the first word found
MAX_KEPT = 40  # snippets for the same words, half a kilobyte each


@dataclass(frozen=True)
class Wanted:
    """What a question looks for in an entry's text."""

    words: tuple[
        tuple[str, bool], ...
    ]  # a word or phrase as it stands there, and whether it may go on
    odd: bool  # whether it may stand there in a way that a look for the words does not see, whatever the text

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds all of it, however it is spelled: a slow look, for texts that need one."""
        spellings = {
            re.escape(word) + r"\w*" if goes_on else r"\W+".join(map(spelled, word.split(" ")))
            for word, goes_on in self.words
        }
        longest_first = sorted(spellings, key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)")

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Where all of it begins and ends in each of some folded texts."""
        if self.odd:
            return [[found.span() for found in self.pattern.finditer(text)] for text in texts]
        # One look through all texts, a line each, for each word: a look for each word in each text would be many.
        joined = "\n".join(texts)
        starts = [0, *accumulate(len(text) + 1 for text in texts)]
        found: list[dict[int, int]] = [{} for _ in texts]
        for word, goes_on in self.words:
            place = 0
            at = joined.find(word)
            while at >= 0:
                stop = at + len(word)
                if at == 0 or not _in_word(joined[at - 1]):
                    while goes_on and _in_word(joined[stop : stop + 1]):
                        stop += 1
                    if not _in_word(joined[stop : stop + 1]):
                        while starts[place + 1] <= at:
                            place += 1
                        found[place][at - starts[place]] = stop - starts[place]
                at = joined.find(word, stop)
        if not _joins(joined):
            return [sorted(spans.items()) for spans in found]
        return [
            [match.span() for match in self.pattern.finditer(text)]
            if _joins(text)
            else sorted(spans.items())  # A & M, 1,200, O'Neil
            for text, spans in zip(texts, found, strict=True)
        ]


def wanted_words(query: SearchQuery, among: Collection) -> Wanted | None:
    """The words, as they stand in the entries, that the question is looking for."""
    found: list[tuple[str, bool]] = []
    for clause in query.clauses:
        if clause.without:
            continue
        if clause.prefix:
            found.append((clause.words[0], True))
        elif clause.phrase:
            found.append((" ".join(clause.words), False))
        else:
            found += [(word, False) for word in _same_stem(clause, among)]
    if not found:
        return None
    odd = any(
        clause.phrase or clause.words[0].isdecimal() or clause.words[0] in SAME.values()
        for clause in query.clauses
    )
    return Wanted(tuple(found), odd)


def snippets(query: SearchQuery, among: Collection, numbers: Sequence[int]) -> list[bytes]:
    """The snippet of each entry, as JSON; null where no words are looked for. Whoever adds a filter or turns a page meets many again."""
    if (wanted := wanted_words(query, among)) is None:
        return [b"null"] * len(numbers)
    kept = among.once("snippets", wanted, dict[int, bytes])
    if missing := [number for number in numbers if number not in kept]:
        if len(kept) > MAX_KEPT:
            kept.clear()
            missing = list(numbers)
        kept.update(zip(missing, map(orjson.dumps, _passages(missing, wanted, among)), strict=True))
    return [kept[number] for number in numbers]


def _passages(numbers: Sequence[int], wanted: Wanted, among: Collection) -> list[dict[str, object]]:
    """Of each entry, the passage around the first word found, in the summary if it is there, else in the text; else the summary's
    beginning."""
    summaries = [among.stored.summary(number) for number in numbers]
    in_summaries = wanted.spans([fold(summary) for summary in summaries])
    texts = [
        among.stored.text(number)
        for number, spans in zip(numbers, in_summaries, strict=True)
        if not spans
    ]
    in_texts = zip(texts, wanted.spans([fold(text) for text in texts]), strict=True)
    found = []
    for summary, spans in zip(summaries, in_summaries, strict=True):
        text, in_text = ("", []) if spans else next(in_texts)
        found.append(
            _passage("text", text, in_text) if in_text else _passage("summary", summary, spans)
        )
    return found


def _joins(text: str) -> bool:
    """Whether something is in the text that may stand inside a word."""
    return "'" in text or "\u2019" in text or "&" in text


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _passage(name: str, text: str, spans: Sequence[tuple[int, int]]) -> dict[str, object]:
    first = spans[0][0] if spans else 0
    start = 0 if first <= BEFORE else _word_start(text, first - BEFORE, first)
    end = _word_end(text, start, start + LENGTH)
    passage = text[start:end].rstrip()
    behind = start + len(passage)
    marks = [
        [begin - start, stop - start] for begin, stop in spans if start <= begin and stop <= behind
    ]
    if (
        not passage.isascii() and max(passage) > "\uffff"
    ):  # clients count UTF-16 units, as JavaScript does
        marks = [[_utf16(passage[:at]) for at in mark] for mark in marks]
    return {
        "field": name,
        "text": passage,
        "marks": marks,
        "before": start > 0,
        "after": end < len(text),
    }


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
