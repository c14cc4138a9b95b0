"""How figures, dates and quotes are shown. Records keep them plain."""

import re
from datetime import datetime

MILES_PER_KILOMETER = 0.621371
IRREGULAR = {"children": "child", "people": "person", "feet": "foot"}
MINUS = "\u2212"
_OPENING_DOUBLE = re.compile(r'(^|[\s(\[{/\u2014\u2018-])"')
_OPENING_SINGLE = re.compile(r"(^|[\s(\[{/\u2014\u201c-])'(?!\d\ds?\b)")


def typographic(text: str | None) -> str:
    """A text with curly quotes and apostrophes."""
    if not text:
        return ""
    if '"' in text:
        text = _OPENING_DOUBLE.sub("\\1\u201c", text).replace('"', "\u201d")
    if "'" in text:
        text = _OPENING_SINGLE.sub("\\1\u2018", text).replace("'", "\u2019")
    return text


def sentence(text: str) -> str:
    """A text that begins with a capital."""
    return text[:1].upper() + text[1:]


def figure(value: float | None) -> str:
    """A number with commas; a dash where there is none."""
    if value is None:
        return "\u2013"
    text = f"{value:,.0f}" if value == int(value) else f"{value:,.10g}"
    return text.replace("-", MINUS)


def day(at: datetime | str) -> str:
    """A date in words: November 25, 2026."""
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{at:%B} {at.day}, {at.year}"


def school_year(begins: int) -> str:
    """A school year by the year in which it begins: 2023-24."""
    return f"{begins}-{(begins + 1) % 100:02}"


def miles(kilometers: float) -> str:
    """A distance as people in the United States say it: 50 miles."""
    distance = kilometers * MILES_PER_KILOMETER
    shown = figure(round(distance, 1 if distance < 10 else None))
    return f"{shown} {'mile' if shown == '1' else 'miles'}"


def singular(noun: str) -> str:
    """One of what a plural names: schools, school; families, family."""
    begin, _, last = noun.rpartition(" ")
    if last in IRREGULAR:
        last = IRREGULAR[last]
    elif last.endswith("ies"):
        last = f"{last[:-3]}y"
    elif not last.endswith("ss"):
        last = last.removesuffix("s")
    return f"{begin} {last}".strip()
