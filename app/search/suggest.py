"""suggest: completion for a search box, from titles, names, aliases and vocabulary terms."""

from bisect import bisect_left
from dataclasses import dataclass
from urllib.parse import quote

from app.search.analysis import words, written_words
from app.search.index import Index

MAX_SUGGESTIONS = 10
MAX_CHARACTERS = 100
# Which filter a chosen vocabulary term sets.
FILTER_OF = {
    "strategy": "strategy",
    "indicator": "outcome",
    "state": "state",
    "pillar": "pillar",
    "model": "model",
    "rurality": "rurality",
}


@dataclass(frozen=True, slots=True, order=True)
class Suggestion:
    """One thing that a searcher may mean."""

    weight: int  # the least first: districts and case studies before terms
    label: str
    kind: str
    value: str
    link: str


class Suggester:
    """Every name in the directory, by the beginning of any of its words.

    Made anew when the index has moved.
    """

    def __init__(self) -> None:
        self._revision = -1
        self._keys: list[tuple[str, Suggestion]] = []

    def suggest(self, text: str, index: Index, *, limit: int = MAX_SUGGESTIONS) -> list[Suggestion]:
        """What the text may become: names one of whose words begins with it, best first."""
        self._catch_up(index)
        folded = words(text)
        if not folded:
            return []
        # The last word may be whole (Saint is St.) or the beginning of a longer one.
        beginnings = {" ".join([*folded, ""]), " ".join([*folded[:-1], written_words(text)[-1]])}
        suggestions: dict[tuple[str, str], Suggestion] = {}
        for beginning in beginnings:
            at = bisect_left(self._keys, (beginning,))
            while at < len(self._keys) and self._keys[at][0].startswith(beginning):
                suggestion = self._keys[at][1]
                suggestions.setdefault((suggestion.kind, suggestion.value), suggestion)
                at += 1
        return sorted(suggestions.values())[:limit]

    def _catch_up(self, index: Index) -> None:
        if self._revision == index.revision:
            return
        keys: list[tuple[str, Suggestion]] = []
        for kind, path, weight in (
            ("district", "/v1/districts", 0),
            ("case-study", "/v1/case-studies", 1),
        ):
            collection = index.collections[kind]
            for slug, number in collection.numbers.items():
                text = collection.stored.names(number)
                names = [*text.get("title", "").split("\n"), *text.get("aliases", "").split("\n")]
                keys += _keys(names, Suggestion(weight, names[0], kind, slug, f"{path}/{slug}"))
        for name, parameter in FILTER_OF.items():
            for term in index.vocabulary.terms(name):
                link = f"/v1/case-studies?{parameter}={quote(term.code)}"
                keys += _keys(term.names, Suggestion(2, term.label, name, term.code, link))
        self._keys, self._revision = sorted(keys), index.revision


def _keys(names: list[str], suggestion: Suggestion) -> list[tuple[str, Suggestion]]:
    """What a suggestion is found by: each name from each of its words on, in both spellings."""
    keys = []
    for name in names:
        for spelling in {tuple(words(name)), tuple(written_words(name))}:
            keys += [(" ".join(spelling[start:]), suggestion) for start in range(len(spelling))]
    return keys
