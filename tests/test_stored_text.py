# ruff: noqa: RUF001
"""Text is one text, however it was typed; marks and broken encodings never become a value unseen."""

import pytest
from people import People, amend, case_study, create, district

from app.records.stored_text import (
    comparison_key,
    decoded_wrongly,
    mark_meaning,
    normalize,
    slug_of,
    text_warnings,
)

pytestmark = pytest.mark.few_records

DECOMPOSED = "Pen\u0303asco"


def warnings_of(people: People, slug: str) -> list[tuple[str, str]]:
    """Where the desk warns of a district's text, and of what."""
    meta = people.ada.get(f"/districts/{slug}").json()["meta"]
    return [(warning["pointer"], warning["code"]) for warning in meta["warnings"]]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (DECOMPOSED, "Peñasco"),
        ("Bend\u00a0La\u202fPine", "Bend La Pine"),
        ("Al\u00adbany\u200b \ufeffSchools", "Albany Schools"),
        ("Hawaiʻi", "Hawaiʻi"),
        ("\u202aBend\u202c \u2066La\u2069 \u061cPine\u200c\u200d", "Bend La Pine"),
        ("Be\x07nd \x1b\x7fLa\U000e0041 Pine\u3164", "Bend La Pine"),
        ("one\r\ntwo\rthree\x0bfour\u2028five\nsix", "one\ntwo\nthree\nfour\nfive\nsix"),
        ("📗 Läsa", "📗 Läsa"),
    ],
)
def test_text_is_stored_composed_with_plain_spaces(typed: str, stored: str) -> None:
    assert normalize(typed) == stored


@pytest.mark.parametrize("name", ["Wai'anae", "Wai‘anae", "Waiʻanae", "WAIANAE", "Waiʼanae"])
def test_case_accents_and_apostrophes_do_not_tell_two_texts_apart(name: str) -> None:
    assert comparison_key(name) == "waianae"


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Peñasco Schools", "penasco-schools"), ("Oʻahu & Maui", "oahu-and-maui"), ("St. O", "st-o")],
)
def test_a_slug_is_made_of_folded_words(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    "mark",
    [
        *(
            "†",
            "‡",
            "–",
            "—",
            "M",
            "N/A",
            "NA",
            "n.a.",
            "-1",
            "-9",
            "*",
            "‡‡",
            "---",
            "−",
            "‐",
            "...",
        ),
        *(
            "(X)",
            "X",
            "<NA>",
            "None",
            "NaT",
            "N / A",
            "−9",
            "-9999",
            "(blank)",
            "[unknown]",
            "no data",
        ),
        *("#CALC!", "#ERROR!", "Err:502", "#GETTING_DATA", "(−)", "??", "**"),
    ],
)
def test_marks_for_a_missing_value_are_known(mark: str) -> None:
    assert mark_meaning(f" {mark} ")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Mesa",
            "Nampa",
            "none of them left",
            "1",
            "M-1",
            "0",
            "unknown",
            "TRUE",
            "#AllIn!",
            "XX",
        ),
        *("(Mesa)", "-12", "", " ", "()", "5-5", "3-May", "Natick", "-116.2", "=1+1", "Nonesuch"),
    ],
)
def test_values_are_not_taken_for_marks(text: str) -> None:
    assert mark_meaning(text) is None


@pytest.mark.parametrize(
    ("text", "field"),
    [("-99", "longitude"), ("NA", "aliases"), ("none", "synonyms")],
)
def test_a_mark_may_be_the_value_of_a_field(text: str, field: str) -> None:
    assert mark_meaning(text)
    assert mark_meaning(text, field) is None


@pytest.mark.parametrize(
    ("mark", "field"),
    [("N/A", "aliases"), ("-9", "aliases"), ("-99", "enrollment"), ("-9", "longitude")],
)
def test_other_marks_there_are_marks(mark: str, field: str) -> None:
    assert mark_meaning(mark, field)


@pytest.mark.parametrize(
    "text",
    ["TRUE", "unknown", "=A2", "=VLOOKUP(A2,B:C,2)", "3-May", "2026-05-03", "5/3/26", "May-03"],
)
def test_what_a_spreadsheet_made_of_a_name_is_warned_of_where_a_name_stands(text: str) -> None:
    [warning] = text_warnings({"city": text, "status": text, "period": text, "aliases": [text]})
    assert (warning.pointer, warning.code) == ("/city", "placeholder")


@pytest.mark.parametrize(
    "name", ["May", "Unknown Valley", "True North Schools", "Q-May", "District 3-5"]
)
def test_names_that_only_begin_so_are_left_alone(name: str) -> None:
    assert list(text_warnings({"name": name, "city": name})) == []


@pytest.mark.parametrize(
    "text", ["PeÃ±asco", "donâ€™t", "Ê»Ålelo", "Ã‰cole", "Pe√±asco", "Don\x92t", "Â½ day"]
)
def test_text_that_was_decoded_wrongly_is_recognized(text: str) -> None:
    assert decoded_wrongly(text)


@pytest.mark.parametrize(
    "text", ["Pe¤asco", "Ca¤on City", "Andr‚s", "Mar¡a", "Le¢n", "Jes£s", "Ju‡rez", "SanchŽ"]
)
def test_text_of_an_old_code_page_is_recognized(text: str) -> None:
    assert decoded_wrongly(text)


def test_a_dash_inside_a_word_is_doubted_in_a_name_alone() -> None:
    assert decoded_wrongly("Pe–asco", "city") == "–"
    assert decoded_wrongly("a parent–teacher team", "summary") is None
    assert decoded_wrongly("Dallas–Fort Worth", "name") is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [("Pe&ntilde;asco", "ñ"), ("Smith &amp; Wesson", "&"), ("O&#39;Neill", "'"), ("A&#xF1;o", "ñ")],
)
def test_a_character_that_stands_as_html_is_warned_of(text: str, meant: str) -> None:
    [warning] = text_warnings({"name": text})
    assert warning.code == "decoded_wrongly"
    assert f"is HTML for {meant!r}" in warning.detail


@pytest.mark.parametrize("text", ["R&D; more", "Bait & Tackle;", "https://x.org/?a=1&b=2", "AT&T"])
def test_an_ampersand_is_no_html(text: str) -> None:
    assert list(text_warnings({"name": text})) == []


@pytest.mark.parametrize(
    "text",
    [
        "Peñasco",
        "São Paulo",
        "MANHÃ DE SOL",
        "« ÉCOLE »",
        "Ʉ",
        "5–7 °C",
        "Åland",
        "naïve",
        "50¢ a day",
        "¡Adelante!",
        "K–12",
    ],
)
def test_text_in_other_languages_is_left_alone(text: str) -> None:
    assert decoded_wrongly(text) is None


def test_the_desk_stores_text_one_way_whoever_typed_it(people: People) -> None:
    create(people.ada, district("text-one-id", name=f"{DECOMPOSED}\u00a0Schools"), "districts")
    assert people.ada.get("/districts/text-one-id").json()["data"]["name"] == "Peñasco Schools"


def test_only_prose_has_lines(people: People) -> None:
    """And a LEAID that was copied with marks of direction is the LEAID."""
    document = district(
        "text-lines-id",
        name="Lines\n School\tDistrict",
        nces_leaid="\u202a1699777\u202c",
        aliases=["One\r\nTwo"],
    )
    create(people.ada, document, "districts")
    stored = people.ada.get("/districts/text-lines-id").json()["data"]
    assert stored["name"] == "Lines School District"
    assert (stored["nces_leaid"], stored["aliases"]) == ("1699777", ["One Two"])
    create(people.ada, case_study("text-lines", approach="One. [^s1]\r\n\r\nTwo. [^s1]"))
    prose = people.ada.get("/case-studies/text-lines").json()["data"]["approach"]
    assert prose == "One. [^s1]\n\nTwo. [^s1]"


def test_the_desk_warns_of_marks_and_of_text_decoded_wrongly(people: People) -> None:
    create(people.ada, district("text-two-id", name="PeÃ±asco", city="†"), "districts")
    assert warnings_of(people, "text-two-id") == [
        ("/name", "decoded_wrongly"),
        ("/city", "placeholder"),
    ]
    amend(people.ada, "text-two-id", "districts", name="Peñasco", city="Boise")
    assert warnings_of(people, "text-two-id") == []


def test_a_lost_character_is_refused(people: People) -> None:
    answer = people.ada.post("/districts", json=district("text-three-id", name="Pe\ufffdasco"))
    assert answer.status_code == 422
    assert "lost in decoding" in answer.json()["errors"][0]["detail"]


def test_an_alias_that_differs_in_an_apostrophe_only_is_listed_twice(people: People) -> None:
    document = district("text-four-id", aliases=["Waiʻanae", "Nānākuli", "Wai'anae"])
    answer = people.ada.post("/districts", json=document)
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/aliases/2", "repeated")


@pytest.mark.parametrize(
    ("website", "stored"), [("HTTP://WWW.EXAMPLE.ORG/", "http://WWW.EXAMPLE.ORG/")]
)
def test_the_scheme_of_a_web_address_is_lowered(people: People, website: str, stored: str) -> None:
    create(people.ada, district("text-five-id", website=website), "districts")
    assert people.ada.get("/districts/text-five-id").json()["data"]["website"] == stored


def test_a_web_address_without_a_scheme_is_told_what_to_put_in_front(people: People) -> None:
    document = district("text-six-id", website="www.example.org")
    [fault] = people.ada.post("/districts", json=document).json()["errors"]
    assert "Put https:// in front: https://www.example.org" in fault["detail"]
