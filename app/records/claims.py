"""Rules that compare a case study with its own evidence: its claims, its units, its years."""

import re
from collections.abc import Iterator

from app.errors import Fault
from app.records.case_study import CaseStudy, Outcome

# A sentence that joins one of these verbs with one of these nouns claims that an indicator changed.
_VERB = re.compile(
    r"\b(raised|boosted|cut|reduced|lowered|improved|rose|fell|dropped|led to|resulted in)\b(?!-)",
    re.IGNORECASE,
)
_INDICATOR = re.compile(
    r"\b(attendance|absen\w+|graduat\w+|dropout\w*|scores?|proficien\w+|achievement|suspen\w+"
    r"|referrals?|reading|math|readiness)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?]+[.!?]?")
CHANGED = ("better", "worse", "mixed")  # the directions that a claim of change can rest on
COUNTS = {  # indicators of how many; a share of them says something else
    "participation",
    "enrollment-growth",
    "health-access",
    "family-engagement",
    "other",
    "achievement-other",
    "school-climate",
    "student-mobility",
    "teacher-retention",
    "college-enrollment",
    "school-readiness",
    "disciplinary-referrals",
    "suspensions",
}
MONEY = {"us-dollars", "us-dollars-per-student", "us-dollars-per-us-dollar"}
RATES = {
    "percent",
    "percentage-points",
    "percent-change",
    "percent-difference",
    "percentile-points",
    "standard-deviations",
    "points",
    "score",
    "times",
    "ratio",
    "rank",
    "grade-levels",
    "per-thousand",
}
PEOPLE = {"students", "children", "graduates", "people", "families"}
TIME = {"hours", "days", "weeks", "months", "years", "minutes"}


def claim_faults(case: CaseStudy) -> list[Fault]:
    """Where a case study claims more than its outcomes say, or measures in a unit that does not fit."""
    return [*_summary_faults(case), *_unit_faults(case), *_year_faults(case)]


def _summary_faults(case: CaseStudy) -> Iterator[Fault]:
    if any(outcome.direction in CHANGED for outcome in case.outcomes):
        return
    for sentence in _SENTENCE.findall(case.summary or ""):
        verb = _VERB.search(sentence)
        if verb and _INDICATOR.search(sentence):
            yield Fault(
                "claim_without_outcome",
                f"The summary says {verb[0]!r}, but no outcome got better or worse. "
                "Say what was seen, or give the outcome its direction.",
                pointer="/summary",
            )


def _unit_faults(case: CaseStudy) -> Iterator[Fault]:
    for position, outcome in enumerate(case.outcomes):
        if outcome.unit is not None and not _fits(outcome):
            yield Fault(
                "unit_does_not_fit",
                f"{outcome.unit} does not fit {outcome.indicator}. Choose another unit or indicator.",
                pointer=f"/outcomes/{position}/unit",
            )


def _fits(outcome: Outcome) -> bool:
    unit, indicator = outcome.unit or "", outcome.indicator
    if unit in MONEY:
        return indicator in ("return-on-investment", "participation", "other", "health-access")
    if indicator in COUNTS or unit in RATES:
        return True
    if indicator == "return-on-investment":
        return unit in MONEY
    if indicator in ("attendance", "chronic-absence", "days-absent"):
        return unit in PEOPLE | TIME | {"schools", "sites", "incidents", "items"}
    return unit in PEOPLE | {"schools", "sites", "credits", "months", "years", "items"}


def _year_faults(case: CaseStudy) -> Iterator[Fault]:
    """Figures from years that their source cannot have reported yet."""
    published = {source.id: source.year for source in case.sources}
    for part in ("scale", "context", "funding"):
        for position, claim in enumerate(getattr(case, part)):
            last = published.get(claim.source)
            # Sources report plans and goals for a few years ahead.
            if claim.year is not None and last is not None and claim.year > last + 10:
                yield Fault(
                    "year_after_source",
                    f"The source is from {last} but the figure is for {claim.year}. Correct one.",
                    pointer=f"/{part}/{position}/year",
                )
