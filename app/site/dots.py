"""Dots of a map and the numbers beside them, which are those of a table's rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import hypot

from app.search.filters import NOT_STATED
from app.site import marks

DRAWN = (NOT_STATED, *marks.PLACES)  # the later ones on top: they are rarer
# A map is placed by the measures of a phone, where site.css draws dots and numbers larger.
DOT_RADIUS = 12
DIGIT_WIDTH, CAPITAL_HEIGHT = 14.5, 19
CROWD = 60  # how far apart dots of a crowd may stand

Spot = tuple[str, int, int]  # a kind of place, and where its dot stands
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Dot:
    """A drawn district, or several that stand in one spot. `label`: numbers of a table's rows."""

    drawing: str  # of its kind of place, as marks.py names it
    x: float
    y: float
    label: str = ""
    label_x: float = 0
    label_y: float = 0
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Side:
    """Where a label may stand: its baseline from the middle of its dot, and the shift that site.css
    gives it on a phone."""

    x: float
    y: float
    anchor: str
    shift_x: float
    shift_y: float


SIDES = (
    Side(11, 5, "start", 5, 4),
    Side(-11, 5, "end", -5, 4),
    Side(0, 24, "middle", 0, 9),
    Side(0, -15, "middle", 0, 0),
    Side(11, -7, "start", 5, 4),
    Side(11, 17, "start", 5, 4),
    Side(-11, -7, "end", -5, 4),
    Side(-11, 17, "end", -5, 4),
)


def drawing_of(kind: str) -> str:
    """The drawing of a kind of place."""
    return kind if kind in marks.PLACES else marks.UNKNOWN_PLACE


def drawing_order(spot: Spot) -> tuple[int, int, int]:
    """The place of a spot in the order of drawing."""
    kind, x, y = spot
    return (DRAWN.index(kind), y, x)


def numbers_text(numbers: Iterable[int]) -> str:
    """Numbers as a book's index writes them: 1-3, 7."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts: list[str] = []
    for run in runs:
        parts += [f"{run[0]}\N{EN DASH}{run[-1]}"] if len(run) > 2 else map(str, run)
    return ", ".join(parts)


def labeled(numbers_at: Mapping[Spot, list[int]], box: Box) -> list[Dot]:
    """Dots with their numbers where these cover least: beside the dot, below or above.

    In a crowd of one case study's districts not each bears its number: where a label would cover
    others and a dot close by has the same, it is left out.
    """
    taken = [_around(x, y) for _, x, y in numbers_at]
    dots: list[Dot] = []
    for spot in sorted(numbers_at, key=drawing_order):
        kind, x, y = spot
        label = numbers_text(numbers_at[spot])
        if not label:
            dots.append(Dot(drawing_of(kind), x, y))
            continue
        own = _around(x, y)
        others = [other for other in taken if other != own]
        covered, side = min(
            ((_label_box(x, y, label, side), side) for side in SIDES),
            key=lambda place: _covering(place[0], others, box),
        )
        if _covering(covered, others, box) and _is_beside(x, y, label, dots):
            dots.append(Dot(drawing_of(kind), x, y))
            continue
        taken.append(covered)
        dots.append(Dot(drawing_of(kind), x, y, label, side.x, side.y, side.anchor))
    return dots


def _label_box(x: float, y: float, label: str, side: Side) -> Box:
    """What a label covers on a phone."""
    width = len(label) * DIGIT_WIDTH
    shares = {"start": 0.0, "middle": 0.5, "end": 1.0}
    left = x + side.x + side.shift_x - width * shares[side.anchor]
    bottom = y + side.y + side.shift_y
    return (left, bottom - CAPITAL_HEIGHT, left + width, bottom)


def _is_beside(x: float, y: float, label: str, dots: Iterable[Dot]) -> bool:
    return any(dot.label == label and hypot(dot.x - x, dot.y - y) <= CROWD for dot in dots)


def _around(x: float, y: float) -> Box:
    return (x - DOT_RADIUS, y - DOT_RADIUS, x + DOT_RADIUS, y + DOT_RADIUS)


def _covering(covered: Box, others: Iterable[Box], box: Box) -> float:
    """The area that a label would share with others, and what of it lies outside of the map."""
    left, top, right, bottom = covered
    shared = sum(
        max(0.0, min(right, other[2]) - max(left, other[0]))
        * max(0.0, min(bottom, other[3]) - max(top, other[1]))
        for other in others
    )
    inside = (min(right, box[2]) - max(left, box[0])) * (min(bottom, box[3]) - max(top, box[1]))
    return shared + (right - left) * (bottom - top) - inside
