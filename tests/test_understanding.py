"""What the words of a question are understood as, one small table of examples for each file of app/search/understanding."""

from pathlib import Path

import pytest
from small_directory import answer_of, empty_index, entry

from app.catalog.vocabulary import Vocabulary
from app.search.analysis import words
from app.search.index import LANGUAGE, Index
from app.search.understanding import joining, setting
from app.search.understanding.alternatives import (
    PHRASE_SYNONYM_WEIGHT,
    Alternative,
    Understood,
)
from app.search.understanding.gazetteer import MOST_OTHERS, Gazetteer, NamedPlace
from app.search.understanding.lexicon import MOST_SYNONYMS, Language, shipped_language
from app.search.understanding.places import find_places, place_names, state_code
from app.search.understanding.spelling import Speller
from app.search.understanding.stop_words import without_stop_words
from app.search.understanding.synonyms import Synonyms
from app.search.understanding.understand import understand

STATES = {
    "IA": "Iowa", "IN": "Indiana", "OR": "Oregon", "ME": "Maine", "OK": "Oklahoma", "HI": "Hawaii",
    "NY": "New York", "TN": "Tennessee", "CA": "California", "ND": "North Dakota", "DE": "Delaware",
    "MA": "Massachusetts", "WA": "Washington", "WV": "West Virginia", "VT": "Vermont",
    "RI": "Rhode Island", "DC": "District of Columbia", "PA": "Pennsylvania", "VA": "Virginia",
}  # fmt: skip
# The words of a small directory, with the number of entries that have each.
COUNTS = {
    "nashville": 3, "attendance": 90, "absenteeism": 20, "counseling": 40, "truancy": 9,
    "pantry": 12, "oakland": 4, "compact": 5, "homework": 30, "0628050": 1, "reno": 2, "tutoring": 50,
    "cincinnati": 3, "backpack": 3, "afterschool": 7, "after": 60, "school": 200,
}  # fmt: skip
NAMES = {"nashville", "oakland", "reno", "cincinnati"}


@pytest.fixture(scope="module")
def language() -> Language:
    """The data that is shipped."""
    return shipped_language(LANGUAGE)


@pytest.fixture(scope="module")
def speller(language: Language) -> Speller:
    """Knows the words of the small directory."""
    return Speller(language.english, COUNTS, NAMES)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("nashvile", "nashville"),
        ("nahsville", "nashville"),
        ("cincinati", "cincinnati"),
        ("cincinatti", "cincinnati"),
        ("attendence", "attendance"),
        ("attndnce", "attendance"),  # two edits in a long word
        ("absentism", "absenteeism"),
        ("councelling", "counseling"),
        ("pantrey", "pantry"),
        ("oaklnd", "oakland"),
        ("truency", "truancy"),
    ],
)
def test_a_misspelled_word_is_read_as_the_nearest(
    speller: Speller, written: str, read: str
) -> None:
    assert speller.correct(written) == read


@pytest.mark.parametrize(
    "word",
    [
        "attendance",  # the directory has it
        "combat", "disease", "studio", "dances",  # English has it, though compact is near
        "ren", "oak",  # too short
        "0628051", "628050", "2019", "k12",  # a LEAID, a year, a grade
        "zzyzzx", "pxntrx",  # nothing is near enough
        "bashvyle",  # two edits, and another first letter
    ],
)  # fmt: skip
def test_no_word_is_corrected_without_need(speller: Speller, word: str) -> None:
    assert speller.correct(word) is None


def test_a_word_that_only_a_synonym_has_is_right(speller: Speller) -> None:
    assert speller.correct("pantri", known=lambda word: word == "pantri") is None


def test_corrections_go_to_names_first(language: Language) -> None:
    speller = Speller(language.english, {"macomb": 1, "bacomb": 50}, {"macomb"})
    assert speller.correct("dacomb") == "macomb"


def test_equally_near_words_go_by_first_letter_then_by_number_of_entries(
    language: Language,
) -> None:
    speller = Speller(language.english, {"grantee": 2, "prantee": 80, "granteh": 9}, ())
    assert speller.correct("grantex") == "granteh"


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """States, regions, and a few names with synonyms."""
    vocabulary = Vocabulary()
    for code, name in STATES.items():
        vocabulary.put("state", code, {"name": name})
    vocabulary.put(
        "term", "region.west", {"label": "West", "synonyms": ["western states", "new england"]}
    )
    vocabulary.put("term", "synonym.1", {"label": "hunger", "synonyms": ["hungry", "food pantry"]})
    vocabulary.put("term", "synonym.2", {"label": "kids", "synonyms": ["children", "pupils"]})
    return vocabulary


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("attendance in Oregon", ["OR"]),
        ("oregon", ["OR"]),
        ("north dakota tribal schools", ["ND"]),
        ("schools in TN and CA", ["TN", "CA"]),
        ("Tenn. schools", ["TN"]),
        ("Calif. schools", ["CA"]),
        ("calif schools", ["CA"]),
        ("western states", ["west"]),
        ("schools of the Pacific Northwest", ["ID,OR,WA"]),
        ("New England", ["CT,MA,ME,NH,RI,VT"]),  # not its Census region
        ("Portland, OR", []),  # Oregon or "or": the word alone decides nothing
        ("ME OK HI IN OR", []),
        ("in or me ok hi", []),
        ("schools in tn", ["TN"]),
        ("homeless pa de", []),  # in lowercase other words as well
        *((code, [code.upper()]) for code in ("wv", "vt", "ny", "or", "in", "pa", "OR")),  # alone
        ("Mass. schools", ["MA"]),
        ("Wash.", ["WA"]),
        ("wash clothes", []),
        ("a place to wash.", []),
        ("Pa.", ["PA"]),
        ("Va. and vt.", ["VA", "VT"]),
        ("W. Va. schools", ["WV"]),
        ("W.Va.", ["WV"]),
        ("West Va", ["WV"]),
        ("N.Y.", ["NY"]),
        ("R.I.", ["RI"]),
        ("N. Dakota", ["ND"]),
        ("Washington, D.C.", ["DC"]),
        ("Iowa City", []),
        ("New York City", []),
        ("Delaware County", []),
        ("ill children", []),  # an abbreviation needs its point if it is a word as well
        ("Ore. schools", ["OR"]),
        ("maine and hawaii", ["ME", "HI"]),
    ],
)
def test_states_and_regions_are_places_and_longer_names_are_not(
    vocabulary: Vocabulary, typed: str, codes: list[str]
) -> None:
    places = find_places(words(typed), typed, place_names(vocabulary), vocabulary)
    assert [place.code for place in places] == codes


@pytest.mark.parametrize(
    ("word", "rurality"),
    [
        ("rural", "rural"), ("countryside", "rural"), ("town", "town"), ("suburban", "suburb"),
        ("urban", "city"), ("cities", "city"), ("school", None), ("county", None),
    ],
)  # fmt: skip
def test_words_name_a_setting(word: str, rurality: str | None) -> None:
    found = setting.rurality_of(word)
    assert (found and found[0]) == rurality


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("districts under 500 students", None, 500),
        ("fewer than 1,200 pupils", None, 1200),
        ("up to 300 kids", None, 300),
        ("more than 20,000 students", 20_000, None),
        ("at least 900 children", 900, None),
        ("our district has 450 kids", 225, 900),
        ("district of 1,200 students", 600, 2400),
        ("we have about 300 students", 150, 600),
    ],
)
def test_a_size_in_words_is_an_enrollment(text: str, low: int | None, high: int | None) -> None:
    found = setting.find_enrollment(text)
    assert found is not None
    assert (found.low, found.high) == (low, high)


def test_small_says_nothing_more_beside_a_number(index: Index) -> None:
    parts = understood(index, "small districts under 500 students").parts
    assert [part.label for part in parts] == ["up to 500 students"]
    parts = understood(index, "small districts").parts
    assert [part.label for part in parts] == ["up to 2,500 students"]


@pytest.mark.parametrize(
    "text",
    ["school has 30 kids on stage", "500 students", "under 500", "under 500 dollars", "over there"],
)
def test_other_numbers_are_no_enrollment(text: str) -> None:
    assert setting.find_enrollment(text) is None


def entries_with(word: str) -> int:
    """How many entries of the small directory have a word."""
    return COUNTS.get(word, 0)


def test_a_joined_word_is_split_and_two_words_are_joined() -> None:
    split = joining.split("homeworkschool", entries_with)
    assert split is not None
    assert split.words == ("homework", "school")
    joined = joining.joined("back", "pack", entries_with)
    assert joined is not None
    assert joined.words == ("backpack",)


@pytest.mark.parametrize("word", ["school", "backschool", "afterx", "zzyzzx"])
def test_what_is_not_two_words_is_not_split(word: str) -> None:
    assert joining.split(word, entries_with) is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("what works for the kids", ["works", "kids"]),
        ("how do I get more parents to come", ["parents", "come"]),
        ("no effect", ["no", "effect"]),
        ("not after school", ["not", "after", "school"]),
        ("before and through", ["before", "through"]),
        ("out of school", ["out", "school"]),
        ("Texas A&M", ["texas", "am"]),
        ("I am hungry", ["hungry"]),
        ("don't pay", ["pay"]),
    ],
)
def test_stop_words_are_set_aside(typed: str, kept: list[str]) -> None:
    folded = words(typed)
    places, dropped = without_stop_words(folded, typed)
    assert [folded[n] for n in places] == kept
    assert len(places) + len(dropped) == len(folded)


def test_synonyms_stand_for_each_other_by_stem_and_never_as_much_as_the_word(
    vocabulary: Vocabulary,
) -> None:
    synonyms = Synonyms(vocabulary)
    assert [one.words for one in synonyms.of(("kids",))] == [("children",), ("pupils",)]
    assert synonyms.of(("pupil",))[0].words == ("kids",)
    assert [one.words for one in synonyms.of(("food", "pantries"))] == [("hunger",), ("hungry",)]
    assert all(one.weight < 1 for one in synonyms.of(("hunger",)))
    assert synonyms.of(("bus",)) == []


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("97701", (44.1, -121.3)),
        ("Bend, OR", (44.1, -121.3)),
        ("bend,or", (44.1, -121.3)),
        ("Nashville", (36.2, -86.8)),  # the most populous of its name
        ("Nashville, IN", (39.2, -86.3)),
        ("00000", None),
        ("Nowhere at all", None),
        ("Bend, ME", None),
        ("Bend Oregon", (44.1, -121.3)),
        ("97701-1234", (44.1, -121.3)),
        ("", None),
    ],
)
def test_zip_codes_and_towns_have_a_position(
    language: Language, vocabulary: Vocabulary, name: str, near: tuple[float, float] | None
) -> None:
    place = found_place(language, vocabulary, name)
    assert (place and (round(place.point[0], 1), round(place.point[1], 1))) == near


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Burlington VT", "Burlington, VT"),
        ("Burlington, Vermont", "Burlington, VT"),
        ("burlington, vt.", "Burlington, VT"),
        ("St. Johnsbury, VT", "St Johnsbury, VT"),
        ("Saint Louis", "St. Louis, MO"),
        ("Mt Vernon, OH", "Mount Vernon, OH"),
        ("Hazard KY", "Hazard, KY"),
        ("Charleston West Virginia", "Charleston, WV"),
        ("Winston Salem", "Winston-Salem, NC"),
        ("Washington, D.C.", "Washington, DC"),
        ("05401-1234", "05401"),
    ],
)
def test_a_town_is_found_however_it_and_its_state_are_written(
    language: Language, vocabulary: Vocabulary, typed: str, name: str
) -> None:
    place = found_place(language, vocabulary, typed)
    assert place is not None
    assert place.name == name


def test_a_town_without_its_state_is_the_most_populous_and_the_others_are_told(
    language: Language, vocabulary: Vocabulary
) -> None:
    burlington = found_place(language, vocabulary, "Burlington")
    assert burlington is not None
    assert burlington.name == "Burlington, NC"
    assert "Burlington, VT" in burlington.others
    assert len(burlington.others) == MOST_OTHERS
    only = found_place(language, vocabulary, "Burlington, VT")
    assert only is not None
    assert only.others == ()


def found_place(language: Language, vocabulary: Vocabulary, name: str) -> NamedPlace | None:
    """A place by its name as it is typed."""
    names = place_names(vocabulary)
    return language.gazetteer.find(name, lambda state: state_code(state, names))


def test_every_town_can_be_found(language: Language) -> None:
    lines = (LANGUAGE / "towns.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines[::50]:
        name, state, *_ = line.split("\t")
        assert language.gazetteer.towns(name, state), line


def test_without_the_shipped_data_nothing_is_corrected_and_no_place_is_known(
    tmp_path: Path,
) -> None:
    bare = Language(tmp_path)
    assert bare.english == frozenset()
    assert Gazetteer(tmp_path).find("97701", lambda _: None) is None


@pytest.fixture(scope="module")
def index() -> Index:
    """A few case studies."""
    index = empty_index()
    collection = index.collections["case-study"]
    for slug, title in (
        ("case-1", "Nashville attendance after school"),
        ("case-2", "Rural children eat"),
        ("case-3", "Afterschool tutoring"),
        ("case-4", "Kansas City schools"),
    ):
        collection.put(entry(slug, text={"title": title}), many=False)
    index.vocabulary.put("term", "synonym.1", {"label": "kids", "synonyms": ["children"]})
    return index


def understood(index: Index, q: str, **parameters: str) -> Understood:
    """A question as it is understood."""
    query = index.query("case-study", [("q", q), *parameters.items()])
    return understand(query, index.lexicon("case-study"))


def alternatives(question: Understood, word: str) -> list[Alternative]:
    """What stands for a word beside itself."""
    (unit,) = [unit for unit in question.units if unit.words == (word,)]
    return [one for one in unit.alternatives if one.reason != "word"]


@pytest.mark.parametrize(
    ("q", "word", "reason", "stands_for"),
    [
        ("nashvile", "nashvile", "correction", ("nashville",)),
        ("kids", "kids", "synonym", ("children",)),
        ("after school", "after", "joined", ("afterschool",)),
        ("kidz afterschool", "kidz", "correction", None),
    ],
)
def test_a_word_has_alternatives_with_a_reason(
    index: Index, q: str, word: str, reason: str, stands_for: tuple[str, ...] | None
) -> None:
    found = [one.words for one in alternatives(understood(index, q), word) if one.reason == reason]
    assert found == ([stands_for] if stands_for else [])


def test_of_many_synonyms_ten_stand_for_a_word_none_that_no_entry_has() -> None:
    index = empty_index()
    held = [f"held{number}" for number in range(MOST_SYNONYMS + 5)]
    index.collections["case-study"].put(entry("case-1", text={"title": " ".join(held)}), many=False)
    not_held = [f"missing{number}" for number in range(MOST_SYNONYMS)]
    index.vocabulary.put("term", "synonym.1", {"label": "talk", "synonyms": [*not_held, *held]})
    found = [one.words[0] for one in alternatives(understood(index, "talk"), "talk")]
    assert found == held[:MOST_SYNONYMS]


def test_a_synonym_with_a_function_word_must_stand_in_a_row() -> None:
    index = empty_index()
    for slug, title in (
        ("case-1", "Grants to which a talk can lead"),
        ("case-2", "Someone whom teens can talk to"),
        ("case-3", "A pantry with food for all"),
    ):
        index.collections["case-study"].put(entry(slug, text={"title": title}), many=False)
    for code, label, synonym in (
        ("1", "counseling", "can talk to"),
        ("2", "hunger", "food pantry"),
    ):
        index.vocabulary.put("term", f"synonym.{code}", {"label": label, "synonyms": [synonym]})
    found = {
        q: [hit["slug"] for hit in answer_of(index, [("q", q)])["data"]]
        for q in ("counseling", "hunger")
    }
    assert found == {"counseling": ["case-2"], "hunger": ["case-3"]}


def test_a_synonym_of_three_words_stands_in_a_row_and_a_phrase_of_three_is_surely_meant() -> None:
    index = empty_index()
    for slug, title in (
        ("case-1", "A health center, federally run and qualified"),
        ("case-2", "A federally qualified health center"),
        ("case-3", "Truancy"),
    ):
        index.collections["case-study"].put(entry(slug, text={"title": title}), many=False)
    for code, names in (
        ("1", ["fqhc", "federally qualified health center"]),
        ("2", ["truancy", "not coming to school"]),
    ):
        terms = {"label": names[0], "synonyms": names[1:]}
        index.vocabulary.put("term", f"synonym.{code}", terms)
    assert [hit["slug"] for hit in answer_of(index, [("q", "FQHC")])["data"]] == ["case-2"]
    (absent,) = alternatives(understood(index, "kids not coming to school"), "coming")
    assert (absent.words, absent.weight) == (("truancy",), PHRASE_SYNONYM_WEIGHT)


def test_a_word_that_is_said_twice_stands_in_the_phrases_of_both_places() -> None:
    index = empty_index()
    index.collections["case-study"].put(
        entry("case-1", text={"title": "Counseling for children"}), many=False
    )
    terms = {"label": "someone to talk to", "synonyms": ["counseling"]}
    index.vocabulary.put("term", "synonym.1", terms)
    question = understood(index, "someone to talk to")
    assert [one.words for one in alternatives(question, "talk")] == [("counseling",)]


def test_what_is_quoted_left_out_or_begun_stands_for_itself(index: Index) -> None:
    question = understood(index, '"kids" nashvil* -nashvile')
    assert [[one.reason for one in unit.alternatives] for unit in question.units] == [["word"]] * 2
    assert question.corrections == ()


def test_exact_spelling_and_exact_matching(index: Index) -> None:
    assert understood(index, "nashvile", spelling="exact").corrections == ()
    exact = understood(index, "nashvile kids in oregon rural", match="exact")
    assert len(exact.units) == 5
    assert all(len(unit.alternatives) == 1 for unit in exact.units)
    assert exact.parts == ()


def test_places_and_settings_are_told_with_the_filter_that_makes_them_strict(index: Index) -> None:
    question = understood(index, "rural attendance in Oregon under 500 students near 97701")
    assert [(part.kind, part.label, part.parameters) for part in question.parts] == [
        ("enrollment", "up to 500 students", (("enrollment_max", "500"),)),
        ("distance", "near 97701", (("near", "97701"),)),
        ("place", "Oregon", (("state", "OR"),)),
        ("setting", "Rural", (("rurality", "rural"),)),
    ]


@pytest.mark.parametrize("q", ["near 25801", "ZIP 25801", "zip code 25801", "25801 zip code"])
def test_the_words_beside_a_zip_code_belong_to_it(index: Index, q: str) -> None:
    question = understood(index, q)
    assert question.units == ()
    assert [(part.words, part.label) for part in question.parts] == [(q.lower(), "near 25801")]


@pytest.mark.parametrize(
    ("q", "evidence"),
    [
        ("did it work", "experimental,quasi-experimental"),
        ("Does it work in rural schools?", "experimental,quasi-experimental"),
        ("what did it cost", "cost-benefit"),
        ("was it worth the money", "cost-benefit"),
        ("how much does a coordinator cost", None),  # a price, which no study of benefits tells
        ("job training for work", None),
    ],
)
def test_who_asks_whether_it_worked_is_led_to_the_studies_that_tell(
    index: Index, q: str, evidence: str | None
) -> None:
    studies = [part for part in understood(index, q).parts if part.kind == "evidence"]
    assert [part.parameters for part in studies] == (
        [(("evidence", evidence),)] if evidence else []
    )
    assert all(not part.strict for part in studies)


def test_an_acronym_is_not_corrected(index: Index) -> None:
    assert understood(index, "kanss").corrections != ()
    assert understood(index, "KANSS money").corrections == ()
    assert understood(index, "NASHVILE").corrections != ()  # an acronym is short


def test_the_city_of_a_name_is_no_setting(index: Index) -> None:
    assert understood(index, "kansas city").parts == ()
    assert [part.label for part in understood(index, "city attendance").parts] == ["City"]
