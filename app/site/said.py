"""What a search did with the words, in sentences, each with the link that undoes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.search.analysis import stem
from app.search.results import Dropped, Results
from app.site.display import counted, listed

MAX_FORMS = 4  # of a word, shown
EXACT = ("match", "exact")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about some words, and the link that undoes it."""

    words: str
    what: str  # follows the words
    undo: str
    address: str


def said(results: Results, nouns: tuple[str, str]) -> list[Said]:
    """Everything that was done with the words. `nouns`: what is searched for, one and many."""
    return [
        *_corrections(results),
        *_forms(results),
        *_synonyms(results),
        *_understood(results),
        *_dropped(results, nouns[0]),
        *_partial(results, nouns),
    ]


def _corrections(results: Results) -> Iterator[Said]:
    query = results.query
    for one in results.understood.corrections:
        yield Said(
            _quoted(one.written),
            f"was read as {_quoted(one.read)}.",
            "Take the spelling as typed",
            query.url_with(("spelling", "exact")),
        )


def _forms(results: Results) -> Iterator[Said]:
    """The other forms of plain words that the directory has."""
    if results.mode in (None, "exact"):
        return
    forms_of_stem = results.collection.stem_words
    for unit in results.understood.units:
        if unit.phrase or unit.prefix:
            continue
        word = unit.words[0]
        forms = sorted(form for form in forms_of_stem.get(stem(word), ()) if form != word)
        if forms:
            yield Said(
                _quoted(word),
                f"also finds {listed(forms[:MAX_FORMS])}.",
                "Only this form",
                results.query.url_with(EXACT),
            )


def _synonyms(results: Results) -> Iterator[Said]:
    for word, used in results.understood.synonyms.items():
        yield Said(
            _quoted(word),
            f"also stands for {listed(used[:MAX_FORMS])}.",
            "Only this word",
            results.query.url_with(EXACT),
        )


def _understood(results: Results) -> Iterator[Said]:
    for part in results.understood.parts:
        yield Said(
            _quoted(part.words),
            f"is understood as {part.label}; what fits comes first.",
            "Only what fits",
            results.query.url_with(*part.parameters),
        )


def _dropped(results: Results, noun: str) -> Iterator[Said]:
    function_words = [one.word for one in results.dropped if one.why == "function word"]
    if function_words:
        words = listed([_quoted(word) for word in function_words])
        was = "was" if len(function_words) == 1 else "were"
        yield Said(
            words, f"{was} not looked for.", "Look for every word", results.query.url_with(EXACT)
        )
    for one in results.dropped:
        if one.why != "function word":
            yield _not_found(one, noun)


def _not_found(one: Dropped, noun: str) -> Said:
    return Said(_quoted(one.word), f"is in no {noun}.", "Search without it", one.link)


def _partial(results: Results, nouns: tuple[str, str]) -> Iterator[Said]:
    """How many of the results have every word, if not all do."""
    if results.mode != "best" or results.whole is None or results.whole == results.total:
        return
    whole, rest = results.whole, results.total - results.whole
    begin = f"{counted(whole, *nouns)} {'has' if whole == 1 else 'have'} every word"
    if not whole:
        begin = f"No {nouns[0]} has every word"
    undo = "Only those with every word" if whole else "Ask for every word"
    yield Said(
        f"{begin};",
        f"{rest:,} {'has' if rest == 1 else 'have'} some of them.",
        undo,
        results.query.url_with(("match", "all")),
    )


def _quoted(word: str) -> str:
    return f"\u201c{word}\u201d"
