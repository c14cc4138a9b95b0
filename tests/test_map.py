"""Maps: where marks stand, which numbers they bear, what is counted, and what is not drawn but said."""

from itertools import combinations
from typing import Any

import pytest

from app.site.dots import Box, Dot, numbers_text
from app.site.map import (
    cross_table,
    has_outline,
    national_map,
    placed_district,
    placed_districts,
    state_map,
)
from app.site.projections import national_point

NAMES = {"TN": "Tennessee", "KY": "Kentucky", "PR": "Puerto Rico"}
# Computed by d3-geo 3.1.1: geoAlbersUsa().scale(1300).translate([487.5, 305]).
OF_D3 = {
    ("NY", 40.7128, -74.006): (869.72, 215.74),
    ("WA", 47.6062, -122.3321): (97.62, 46.32),
    ("FL", 25.7617, -80.1918): (822.74, 572.54),
    ("AK", 61.2181, -149.9003): (112.28, 544.28),
    ("HI", 21.3069, -157.8583): (266.96, 549.19),
}
NASHVILLE, KNOXVILLE, SAN_JUAN = (36.16, -86.78), (35.96, -83.92), (18.47, -66.11)


def district(
    slug: str, position: tuple[float, float] | None, locale: str | None = "rural", state: str = "TN"
) -> dict[str, Any]:
    """A district as the card of its case study shows it."""
    place = position and {"latitude": position[0], "longitude": position[1]}
    return {
        "slug": slug,
        "name": slug,
        "state": state,
        "locale": locale and {"rurality": locale},
        "place": place,
    }


def case(*districts: dict[str, Any], rurality: tuple[str, ...] = (), state: str = "TN") -> Any:
    """The card of a case study."""
    return {
        "states": [{"value": state}],
        "districts": list(districts),
        "rurality": list(rurality),
    }


@pytest.mark.parametrize("place", OF_D3, ids=lambda place: place[0])
def test_a_place_stands_where_the_tool_that_drew_the_outlines_puts_it(
    place: tuple[str, float, float],
) -> None:
    assert national_point(*place) == pytest.approx(OF_D3[place], abs=0.01)


def test_a_position_lies_inside_the_box_of_its_state() -> None:
    drawn = state_map("TN", placed_districts([case(district("a", NASHVILLE))]))
    assert drawn
    left, top, width, height = map(float, drawn.view_box.split())
    (dot,) = drawn.dots
    assert left < dot.x < left + width
    assert top < dot.y < top + height


def test_marks_bear_the_numbers_of_the_table() -> None:
    both = district("both", NASHVILLE)
    cases = [case(both), case(district("b", KNOXVILLE)), case(both)]
    drawn = state_map("TN", placed_districts(cases))
    assert drawn
    assert sorted(dot.label for dot in drawn.dots) == ["1, 3", "2"]


def test_districts_of_one_spot_share_a_mark_with_all_their_numbers() -> None:
    cases = [case(district("a", NASHVILLE)), case(district("b", NASHVILLE))]
    drawn = state_map("TN", placed_districts(cases))
    assert drawn
    assert [dot.label for dot in drawn.dots] == ["1, 2"]
    assert [(entry.kind, entry.count) for entry in drawn.legend] == [("rural", 2)]


def test_the_labels_of_neighbors_take_different_sides() -> None:
    east = (NASHVILLE[0], NASHVILLE[1] + 0.25)
    cases = [case(district("a", NASHVILLE)), case(district("b", east))]
    drawn = state_map("TN", placed_districts(cases))
    assert drawn
    western, eastern = sorted(drawn.dots, key=lambda dot: dot.x)
    assert western.anchor != "start"
    assert eastern.anchor == "start"


def test_on_a_phone_no_number_covers_another_or_a_dot() -> None:
    around = [
        (north, east) for north in (35.5, 36.0, 36.5) for east in (-88.0, -87.6, -87.2, -86.8)
    ]
    cases = [case(district(f"d{place}", position)) for place, position in enumerate(around)]
    drawn = state_map("TN", placed_districts(cases))
    assert drawn
    assert all(dot.label for dot in drawn.dots)
    boxes = [on_a_phone(dot) for dot in drawn.dots]
    boxes += [(dot.x - 11, dot.y - 11, dot.x + 11, dot.y + 11) for dot in drawn.dots]
    assert [pair for pair in combinations(boxes, 2) if overlap(*pair)] == []


def on_a_phone(dot: Dot) -> Box:
    """What a label covers as site.css draws it on a phone: 26 units high, shifted from its dot."""
    shift_x = {"start": 5, "end": -5, "middle": 0}[dot.anchor]
    shift_y = 4 if dot.anchor != "middle" else 9 if dot.label_y > 0 else 0
    width = len(dot.label) * 14
    left = dot.x + dot.label_x + shift_x
    left -= {"start": 0.0, "end": 1.0, "middle": 0.5}[dot.anchor] * width
    bottom = dot.y + dot.label_y + shift_y
    return (left, bottom - 18, left + width, bottom)


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share some room."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return min(across, down) > 0


def test_in_a_crowd_of_one_case_study_not_each_dot_bears_its_number() -> None:
    crowd = [
        district(f"d{place}", (NASHVILLE[0] + place % 3 * 0.05, NASHVILLE[1] + place // 3 * 0.05))
        for place in range(9)
    ]
    drawn = state_map("TN", placed_districts([case(*crowd), case(district("b", KNOXVILLE))]))
    assert drawn
    labels = [dot.label for dot in drawn.dots]
    assert len(labels) > labels.count("1") > 0
    assert "2" in labels


def test_many_numbers_are_written_as_an_index_writes_them() -> None:
    assert numbers_text([7, 1, 3, 2, 9, 10]) == "1\N{EN DASH}3, 7, 9, 10"


def test_the_kind_of_place_is_that_of_the_locale_else_of_the_only_district() -> None:
    with_locale = case(district("a", NASHVILLE, "town"), rurality=("rural",))
    alone = case(district("b", NASHVILLE, None), rurality=("rural",))
    several = case(
        district("c", NASHVILLE, None), district("d", NASHVILLE, None), rurality=("rural",)
    )
    kinds = {one.slug: one.kind for one in placed_districts([with_locale, alone, several])}
    assert kinds == {"a": "town", "b": "rural", "c": "not-stated", "d": "not-stated"}


def test_a_district_of_several_case_studies_is_drawn_once() -> None:
    drawn = national_map([case(district("a", NASHVILLE))] * 3, NAMES)
    assert (drawn.drawn, len(drawn.dots)) == (1, 1)
    (tennessee,) = [state for state in drawn.states if state.usps == "TN"]
    assert (tennessee.name, tennessee.cases) == ("Tennessee", 3)


def test_the_states_are_visited_by_name_and_the_small_ones_from_north_to_south() -> None:
    names = {"VT": "Vermont", "CT": "Connecticut", "AL": "Alabama", "WY": "Wyoming"}
    drawn = national_map([case(state=usps) for usps in ("CT", "WY", "VT", "AL")], names)
    visited = [state.name for state in drawn.states if state.cases]
    assert visited == ["Alabama", "Connecticut", "Vermont", "Wyoming"]
    assert [state.usps for state in drawn.small_states] == ["VT", "CT"]


def test_what_has_no_position_is_not_drawn_but_counted() -> None:
    unknown = case(district("a", None))
    territory = case(district("b", SAN_JUAN, state="PR"), state="PR")
    drawn = national_map([unknown, territory], NAMES)
    assert (drawn.drawn, drawn.undrawn, drawn.dots) == (0, 2, [])
    tennessee = state_map("TN", placed_districts([unknown]))
    assert tennessee
    assert tennessee.undrawn == 1
    assert state_map("PR", placed_districts([territory])) is None
    assert not has_outline("PR")


def test_the_table_counts_a_case_study_in_each_of_its_kinds() -> None:
    rows = cross_table(
        [case(rurality=("town", "rural")), case(rurality=("rural",)), case(state="KY")], NAMES
    )
    assert [(row.name, dict(row.counts), row.total) for row in rows] == [
        ("Kentucky", {"not-stated": 1}, 1),
        ("Tennessee", {"town": 1, "rural": 2}, 2),
    ]


def test_a_district_has_a_map_of_its_own() -> None:
    card = district("a", NASHVILLE) | {"rurality": ["city"]}
    drawn = state_map("TN", [placed_district(card)])
    assert drawn
    assert [(dot.drawing, dot.label) for dot in drawn.dots] == [("city", "")]
