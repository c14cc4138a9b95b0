"""The colors of the design, by calculation: contrast, and whether the kinds of place differ for every eye.

Nobody changes a color by eye: the tokens are read from the stylesheet, and the sums are those of the
design. Color vision deficiency after Machado, Oliveira and Fernandes (2009), severity 1; difference
of colors by CIEDE2000 (Sharma, Wu and Dalal, 2005).
"""

import re
from itertools import combinations
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

import pytest
from migrating import ROOT

Color = tuple[float, float, float]
CSS = (ROOT / "app/site/static/site.css").read_text(encoding="utf-8")
THEMES = ("light", "dark")
PLACES = ("city", "suburb", "town", "rural")
READABLE, VISIBLE = 4.5, 3.0  # WCAG 2.2: text; parts of controls and drawings
# What is read or seen on what, and the least contrast.
CONTRASTS = [
    *((text, "paper", READABLE) for text in ("ink", "muted", "link", "visited")),
    *((text, "sunk", READABLE) for text in ("ink", "muted", "link")),
    ("on-mark", "mark", READABLE),
    ("muted", "land-some", READABLE),
    ("ink", "land-some", READABLE),
    *((mark, "paper", VISIBLE) for mark in ("field", "plot", "focus", "unstated")),
]
# Linear RGB as people without one kind of cone see it.
EYES = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
# The difference of the closest two kinds of place, as the design found it.
LEAST_DIFFERENCE = {
    "light": {"normal": 26.9, "protanopia": 26.6, "deuteranopia": 22.3, "tritanopia": 22.1},
    "dark": dict.fromkeys(EYES, 17.1),
}


def tokens(theme: str) -> dict[str, str]:
    """The colors of a theme by token; the dark theme changes some of the light one."""
    light, dark = re.findall(r":root \{(.*?)\n\s*\}", CSS, re.DOTALL)[:2]
    text = light if theme == "light" else light + dark
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})\b", text))


def linear(color: str) -> Color:
    """A color as linear RGB."""
    digits = color.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = (_linear(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return red, green, blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def contrast(first: str, second: str) -> float:
    """The contrast of two colors (WCAG 2)."""
    lights = [_luminance(linear(color)) + 0.05 for color in (first, second)]
    return max(lights) / min(lights)


def _luminance(color: Color) -> float:
    return 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]


def as_lab(color: Color) -> Color:
    """Linear RGB as CIELAB under D65."""
    x = (0.4124564 * color[0] + 0.3575761 * color[1] + 0.1804375 * color[2]) / 0.95047
    y = 0.2126729 * color[0] + 0.7151522 * color[1] + 0.0721750 * color[2]
    z = (0.0193339 * color[0] + 0.1191920 * color[1] + 0.9503041 * color[2]) / 1.08883
    fx, fy, fz = (_cube_root(part) for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _cube_root(part: float) -> float:
    return part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116


def seen_by(eye: str, color: Color) -> Color:
    """Linear RGB as an eye sees it."""
    rows = [sum(a * b for a, b in zip(row, color, strict=True)) for row in EYES[eye]]
    red, green, blue = (min(1.0, max(0.0, part)) for part in rows)
    return red, green, blue


def difference(first: Color, second: Color) -> float:
    """CIEDE2000 of two CIELAB colors."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    c7 = ((hypot(a1, b1) + hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - sqrt(c7 / (c7 + 25**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = hypot(a1, b1), hypot(a2, b2)
    h1, h2 = degrees(atan2(b1, a1)) % 360, degrees(atan2(b2, a2)) % 360
    turn = 0.0
    if c1 * c2:
        turn = (h2 - h1 + 180) % 360 - 180
    mean_h = h1 + h2
    if c1 * c2:
        far = abs(h1 - h2) > 180
        mean_h = (h1 + h2 + (360 if h1 + h2 < 360 else -360) * far) / 2
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * cos(radians(mean_h - 30))
        + 0.24 * cos(radians(2 * mean_h))
        + 0.32 * cos(radians(3 * mean_h + 6))
        - 0.20 * cos(radians(4 * mean_h - 63))
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    rotation = -2 * sqrt(mean_c**7 / (mean_c**7 + 25**7))
    rotation *= sin(radians(60 * exp(-(((mean_h - 275) / 25) ** 2))))
    lightness, chroma = (l2 - l1) / s_l, (c2 - c1) / s_c
    hue = 2 * sqrt(c1 * c2) * sin(radians(turn / 2)) / s_h
    return sqrt(lightness**2 + chroma**2 + hue**2 + rotation * chroma * hue)


@pytest.mark.parametrize(
    ("first", "second", "expected"),  # of the authors' own test data
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_is_computed_as_its_authors_do(
    first: Color, second: Color, expected: float
) -> None:
    assert difference(first, second) == pytest.approx(expected, abs=0.0001)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground", "least"), CONTRASTS)
def test_what_has_to_be_read_has_contrast(theme: str, text: str, ground: str, least: float) -> None:
    colors = tokens(theme)
    assert contrast(colors[text], colors[ground]) >= least


def test_the_masthead_can_be_read_in_both_themes() -> None:
    light, dark = tokens("light"), tokens("dark")
    assert contrast(light["on-bus"], light["bus"]) >= READABLE
    assert contrast(dark["bus"], dark["paper"]) >= READABLE


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eye", EYES)
def test_kinds_of_place_differ_for_every_eye(theme: str, eye: str) -> None:
    colors = tokens(theme)
    labs = [as_lab(seen_by(eye, linear(colors[place]))) for place in PLACES]
    closest = min(difference(*pair) for pair in combinations(labs, 2))
    assert closest >= LEAST_DIFFERENCE[theme][eye] - 0.05


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("place", PLACES)
def test_dots_stand_out_on_the_land_by_their_color_or_their_edge(theme: str, place: str) -> None:
    colors = tokens(theme)
    dot = "dot-edge" if (theme, place) == ("light", "rural") else place
    assert contrast(colors[dot], colors["land-some"]) >= VISIBLE
