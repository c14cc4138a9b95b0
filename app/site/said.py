"""What a search did with the words: sentences, with the links that undo it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.records.wording import counted, listed
from app.search.analysis import stem
from app.search.results import Results

MAX_FORMS = 4  # of a word, shown
EXACT = ("match", "exact")


@dataclass(frozen=True, slots=True)
class Undo:
    """A link that undoes something, or makes it strict."""

    label: str
    address: str


@dataclass(slots=True)
class Sentence:
    """One sentence about some words. `words` stand in quotes, unless they begin a sentence."""

    words: str
    parts: list[str] = field(default_factory=list)  # follow the words, joined by semicolons
    undo: list[Undo] = field(default_factory=list)

    @property
    def rest(self) -> str:
        """What follows the words."""
        return f"{'; '.join(self.parts)}."

    def add(self, part: str, label: str, address: str) -> None:
        """Say something more, with the link that undoes it; one link undoes several parts."""
        self.parts.append(part)
        if all(address != other.address for other in self.undo):
            self.undo.append(Undo(label, address))


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that was done with the words. `exact`: the search of the words as typed alone."""

    sentences: list[Sentence]
    forms: list[Sentence]  # which other words are found for each word
    exact: str | None

    def __bool__(self) -> bool:
        return bool(self.sentences or self.forms)


def said(results: Results, nouns: tuple[str, str]) -> Said:
    """Everything that was done with the words. `nouns`: what is searched for, one and many."""
    by_word: dict[str, Sentence] = {}
    for word, part, label, address in _about_words(results, nouns[0]):
        by_word.setdefault(word, Sentence(_quoted(word))).add(part, label, address)
    forms, left_out = list(_forms(results)), list(_left_out(results))
    exact = results.query.url_with(EXACT) if forms or left_out else None
    sentences = [
        *_other_places(results),
        *by_word.values(),
        *left_out,
        *_partial(results, nouns),
    ]
    return Said(sentences, forms, exact)


def _about_words(results: Results, noun: str) -> Iterator[tuple[str, str, str, str]]:
    """Of each word: the word, what was done with it, and what undoes that."""
    query, understood = results.query, results.understood
    for correction in understood.corrections:
        as_typed = query.url_with(("spelling", "exact"))
        yield (
            correction.written,
            f"was read as \u201c{correction.read}\u201d",
            "Take it as typed",
            as_typed,
        )
    for part in understood.parts:
        strict = query.url_with(*part.parameters)
        text = f"was understood as {part.label}; results that match it come first"
        yield part.words, text, "Show only these", strict
    for dropped in results.dropped:
        if dropped.why != "function word":
            yield dropped.word.strip('"'), f"is in no {noun}", "Search without it", dropped.link


def _forms(results: Results) -> Iterator[Sentence]:
    """Of each word that is also found by others: its other forms and its synonyms."""
    for word in dict.fromkeys(_plain_words(results)):
        forms_of_stem = results.collection.stem_words.get(stem(word), ())
        forms = sorted(form for form in forms_of_stem if form != word)
        synonyms = results.understood.synonyms.get(word, ())
        others = [*forms[:MAX_FORMS], *synonyms[:MAX_FORMS]]
        if others:
            yield Sentence(_quoted(word), [f"also finds {listed(others)}"])


def _plain_words(results: Results) -> list[str]:
    """The words that also stand for their other forms."""
    if results.mode in (None, "exact"):
        return []
    units = results.understood.units
    return [unit.words[0] for unit in units if not (unit.phrase or unit.prefix)]


def _other_places(results: Results) -> Iterator[Sentence]:
    """The town that was meant, with the others of its name."""
    query = results.query
    if query.near and query.other_places:
        town = query.near.rpartition(",")[0]
        undo = [Undo(place, query.url_with(("near", place))) for place in query.other_places]
        yield Sentence(_quoted(town), [f"was understood as {query.near}"], undo)


def _left_out(results: Results) -> Iterator[Sentence]:
    words = [dropped.word for dropped in results.dropped if dropped.why == "function word"]
    if words:
        was = "was not looked for" if len(words) == 1 else "were not looked for"
        yield Sentence(listed([_quoted(word) for word in words]), [was])


def _partial(results: Results, nouns: tuple[str, str]) -> Iterator[Sentence]:
    """How many of the results have every word, if not all do."""
    if results.mode != "best" or results.whole is None or results.whole == results.total:
        return
    whole, rest = results.whole, results.total - results.whole
    begin = f"{counted(whole, *nouns)} {'has' if whole == 1 else 'have'} every word"
    if not whole:
        begin = f"No {nouns[0]} has every word"
    some = f"and {rest:,} {'has' if rest == 1 else 'have'} some of them"
    every = Undo("Only those with every word", results.query.url_with(("match", "all")))
    yield Sentence(f"{begin},", [some], [every] if whole else [])


def _quoted(word: str) -> str:
    return f"\u201c{word}\u201d"
