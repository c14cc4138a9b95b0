"""The picture of a shared link: it holds what it should, fits, is the same each time, and runs nothing."""

import struct
from typing import Any
from xml.etree import ElementTree

import pytest

from app.site.share_card import (
    HEIGHT,
    MARGIN,
    WIDTH,
    ShareCard,
    card_svg,
    case_study_card,
    place_of,
    png,
)

SVG = "{http://www.w3.org/2000/svg}"
LONG = "Community schools of a consortium of many districts with very long names, " * 4
HOSTILE = "</text><script>alert(1)</script><image href='http://evil.example/x.png'/>&amp;\0\x08"


def texts(card: ShareCard) -> list[str]:
    """The lines of a picture."""
    return [text.text or "" for text in ElementTree.fromstring(card_svg(card)).iter(f"{SVG}text")]


def case(**changes: Any) -> dict[str, Any]:
    """The public card of a case study."""
    district = {"city": "Vancouver", "enrollment": {"value": 21949, "year": 2023}}
    least = {
        "title": "Family-Community Resource Centers",
        "states": [{"label": "Washington"}],
        "districts": [district],
        "started_year": 2008,
        "outcomes": [{"more": 3}, {"more": 4}],
    }
    return least | changes


def size(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    assert picture.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def test_a_picture_says_title_place_and_facts() -> None:
    assert texts(case_study_card(case(), "Descriptive")) == [
        "Model Districts",
        "Vancouver, Washington",
        "Family-Community Resource",
        "Centers",
        "Students, 2023-24",
        "21,949",
        "Began",
        "2008",
        "Evidence, 9 outcomes",
        "Descriptive",
    ]


def test_what_is_not_known_is_left_out_or_said() -> None:
    unknown = [{"city": None, "enrollment": None}]
    card = case_study_card(case(districts=unknown, started_year=None, outcomes=[]), None)
    assert (card.place, card.facts) == ("Washington", [("Evidence", "No outcome reported")])


@pytest.mark.parametrize("evidence", [None, "Quasi-experimental", "Descriptive"])
def test_facts_fit_into_their_columns_and_have_one_size(evidence: str | None) -> None:
    outcomes = [{"more": 3}] if evidence else []
    picture = ElementTree.fromstring(card_svg(case_study_card(case(outcomes=outcomes), evidence)))
    values = [text for text in picture.iter(f"{SVG}text") if text.attrib["y"] == "562"]
    (size,) = {float(value.attrib["font-size"]) for value in values}
    assert len(values) == 3
    assert 30 < size <= 36
    # Schola Regular is 9.63 times as wide as high for "No outcome reported".
    widths = {None: 9.63, "Quasi-experimental": 9.18, "Descriptive": 5.4}
    assert float(values[-1].attrib["x"]) + widths[evidence] * size <= WIDTH - MARGIN


def test_many_states_are_counted() -> None:
    states = [{"label": name} for name in ("Kentucky", "North Carolina", "South Carolina", "Ohio")]
    assert place_of(case(states=states)) == "4 states"


@pytest.mark.parametrize("title", [LONG, "W" * 200, "Short", "\N{PILE OF POO}", ""])
def test_a_title_of_any_length_fits(title: str) -> None:
    picture = ElementTree.fromstring(card_svg(ShareCard(title, LONG)))
    lines = [
        text for text in picture.iter(f"{SVG}text") if text.attrib.get("font-weight") == "700"
    ][1:]
    assert len(lines) <= 5
    assert all(float(line.attrib["y"]) < 460 for line in lines)
    assert size(png(card_svg(ShareCard(title, LONG)))) == (WIDTH, HEIGHT)


def test_a_letter_that_the_font_lacks_is_written_without_its_accent() -> None:
    assert "Hawai\N{LEFT SINGLE QUOTATION MARK}i Sao" in texts(
        ShareCard("Hawai\N{MODIFIER LETTER TURNED COMMA}i S\N{LATIN SMALL LETTER A WITH OGONEK}o")
    )


def test_the_same_picture_is_the_same_bytes() -> None:
    card = card_svg(case_study_card(case(), "Descriptive"))
    first = png(card)
    png.cache_clear()
    assert png(card) == first


def test_nothing_of_a_record_can_break_out_of_a_picture() -> None:
    picture = card_svg(ShareCard(HOSTILE, HOSTILE, [(HOSTILE, HOSTILE)]))
    elements = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(picture).iter()}
    assert elements == {"svg", "path", "text"}
    assert size(png(picture)) == (WIDTH, HEIGHT)
