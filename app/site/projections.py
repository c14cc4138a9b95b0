"""Where a place stands on the maps: the projections of outlines/make.mjs, as formulas.

Equal-area cones after Albers (Snyder, Map Projections, 1987, page 98), as d3-geo computes them.
"""

from dataclasses import dataclass
from math import cos, radians, sin, sqrt
from typing import NamedTuple

STATE_PARALLELS = 2.0  # degrees from a state's middle to each of its standard parallels


class Point(NamedTuple):
    """A place on a map, in the units of its outlines, from the upper left corner."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Cone:
    """An equal-area cone. Its origin (degrees) is drawn at x, y; `scale`: units for one radian."""

    longitude: float
    latitude: float
    parallels: tuple[float, float]
    scale: float
    x: float
    y: float

    def point(self, latitude: float, longitude: float) -> Point:
        """Where a place stands. The difference of longitudes is the shorter way around."""
        first, second = map(radians, self.parallels)
        cone = (sin(first) + sin(second)) / 2
        constant = 1 + sin(first) * (2 * cone - sin(first))
        east = radians((longitude - self.longitude + 180) % 360 - 180)
        radius = sqrt(constant - 2 * cone * sin(radians(latitude))) / cone
        origin = sqrt(constant - 2 * cone * sin(radians(self.latitude))) / cone
        return Point(
            self.x + self.scale * radius * sin(cone * east),
            self.y + self.scale * (radius * cos(cone * east) - origin),
        )


# d3-geo's geoAlbersUsa().scale(1300).translate([487.5, 305]). Its centers are given west of a
# meridian that the cone is symmetrical to; here each is turned into the place of that meridian.
SCALE, MIDDLE = 1300.0, Point(487.5, 305.0)


def _part(
    meridian: float,
    center: tuple[float, float],
    parallels: tuple[float, float],
    scale: float,
    at: Point,
) -> Cone:
    """A part of the national map whose `center` (east of the meridian, north) is drawn at `at`."""
    centered = Cone(meridian, center[1], parallels, scale, 0, 0)
    offset = centered.point(center[1], meridian + center[0])
    return Cone(meridian, center[1], parallels, scale, at.x - offset.x, at.y - offset.y)


_MAINLAND = _part(-96, (-0.6, 38.7), (29.5, 45.5), SCALE, MIDDLE)
_ALASKA = _part(
    -154,
    (-2, 58.5),
    (55, 65),
    SCALE * 0.35,
    Point(MIDDLE.x - 0.307 * SCALE, MIDDLE.y + 0.201 * SCALE),
)
_HAWAII = _part(
    -157,
    (-3, 19.9),
    (8, 18),
    SCALE,
    Point(MIDDLE.x - 0.205 * SCALE, MIDDLE.y + 0.212 * SCALE),
)


def national_point(state: str, latitude: float, longitude: float) -> Point:
    """Where a place of a state (USPS code) stands on the national map."""
    part = {"AK": _ALASKA, "HI": _HAWAII}.get(state, _MAINLAND)
    return part.point(latitude, longitude)


def state_cone(*, longitude: float, latitude: float, scale: float, x: float, y: float) -> Cone:
    """The projection of one state's own map, from its row in outlines/states.json."""
    parallels = (latitude - STATE_PARALLELS, latitude + STATE_PARALLELS)
    return Cone(longitude, latitude, parallels, scale, x, y)
