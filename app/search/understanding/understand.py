"""understand: from the words of a question to all they can stand for."""

import re
from collections.abc import Sequence

from app.search.analysis import stem
from app.search.analysis import words as words_of
from app.search.query import Clause, SearchQuery
from app.search.understanding import joining, setting
from app.search.understanding.alternatives import (
    CORRECTION_WEIGHT,
    Alternative,
    Correction,
    Understood,
    UnderstoodPart,
    Unit,
)
from app.search.understanding.evidence_asked import find_evidence_asked
from app.search.understanding.lexicon import Lexicon
from app.search.understanding.places import Place, find_places
from app.search.understanding.stop_words import without_stop_words
from app.search.understanding.synonyms import LONGEST

BESIDE_A_ZIP_CODE = {"near", "zip", "code", "zipcode", "around"}
EXACT = "exact"  # the match mode in which words stand for themselves alone

_ACRONYM = re.compile(r"\b[A-Z]{2,6}\b")  # LCFF; a longer word in capitals may be misspelled


def understand(query: SearchQuery, lexicon: Lexicon) -> Understood:
    """What the wanted words of a question stand for. Phrases and beginnings stand for themselves."""
    clauses = [clause for clause in query.clauses if not clause.without]
    fixed = [_as_typed(clause) for clause in clauses if clause.phrase or clause.prefix]
    typed = [
        word for clause in clauses if not (clause.phrase or clause.prefix) for word in clause.words
    ]
    if query.match == EXACT:
        return Understood((*fixed, *(_word(word) for word in typed)))
    return _Understanding(query, typed, lexicon).result(fixed)


class _Understanding:
    """One question while it is being understood. A place in `typed` is the place of a word."""

    def __init__(self, query: SearchQuery, typed: Sequence[str], lexicon: Lexicon) -> None:
        self.query, self.lexicon = query, lexicon
        self.typed = list(typed)
        self.read = list(typed)  # the same, with corrected words in their place
        self.alternatives: list[list[Alternative]] = [[] for _ in typed]
        self.corrections: list[Correction] = []
        self.parts: list[UnderstoodPart] = []
        self.acronyms = {each.lower() for each in _ACRONYM.findall(query.q)}
        self.gone: set[int] = set()  # places of words that were understood as a filter alone

    def result(self, fixed: Sequence[Unit]) -> Understood:
        """Understand sizes, places, settings, spelling, synonyms, joined words, in this order."""
        self._enrollment()
        self._zip_codes()
        names, vocabulary = self.lexicon.place_names, self.lexicon.vocabulary
        for place in find_places(self.typed, self.query.q, names, vocabulary):
            self._place(place)
        _, dropped = without_stop_words(self.typed, self.query.q)
        dropped = [n for n in dropped if not self.alternatives[n]]  # Great Lakes, R.I., OR alone
        units_at = [n for n in range(len(self.typed)) if n not in self.gone.union(dropped)]
        if self.query.spelling != EXACT:
            for n in units_at:
                self._correct(n)
        for n in units_at:
            self._setting(n)
        for study in find_evidence_asked(self.query.q):
            parameters = (("evidence", study.codes),)
            self.parts.append(
                UnderstoodPart(study.words, "evidence", study.label, parameters, strict=False)
            )
        self._synonyms()
        self._joined(units_at)
        units = [self._unit(n) for n in units_at]
        return Understood(
            units=(*fixed, *units),
            corrections=tuple(self.corrections),
            parts=tuple(self.parts),
            stop_words=tuple(self.typed[n] for n in dropped if n not in self.gone),
            synonyms=self._synonyms_shown(units_at),
            read=tuple(self.read),
        )

    def _unit(self, n: int) -> Unit:
        """The word itself, then what stands for it, each once."""
        word = self.typed[n]
        unique: dict[object, Alternative] = {(stem(word),): Alternative((word,))}
        for alternative in self.alternatives[n]:
            key = alternative.facet or tuple(map(stem, alternative.words))
            unique.setdefault(key, alternative)
        return Unit((word,), alternatives=tuple(unique.values()))

    def _enrollment(self) -> None:
        size = setting.find_enrollment(self.query.q)
        if size:
            self._size(
                size, [n for n, word in enumerate(self.typed) if word in words_of(size.words)]
            )

    def _size(
        self, size: setting.EnrollmentRange, places: Sequence[int], *, strict: bool = True
    ) -> None:
        parameters = (("enrollment_min", size.low), ("enrollment_max", size.high))
        filters = tuple((name, str(value)) for name, value in parameters if value is not None)
        low, high = f"{size.low or 0:,}", f"{size.high or 0:,}"
        label = f"{low} to {high} students" if size.low else f"up to {high} students"
        if not size.high:
            label = f"{low} students or more"
        self.parts.append(UnderstoodPart(size.words, "enrollment", label, filters, strict))
        self.gone.update(places)

    def _zip_codes(self) -> None:
        for n, word in enumerate(self.typed):
            if not (len(word) == 5 and word.isdecimal()) or self.lexicon.entries_with(word):
                continue
            point = self.lexicon.language.gazetteer.zip_code(word)
            if point:
                start, end = n, n + 1
                while start and self.typed[start - 1] in BESIDE_A_ZIP_CODE:
                    start -= 1
                while end < len(self.typed) and self.typed[end] in BESIDE_A_ZIP_CODE:
                    end += 1
                part = UnderstoodPart(
                    " ".join(self.typed[start:end]),
                    "distance",
                    f"near {word}",
                    (("near", word),),
                    point=point,
                )
                self.parts.append(part)
                self.gone.update(range(start, end))

    def _place(self, place: Place) -> None:
        """A place is an alternative of each of its words, so that they may also just be words."""
        for n in range(place.start, place.end):
            alternative = Alternative((), 1.0, "place", (place.facet, place.code))
            self.alternatives[n].append(alternative)
        named = " ".join(self.typed[place.start : place.end])
        strict = ((place.facet, place.code),)
        self.parts.append(UnderstoodPart(named, "place", place.label, strict))

    def _setting(self, n: int) -> None:
        word = self.typed[n]
        named = setting.rurality_of(word)
        if named and not self._is_name(n):
            code, label = named
            self.alternatives[n].append(Alternative((), 1.0, "setting", ("rurality", code)))
            self.parts.append(UnderstoodPart(word, "setting", label, (("rurality", code),)))
        elif self._has_size():
            return  # a small district under 500 students
        elif (size := setting.size_of(word)) and n + 1 < len(self.typed):
            self._size(size, (n,), strict=False)

    def _has_size(self) -> bool:
        return any(part.kind == "enrollment" for part in self.parts)

    def _is_name(self, n: int) -> bool:
        """Whether the word belongs to a longer name, as in Kansas City."""
        return (
            self.typed[n] == "city"
            and n > 0
            and self.typed[n - 1] in self.lexicon.collection.name_words
        )

    def _correct(self, n: int) -> None:
        word = self.typed[n]
        if word in self.acronyms:
            return
        if self.lexicon.entries_with(word) or joining.split(word, self.lexicon.entries_with):
            return
        corrected = self.lexicon.correct(word)
        if corrected:
            self.corrections.append(Correction(word, corrected))
            self.alternatives[n].append(Alternative((corrected,), CORRECTION_WEIGHT, "correction"))
            self.read[n] = corrected

    def _synonyms(self) -> None:
        """Of the longest phrases first; a phrase's synonyms stand for each of its words.

        A word that is said twice counts once, and stands in the phrases of both places.
        """
        place_of = {word: n for n, word in enumerate(self.typed)}
        row = [place_of[word] for word in words_of(self.query.q) if word in place_of]
        for length in range(min(LONGEST, len(row)), 0, -1):
            for start in range(len(row) - length + 1):
                places = row[start : start + length]
                synonyms = self.lexicon.synonyms_of(tuple(self.read[n] for n in places))
                for n in places:
                    self.alternatives[n] += synonyms

    def _joined(self, units_at: Sequence[int]) -> None:
        for n in units_at:
            word = self.typed[n]
            if not self.lexicon.entries_with(word):
                halves = joining.split(word, self.lexicon.entries_with)
                if halves:
                    self.alternatives[n].append(halves)
        for n in range(len(self.typed) - 1):
            whole = joining.joined(self.typed[n], self.typed[n + 1], self.lexicon.entries_with)
            if whole:
                self.alternatives[n].append(whole)
                self.alternatives[n + 1].append(whole)

    def _synonyms_shown(self, units_at: Sequence[int]) -> dict[str, tuple[str, ...]]:
        shown = {}
        for n in units_at:
            names = [" ".join(a.words) for a in self.alternatives[n] if a.reason == "synonym"]
            if names:
                shown[self.typed[n]] = tuple(dict.fromkeys(names))
        return shown


def _as_typed(clause: Clause) -> Unit:
    return Unit(clause.words, clause.phrase, clause.prefix, (Alternative(clause.words),))


def _word(word: str) -> Unit:
    return Unit((word,), alternatives=(Alternative((word,)),))
