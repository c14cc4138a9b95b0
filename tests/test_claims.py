"""A case study may claim no more than its outcomes say."""

from typing import Any

import pytest
from publishing import case_study, outcome

from app.records.case_study import case_study_faults
from app.records.claims import claim_faults


def faults(**fields: Any) -> list[tuple[str, str | None]]:
    """Code and place of what is wrong with a case study."""
    case = case_study("an-effort", **fields)
    return [(fault.code, fault.pointer) for fault in claim_faults(case)]


def found(**fields: Any) -> dict[str, Any]:
    """An outcome."""
    return {**outcome("descriptive"), **fields}


@pytest.mark.parametrize(
    "summary",
    ["Attendance rose in 2019.", "The program cut suspensions.", "It led to higher graduation."],
)
def test_a_summary_that_claims_a_change_needs_an_outcome_that_changed(summary: str) -> None:
    unchanged = [found(direction="unchanged")]
    assert faults(summary=summary, outcomes=unchanged) == [("claim_without_outcome", "/summary")]
    assert faults(summary=summary, outcomes=[found(direction="better")]) == []


@pytest.mark.parametrize(
    "summary",
    [
        "Half the students qualify for reduced-price meals and reading help.",
        "The county cut its share of the money.",
        "No outcome is reported.",
    ],
)
def test_a_summary_that_claims_no_change_of_an_indicator_is_left_alone(summary: str) -> None:
    assert faults(summary=summary, outcomes=[]) == []


def test_a_unit_must_fit_its_indicator() -> None:
    meals = found(indicator="graduation-rate", value=9, unit="meals")
    assert faults(outcomes=[meals]) == [("unit_does_not_fit", "/outcomes/0/unit")]
    assert faults(outcomes=[found(indicator="participation", value=9, unit="meals")]) == []
    assert faults(outcomes=[found(indicator="graduation-rate", value=9, unit="percent")]) == []


@pytest.mark.parametrize("value", [-500, 1001, 99_999])
def test_no_percentage_is_out_of_all_bounds(value: float) -> None:
    """Whatever it is a percentage of; figures in other units have no bounds."""
    figure = {"measure": "Students", "value": value, "source": "s1"}
    compared = found(value=50, baseline_value=value, unit="percent")
    case = case_study(
        "an-effort",
        outcomes=[compared, found(value=value, unit="percent"), found(value=value, unit="points")],
        scale=[figure | {"unit": "percent"}, figure | {"unit": "students"}],
        context=[figure | {"unit": "percent"}],
    )
    refused = [fault for fault in case_study_faults(case) if fault.code == "out_of_range"]
    assert [fault.pointer for fault in refused] == [
        "/outcomes/0/baseline_value",
        "/outcomes/1/value",
        "/scale/0/value",
        "/context/0/value",
    ]


@pytest.mark.parametrize("value", [-100, 0, 300, 1000])
def test_a_fall_to_nothing_and_a_rise_tenfold_are_percentages(value: float) -> None:
    case = case_study("an-effort", outcomes=[found(baseline_value=value, unit="percent")])
    assert case_study_faults(case) == []
