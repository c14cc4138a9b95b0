"""Places in a question: states by name, old abbreviation or capitals-only code, and Census regions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.catalog.vocabulary import Vocabulary
from app.search.analysis import words

# Codes that are also English words, or the way a name begins, even in capitals.
NEVER = {"IN", "OR", "ME", "OK", "HI", "AS", "OH"}
ABBREVIATIONS = {
    "ala": "AL", "ariz": "AZ", "ark": "AR", "calif": "CA", "cal": "CA", "colo": "CO", "conn": "CT",
    "fla": "FL", "ill": "IL", "kan": "KS", "kans": "KS", "mich": "MI", "minn": "MN", "mont": "MT",
    "neb": "NE", "nebr": "NE", "nev": "NV", "okla": "OK", "ore": "OR", "oreg": "OR", "penn": "PA",
    "penna": "PA", "tenn": "TN", "tex": "TX", "wis": "WI", "wisc": "WI", "wyo": "WY",
}  # fmt: skip
# A state's name inside a longer name is not the state: Iowa City, New York City, Delaware County.
FOLLOWED_BY = frozenset(
    ["city", "county", "falls", "heights", "springs", "promise", "avenue", "street", "university"]
)
# Regions that the Census does not have, as lists of states.
REGIONS = {
    "New England": "CT,MA,ME,NH,RI,VT", "Pacific Northwest": "ID,OR,WA", "West Coast": "CA,OR,WA",
    "Deep South": "AL,GA,LA,MS,SC", "Gulf Coast": "AL,FL,LA,MS,TX", "Great Plains": "KS,ND,NE,OK,SD",
    "Rocky Mountains": "CO,ID,MT,UT,WY", "Great Lakes": "IL,IN,MI,MN,OH,WI",
}  # fmt: skip
LONGEST = 3  # words of a state's name
_CAPITALS = re.compile(r"\b[A-Z]{2}\b")
_POINTED = re.compile(r"\b([A-Za-z]{3,5})\.")


@dataclass(frozen=True, slots=True)
class Place:
    """A place that words `start` to `end` name, and the facet's values it stands for."""

    start: int
    end: int
    facet: str
    code: str  # several with commas
    label: str


PlaceNames = dict[tuple[str, ...], tuple[str, str, str]]  # folded words: facet, code, label


def find_places(
    folded: Sequence[str], typed: str, names: PlaceNames, vocabulary: Vocabulary
) -> list[Place]:
    """The states and regions that a question names, in order. `typed`: the question as typed."""
    codes = {code.lower() for code in _CAPITALS.findall(typed)} - {code.lower() for code in NEVER}
    pointed = {word.lower() for word in _POINTED.findall(typed)}
    places: list[Place] = []
    at = 0
    while at < len(folded):
        place = _by_name(at, folded, names) or _by_code(at, folded[at], codes, pointed, vocabulary)
        if place:
            places.append(place)
        at = place.end if place else at + 1
    return places


def _by_name(at: int, folded: Sequence[str], names: PlaceNames) -> Place | None:
    for end in range(min(at + LONGEST, len(folded)), at, -1):
        named = names.get(tuple(folded[at:end]))
        if named and not (end < len(folded) and folded[end] in FOLLOWED_BY):
            return Place(at, end, *named)
    return None


def _by_code(
    at: int, word: str, codes: set[str], pointed: set[str], vocabulary: Vocabulary
) -> Place | None:
    code = word.upper() if word in codes else ABBREVIATIONS.get(word, "")
    if word not in codes and word not in pointed and len(word) < 4:
        return None
    if code and code in vocabulary.codes("state"):
        return Place(at, at + 1, "state", code, vocabulary.label("state", code))
    return None


def place_names(vocabulary: Vocabulary) -> PlaceNames:
    """What the states and the Census regions are called."""
    names: PlaceNames = {
        tuple(words(label)): ("state", codes, label) for label, codes in REGIONS.items()
    }
    for facet in ("region", "state"):
        for term in vocabulary.terms(facet):
            for name in (term.label, *term.record.get("synonyms", ())):
                names[tuple(words(name))] = (facet, term.code, term.label)
    return names
