"""Before and after: which outcomes are drawn, and what a drawing says to those who do not see it."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from app.site.plots import earlier_and_latest, plot, range_plot, sentence

GRADUATION = {
    "value": 85,
    "unit": "percent",
    "baseline": "64 percent in 2010",
    "baseline_value": 64,
    "period": "2010-2018",
}


def words(**changes: Any) -> str:
    """What is drawn of an outcome, in words; empty if it stays text."""
    readings = earlier_and_latest(GRADUATION | changes)
    return sentence(readings) if readings else ""


def texts(**changes: Any) -> dict[str, tuple[float, str]]:
    """Each text of a drawing with its place and the side that it grows to."""
    plot = range_plot(earlier_and_latest(GRADUATION | changes), name="Graduation rate")
    found = ElementTree.fromstring(plot).iter("text")
    return {
        text.text or "": (float(text.attrib["x"]), text.attrib["text-anchor"]) for text in found
    }


def test_a_percentage_and_its_baseline_are_drawn_with_their_years() -> None:
    assert words() == "64 percent in 2010, then 85 percent in 2018"


@pytest.mark.parametrize(
    "changes",
    [
        {"unit": "students"},
        {"unit": "percent-change"},
        {"unit": None},
        {"value": None},
        {"value": -12},
        {"value": 130},
        {"baseline_value": 130},
        {"baseline_value": None},  # one figure, and the editors did not call it the baseline
        {"baseline_value": None, "baseline": None},
        {"baseline_value": None, "baseline": "20 points lower in 2014"},
        {"baseline_value": None, "baseline": "55 percent for the 2015 cohort; 65 percent for 2016"},
        {"baseline_value": None, "baseline": "less than 60 percent in 2007; 70 percent in 2008"},
        {"baseline_value": None, "baseline": "315 students in 2009; 400 students in 2010"},
    ],
)
def test_what_is_not_a_percentage_before_and_after_stays_text(changes: dict[str, Any]) -> None:
    assert words(**changes) == ""


@pytest.mark.parametrize("baseline_value", [None, 74.7])
def test_a_baseline_of_several_dated_percentages_is_drawn_in_order_of_time(
    baseline_value: float | None,
) -> None:
    several = "74.7 percent in 2015; 59.2 in 2011"
    drawn = words(baseline=several, baseline_value=baseline_value)
    assert drawn == "59.2 percent in 2011, then 74.7 percent in 2015, then 85 percent in 2018"


@pytest.mark.parametrize(
    ("period", "when"),
    [
        ("2012 to about 2017", "in 2017"),
        ("2007-08 to 2010-11", "in 2010-11"),
        ("2012 to 2015 (three years after the start)", "in 2015"),
        ("class of 2015", "in 2015"),
        ("FY23", "in FY23"),
        ("from 1993, grade 3 to grade 5", "(no date given)"),
        ("as reported January 2022", "(no date given)"),
        ("four years to about 2010", "(no date given)"),
        (None, "(no date given)"),
    ],
)
def test_the_latest_figure_has_the_year_that_its_period_ends_with(
    period: str | None, when: str
) -> None:
    assert words(period=period) == f"64 percent in 2010, then 85 percent {when}"


@pytest.mark.parametrize(
    ("baseline", "before"),
    [
        ("64", "64 percent (no date given)"),
        ("about 64 percent", "about 64 percent (no date given)"),
        ("64 percent the year before", "64 percent the year before"),
        ("64 percent about ten years before", "64 percent about ten years before"),
        ("64 percent, Class of 2017", "64 percent in 2017"),
        ("64 percent in 2019-20", "64 percent in 2019-20"),
        ("64 percent the year before; less in 2006", "64 percent the year before"),
    ],
)
def test_an_earlier_figure_says_when_it_was_or_that_nobody_said(baseline: str, before: str) -> None:
    assert words(baseline=baseline) == f"{before}, then 85 percent in 2018"


def test_a_figure_that_is_not_exact_says_so() -> None:
    assert words(qualifier="nearly").endswith("then nearly 85 percent in 2018")
    assert "nearly, 2018" in texts(qualifier="nearly")


def test_labels_stand_outside_of_the_line_and_change_sides_when_a_figure_falls() -> None:
    rise = texts()
    assert (rise["64%"][1], rise["85%"][1]) == ("end", "start")
    assert rise["64%"][0] < rise["85%"][0]
    fall = texts(baseline_value=90.7, baseline="90.7 percent in 2009")
    assert (fall["90.7%"][1], fall["85%"][1]) == ("start", "end")


def test_a_time_in_words_is_before_in_the_drawing_and_stays_whole_beside_it() -> None:
    changes = {"baseline": "64 percent about ten years before"}
    assert "before" in texts(**changes)
    drawn = plot(GRADUATION | changes, "Graduation")
    assert drawn
    assert drawn.baseline == changes["baseline"]


def test_a_long_time_stays_inside_of_the_drawing() -> None:
    x, anchor = texts(value=99, qualifier="more-than")["more than, 2018"]
    assert anchor == "start"
    assert x + len("more than, 2018") * 6 <= 300


def test_a_drawing_says_the_same_in_words() -> None:
    plot = range_plot(earlier_and_latest(GRADUATION), name="Graduation rate")
    image = ElementTree.fromstring(plot)
    assert image.attrib["role"] == "img"
    assert image.attrib["aria-label"] == (
        "Graduation rate: 64 percent in 2010, then 85 percent in 2018"
    )
    assert [circle.attrib["class"] for circle in image.iter("circle")] == ["was", "now"]


def test_nothing_of_a_record_can_break_out_of_a_drawing() -> None:
    hostile = '"><script>alert(1)</script>'
    plot = range_plot(earlier_and_latest(GRADUATION), name=hostile)
    assert "<script" not in plot
    assert hostile in ElementTree.fromstring(plot).attrib["aria-label"]
    assert not re.search(r"\bstyle=", plot)


def test_what_a_baseline_says_beyond_its_figure_stays_beside_the_drawing() -> None:
    said = {
        baseline: getattr(plot(GRADUATION | {"baseline": baseline}, "Graduation"), "baseline", "")
        for baseline in (
            "64 percent in 2010",
            "64",
            "64 percent",
            "64 percent before",
            "64 percent the year before, without the program",
        )
    }
    assert [text for text in said.values() if text] == [
        "64 percent the year before, without the program"
    ]


def test_what_is_drawn_is_not_said_again_in_whatever_order_it_is_told() -> None:
    told = GRADUATION | {"baseline_value": None, "baseline": "74.7 percent in 2015; 59.2 in 2011"}
    for outcome in (told, GRADUATION | {"baseline_value": 50, "baseline": "about 50 percent"}):
        drawn = plot(outcome, "Graduation")
        assert drawn is not None
        assert drawn.baseline is None
