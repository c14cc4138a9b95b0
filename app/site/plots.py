"""Before and after as a drawing, where an outcome gives both as percentages of the same population.

Pure functions from values to markup. What cannot be drawn stays text; `earlier_and_latest` says
which outcomes can.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

LEFT, WIDTH = 44.0, 212.0  # of the line from 0 to 100 percent, in a drawing 300 wide
MIDDLE = 14  # its height
NO_DATE = "no date"
BEFORE = "before"
DRAWING, LETTER = 300, 6.2  # width of the drawing, and about that of a letter of the years
# How exact a figure is, as words that stand before its year.
QUALIFIERS = {
    "about": "about",
    "more-than": "more than",
    "at-least": "at least",
    "nearly": "nearly",
    "up-to": "up to",
    "less-than": "less than",
}
_YEAR = r"(?:(?:19|20)\d\d(?:-\d\d(?!\d))?|FY ?\d\d(?:\d\d)?)"
_NUMBER = r"(\d{1,3}(?:\.\d+)?)"
# "64 percent in 2010", and "59.2 in 2011" after another part has said percent.
_DATED_PART = re.compile(rf"{_NUMBER}(?: percent)? in ({_YEAR})")
_YEAR_IN_WORDS = re.compile(_YEAR)
_MOMENT = re.compile(  # what a baseline without a year says of its time
    r"\b(the year before|(?:about )?(?:a|one|two|three|four|five|six|ten) (?:school )?"
    r"(?:years?|decade) before|in grade \d+|at the start of the year|at first|before)\b"
)
_INEXACT = {"about": "about", "around": "about", "nearly": "nearly", "less than": "less-than"}
# A period whose end is the year of the latest figure: "2010-2018", "2012 to about 2017", "class of 2015".
_PERIOD = re.compile(
    rf"(?:(?:about|by|to|as of|class of) )?(?:{_YEAR}(?:-| to (?:about |May |June )?))?"
    rf"(?P<last>{_YEAR})(?: \(.*\))?"
)
_SPAN = re.compile(r"((?:19|20)\d\d)-((?:19|20)\d\d)(?: \(.*\))?")


@dataclass(frozen=True, slots=True)
class Reading:
    """A percentage and its time: a year, or what the source says instead."""

    value: float
    when: str
    qualifier: str | None = None


def earlier_and_latest(outcome: Mapping[str, Any]) -> list[Reading]:
    """The figures of an outcome that can be drawn, the oldest first; empty if it has to stay text.

    Drawn are percentages alone: the value with every figure of a baseline that is nothing but dated
    percentages, else with the baseline value, which is of the same population.
    """
    value = outcome.get("value")
    if value is None or outcome.get("unit") != "percent" or not _is_share(value):
        return []
    baseline, text = outcome.get("baseline_value"), outcome.get("baseline") or ""
    earlier = _dated(text)
    if not earlier and baseline is not None and _is_share(baseline):
        inexact = (word for start, word in _INEXACT.items() if text.startswith(f"{start} "))
        moment = _moment(text.partition(";")[0])  # the baseline value is the first that is named
        earlier = [Reading(baseline, moment, next(inexact, None))]
    if not earlier:
        return []
    latest = Reading(value, _end_of(outcome.get("period") or ""), outcome.get("qualifier"))
    return [*earlier, latest]


@dataclass(frozen=True, slots=True)
class Plot:
    """An outcome as a drawing. `baseline`: what its text says beyond what is drawn."""

    svg: Markup
    baseline: str | None


def plot(outcome: Mapping[str, Any], name: str) -> Plot | None:
    """The drawing of an outcome; None if it has to stay text. `name` begins its text alternative."""
    readings = earlier_and_latest(outcome)
    if not readings:
        return None
    drawing = range_plot(readings, name=name)
    if outcome.get("baseline_value") is None:  # then the text is nothing but what is drawn
        return Plot(drawing, None)
    baseline, first = outcome["baseline"] or "", readings[0]
    drawn = {number(first.value), _percentage(first)}
    if _is_drawable(first.when):
        drawn.add(_in_words(first))
    return Plot(drawing, baseline if baseline not in drawn else None)


def range_plot(readings: Sequence[Reading], *, name: str) -> Markup:
    """Before and after on a line from 0 to 100 percent; `name` begins its text alternative."""
    first, last = readings[0], readings[-1]
    side = 1 if last.value < first.value else -1  # of the first label: right of a fall, else left
    ticks = Markup("").join(
        Markup('<line class="axis" x1="{0:.1f}" x2="{0:.1f}" y1="10" y2="18"/>').format(_x(tick))
        for tick in (0, 50, 100)
    )
    circles = Markup("").join(
        Markup('<circle class="was" cx="{:.1f}" cy="{}" r="4.2"/>').format(
            _x(reading.value), MIDDLE
        )
        for reading in readings[:-1]
    )
    return Markup(
        '<svg class="range" viewBox="0 0 300 42" role="img" aria-label="{label}">'
        '<line class="axis" x1="{left:.0f}" x2="{right:.0f}" y1="{middle}" y2="{middle}"/>{ticks}'
        '<line class="span" x1="{start:.1f}" x2="{end:.1f}" y1="{middle}" y2="{middle}"/>{circles}'
        '<circle class="now" cx="{end:.1f}" cy="{middle}" r="5"/>{before}{after}</svg>'
    ).format(
        label=f"{name}: {sentence(readings)}",
        left=LEFT,
        right=LEFT + WIDTH,
        middle=MIDDLE,
        ticks=ticks,
        start=_x(first.value),
        end=_x(last.value),
        circles=circles,
        before=_label(first, side, ""),
        after=_label(last, -side, "last"),
    )


def scale() -> Markup:
    """The head of a column of plots: 0, 50 and 100 percent."""
    texts = Markup("").join(
        Markup('<text class="year" x="{:.0f}" y="11" text-anchor="middle">{}</text>').format(
            _x(tick), label
        )
        for tick, label in ((0, "0"), (50, "50"), (100, "100%"))
    )
    return Markup(
        '<svg class="range scale" viewBox="0 0 300 15" aria-hidden="true">{}</svg>'
    ).format(texts)


def sentence(readings: Sequence[Reading]) -> str:
    """The readings in words: 64 percent in 2010, then 85 percent in 2018."""
    return ", then ".join(map(_in_words, readings))


def number(value: float) -> str:
    """A figure as readers expect it: 1,200 or 85.4."""
    return f"{value:,.10g}"


def _is_share(value: float) -> bool:
    return 0 <= value <= 100


def _dated(text: str) -> list[Reading]:
    """The figures of "64 percent in 2010; 74 percent in 2014"; empty if it says anything else."""
    parts = [part.strip() for part in text.split(";")]
    matches = [_DATED_PART.fullmatch(part) for part in parts]
    if len(parts) < 2 or not all(matches) or "percent" not in parts[0]:
        return []
    readings = [Reading(float(match[1]), match[2]) for match in matches if match]
    if not all(_is_share(reading.value) for reading in readings):
        return []
    return sorted(readings, key=lambda reading: reading.when)


def _moment(text: str) -> str:
    """When a baseline was: its year, else what it says instead, else that it gives no date."""
    if year := _YEAR_IN_WORDS.search(text):
        return year[0]
    if moment := _MOMENT.search(text):
        return moment[0]
    return NO_DATE


def _end_of(period: str) -> str:
    if span := _SPAN.fullmatch(period):
        return span[2]
    if whole := _PERIOD.fullmatch(period):
        return whole["last"]
    return NO_DATE


def _in_words(reading: Reading) -> str:
    figure = _percentage(reading)
    if reading.when == NO_DATE:
        return f"{figure} (no date given)"
    is_year = _YEAR_IN_WORDS.fullmatch(reading.when) is not None
    return f"{figure} in {reading.when}" if is_year else f"{figure} {reading.when}"


def _percentage(reading: Reading) -> str:
    qualifier = QUALIFIERS.get(reading.qualifier or "", "")
    return f"{qualifier} {number(reading.value)} percent".strip()


def _is_drawable(when: str) -> bool:
    """Whether a time is short enough to stand in the drawing."""
    return when in (NO_DATE, BEFORE) or _YEAR_IN_WORDS.fullmatch(when) is not None


def _label(reading: Reading, side: int, class_: str) -> Markup:
    """The figure beside its circle, and its time below; `side`: 1 right of the circle, -1 left."""
    qualifier = QUALIFIERS.get(reading.qualifier or "", "")
    when = reading.when if _is_drawable(reading.when) else BEFORE
    when = f"{qualifier}, {when}" if qualifier else when
    x, anchor = _x(reading.value) + 10 * side, "start" if side > 0 else "end"
    edge = x + side * len(when) * LETTER  # the time stays inside of the drawing
    when_x = x - max(0, edge - DRAWING) if side > 0 else x + max(0, -edge)
    return Markup(
        '<text{class_} x="{x:.1f}" y="19" text-anchor="{anchor}">{value}%</text>'
        '<text class="year" x="{when_x:.1f}" y="35" text-anchor="{anchor}">{when}</text>'
    ).format(
        class_=Markup(' class="{}"').format(class_) if class_ else "",
        x=x,
        when_x=when_x,
        anchor=anchor,
        value=number(reading.value),
        when=escape(when),
    )


def _x(value: float) -> float:
    return LEFT + WIDTH * value / 100
