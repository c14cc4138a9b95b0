"""Places in a question: states by name, abbreviation or postal code, and regions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.catalog.vocabulary import Vocabulary
from app.search.analysis import words

# Codes that are also English words, or the way a name begins, even in capitals.
NEVER = {"IN", "OR", "ME", "OK", "HI", "AS", "OH"}
ABBREVIATIONS = {
    "ala": "AL", "ariz": "AZ", "ark": "AR", "calif": "CA", "cal": "CA", "colo": "CO", "conn": "CT",
    "del": "DE", "fla": "FL", "ga": "GA", "ill": "IL", "ind": "IN", "kan": "KS", "kans": "KS",
    "ky": "KY", "la": "LA", "mass": "MA", "md": "MD", "mich": "MI", "minn": "MN", "miss": "MS",
    "mo": "MO", "mont": "MT", "neb": "NE", "nebr": "NE", "nev": "NV", "okla": "OK", "ore": "OR",
    "oreg": "OR", "pa": "PA", "penn": "PA", "penna": "PA", "tenn": "TN", "tex": "TX", "va": "VA",
    "vt": "VT", "wash": "WA", "wis": "WI", "wisc": "WI", "wyo": "WY",
}  # fmt: skip
# Abbreviations that are also English words: they need a capital and the period (Mass., Wash.).
ALSO_WORDS = {"ark", "cal", "del", "ill", "ind", "la", "mass", "miss", "mo", "ore", "pa", "wash"}
OTHER_NAMES = {
    "DC": ("D.C.", "Washington DC", "Washington D.C."), "NC": ("N.C.", "N. Car.", "N. Carolina"),
    "ND": ("N.D.", "N. Dak.", "N. Dakota"), "NH": ("N.H.",), "NJ": ("N.J.",), "NY": ("N.Y.",),
    "NM": ("N.M.", "N. Mex.", "N. Mexico"), "RI": ("R.I.",), "SC": ("S.C.", "S. Car.", "S. Carolina"),
    "SD": ("S.D.", "S. Dak.", "S. Dakota"), "WV": ("W. Va.", "West Va.", "W. Virginia"),
}  # fmt: skip
# Codes that in lowercase are also words, names or other abbreviations: et al., company, doctor.
NOT_LOWERCASE = NEVER | {
    "AL", "CO", "DE", "ID", "LA", "MA", "MD", "MO", "MP", "MS", "MT", "NE", "PA", "PR", "VI",
}  # fmt: skip
# A state's name inside a longer name is not the state: Iowa City, New York City, Delaware County.
FOLLOWED_BY = frozenset(
    ["city", "county", "falls", "heights", "springs", "promise", "avenue", "street", "university"]
)
# Regions that the Census does not have, as lists of states. They go before the names of its regions.
REGIONS = {
    "New England": "CT,MA,ME,NH,RI,VT", "Pacific Northwest": "ID,OR,WA", "West Coast": "CA,OR,WA",
    "Deep South": "AL,GA,LA,MS,SC", "Gulf Coast": "AL,FL,LA,MS,TX", "Great Plains": "KS,ND,NE,OK,SD",
    "Rocky Mountains": "CO,ID,MT,UT,WY", "Great Lakes": "IL,IN,MI,MN,OH,WI",
    "East Coast": "CT,DE,FL,GA,MA,MD,ME,NC,NH,NJ,NY,RI,SC,VA",
    "Mountain States": "AZ,CO,ID,MT,NM,NV,UT,WY",
}  # fmt: skip
LONGEST = 3  # words of a state's name
_CAPITALS = re.compile(r"\b[A-Z]{2}\b")
_POINTED = re.compile(r"\b([A-Za-z]{2,5})\.")


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
    codes = _codes(folded, typed, vocabulary)
    places: list[Place] = []
    at = 0
    while at < len(folded):
        place = _by_name(at, folded, names)
        if not place and (code := codes.get(folded[at])):
            place = Place(at, at + 1, "state", code, vocabulary.label("state", code))
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


def _codes(folded: Sequence[str], typed: str, vocabulary: Vocabulary) -> dict[str, str]:
    """The words that stand for a state, each with its postal code."""
    states = vocabulary.codes("state")
    codes = {word: code for word, code in ABBREVIATIONS.items() if _needs_no_period(word)}
    for word in _POINTED.findall(typed):
        if word[0].isupper() or word.lower() not in ALSO_WORDS:
            codes[word.lower()] = ABBREVIATIONS.get(word.lower(), "")
    is_whole_question = len(words(typed)) == 1
    for code in states:
        if is_whole_question or code not in NOT_LOWERCASE:
            codes[code.lower()] = code
    for code in _CAPITALS.findall(typed):
        if code not in NEVER:
            codes[code.lower()] = code
    return {word: codes[word] for word in folded if codes.get(word) in states}


def state_code(name: str, names: PlaceNames) -> str | None:
    """The postal code of a state by its name, its abbreviation or the code itself."""
    folded = tuple(words(name))
    facet, code, _ = names.get(folded, ("", "", ""))
    if facet == "state" and "," not in code:
        return code
    word = "".join(folded)
    return word.upper() if len(word) == 2 else ABBREVIATIONS.get(word)


def _needs_no_period(abbreviation: str) -> bool:
    return len(abbreviation) > 3 and abbreviation not in ALSO_WORDS


def place_names(vocabulary: Vocabulary) -> PlaceNames:
    """What the states and the regions are called."""
    names: PlaceNames = {}
    for facet in ("region", "state"):
        for term in vocabulary.terms(facet):
            own = OTHER_NAMES.get(term.code, ()) if facet == "state" else ()
            for name in (term.label, *term.record.get("synonyms", ()), *own):
                names[tuple(words(name))] = (facet, term.code, term.label)
    for label, codes in REGIONS.items():
        names[tuple(words(label))] = ("state", codes, label)
    return names
