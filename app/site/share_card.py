"""The picture that a shared link shows, 1200 by 630: an SVG of our own, and the PNG made of it."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson
import resvg_py
from markupsafe import Markup

WIDTH, HEIGHT = 1200, 630
MARGIN = 72
FONTS = Path(__file__).parent / "card_fonts"
FONT_FILES = ("schola-regular.otf", "schola-bold.otf", "franklin.ttf")
# Size of the title, distance of its lines, baseline of the first, most lines: the first that fits.
TITLE_SIZES = ((64, 74, 232, 3), (52, 60, 212, 4), (44, 52, 200, 5))
COLUMN = 360  # between the facts
FACT_SIZE = 36  # of a value, if each fits into its column
ROOM_OF_FACT = 370  # as wide as the bold letters would be, of which we know the widths
MAX_PLACE = 44  # characters beside the wordmark
KEPT_PICTURES = 128  # of about 30 kB
LIKE = {"\N{MODIFIER LETTER TURNED COMMA}": "\N{LEFT SINGLE QUOTATION MARK}"}  # the okina of Hawaii
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True, slots=True)
class ShareCard:
    """What a picture says: a title, where that is, and up to three facts as label and value."""

    title: str
    place: str = ""
    facts: Sequence[tuple[str, str]] = ()


def case_study_card(case: Mapping[str, Any], evidence_label: str | None) -> ShareCard:
    """The picture of a case study, from its public card."""
    facts = []
    figures = [row["enrollment"] for row in case["districts"] if row["enrollment"]]
    if figures:
        largest = max(figures, key=lambda figure: figure["value"])
        year = f"{largest['year']}-{(largest['year'] + 1) % 100:02}"
        if len(case["districts"]) == 1:
            facts.append((f"Students, {year}", f"{largest['value']:,}"))
        else:
            facts.append((f"Largest district, {year}", f"{largest['value']:,} students"))
    if case["started_year"]:
        facts.append(("Began", str(case["started_year"])))
    outcomes = sum(1 + line["more"] for line in case["outcomes"])
    noun = "outcome" if outcomes == 1 else "outcomes"
    label = f"Evidence, {outcomes} {noun}" if outcomes else "Evidence"
    facts.append((label, evidence_label or "No outcome reported"))
    return ShareCard(case["title"], place_of(case), facts)


def place_of(case: Mapping[str, Any]) -> str:
    """Where a case study is: its town and state, its state or states, or how many states."""
    states = [state["label"] for state in case["states"]]
    cities = {row["city"] for row in case["districts"]}
    if len(states) == len(cities) == 1 and (city := cities.pop()):
        return f"{city}, {states[0]}"
    named = ", ".join(states)
    return named if len(named) <= MAX_PLACE else f"{len(states)} states"


def card_svg(card: ShareCard) -> Markup:
    """The picture as SVG. Everything of the card is escaped."""
    size, distance, first, lines = _title_lines(_drawable(card.title))
    title = Markup("").join(
        _text(MARGIN, first + distance * place, size, line, bold=True)
        for place, line in enumerate(lines)
    )
    value_size = min((_fact_size(value) for _, value in card.facts), default=FACT_SIZE)
    facts = Markup("").join(
        _text(MARGIN + COLUMN * place, 520, 26, label, family="Franklin", color="#4e5a56")
        + _text(MARGIN + COLUMN * place, 562, value_size, value)
        for place, (label, value) in enumerate(card.facts)
    )
    where = Markup(
        '<text x="{}" y="60" text-anchor="end" font-family="Franklin" font-size="28" fill="#14181a">{}</text>'
    ).format(WIDTH - MARGIN, _cut(_drawable(card.place), MAX_PLACE))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        '<path fill="#fff" d="M0 0h1200v630H0z"/><path fill="#f5a300" d="M0 0h1200v108H0z"/>'
        '<path d="M0 92h1200v6H0zM0 108h1200v6H0z" fill="#14181a"/>{wordmark}{where}{title}'
        '<path d="M72 472h1056v2H72z" fill="#14181a"/>{facts}</svg>'
    ).format(
        width=WIDTH,
        height=HEIGHT,
        wordmark=_text(MARGIN, 62, 40, "Model Districts", bold=True),
        where=where,
        title=title,
        facts=facts,
    )


@lru_cache(maxsize=KEPT_PICTURES)
def png(svg: str) -> bytes:
    """The picture as PNG. Equal pictures are equal bytes: no font of the system is used."""
    picture: bytes = resvg_py.svg_to_bytes(
        svg_string=svg,
        skip_system_fonts=True,
        font_files=[str(FONTS / name) for name in FONT_FILES],
        font_family="Franklin",
    )
    return picture


def _fact_size(value: str) -> int:
    """The size at which a value fits."""
    width = _width(_drawable(value))
    return min(FACT_SIZE, int(ROOM_OF_FACT * 1000 / width)) if width else FACT_SIZE


def _title_lines(title: str) -> tuple[int, int, int, list[str]]:
    """Size, distance and first baseline of the title's lines, and the lines themselves."""
    for size, distance, first, most in TITLE_SIZES:
        lines = _lines(title, size)
        if len(lines) <= most:
            return size, distance, first, lines
    *whole, last = lines[:most]
    while _width(last + ELLIPSIS) > _room(size):
        last = last[:-1]
    return size, distance, first, [*whole, last.rstrip(" ,;:.") + ELLIPSIS]


def _lines(text: str, size: int) -> list[str]:
    """The text in lines that fit, broken between words; a word too long is broken inside."""
    room = _room(size)
    lines = [""]
    for word in text.split():
        for part in _parts(word, room):
            longer = f"{lines[-1]} {part}".strip()
            if _width(longer) <= room:
                lines[-1] = longer
            else:
                lines.append(part)
    return [line for line in lines if line]


def _room(size: int) -> float:
    """The width of a line, in thousandths of the size."""
    return (WIDTH - 2 * MARGIN) * 1000 / size


def _parts(word: str, room: float) -> list[str]:
    parts = [""]
    for character in word:
        if _width(parts[-1] + character) > room:
            parts.append("")
        parts[-1] += character
    return parts


def _width(text: str) -> int:
    widths = _widths()
    return sum(widths[character] for character in text)


@cache
def _widths() -> dict[str, int]:
    widths: dict[str, int] = orjson.loads((FONTS / "widths.json").read_bytes())
    return widths


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip(" ,") + ELLIPSIS


def _text(
    x: int,
    y: int,
    size: int,
    text: str,
    *,
    family: str = "Schola",
    color: str = "#14181a",
    bold: bool = False,
) -> Markup:
    return Markup(
        '<text x="{}" y="{}" font-family="{}" font-size="{}" font-weight="{}" fill="{}">{}</text>'
    ).format(x, y, family, size, 700 if bold else 400, color, _drawable(text))


def _drawable(text: str) -> str:
    """The text in the characters of the fonts: without its accent, or left out, where there is no
    other way. One unknown character would bring the whole line into another font."""
    return "".join(map(_known, " ".join(text.split())))


def _known(character: str) -> str:
    widths = _widths()
    if character in widths:
        return character
    if like := LIKE.get(character):
        return like
    plain = unicodedata.normalize("NFKD", character)
    return "".join(part for part in plain if part in widths)
