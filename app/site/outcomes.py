"""The outcomes of a case study: grouped by what was measured, under a caution made from them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.vocabulary import Vocabulary
from app.records.text import fold_text
from app.records.wording import listed
from app.search.filters import NOT_STATED
from app.site import marks
from app.site.display import MINUS, figure, sentence, singular
from app.site.marks import Mark
from app.site.plots import Plot, earlier_and_latest, plot

Json = dict[str, Any]
# What a design means for a reader; it follows "All 9 outcomes are descriptive: ".
MEANINGS = {
    "experimental": "participants were chosen by lottery. This shows what the program did there; results may differ elsewhere.",
    "quasi-experimental": "compared with a similar group. The groups may have differed in other ways.",
    "correlational": "two things rose or fell together. Something else may explain both.",
    "descriptive": "counted, with no comparison group. This shows what happened, not why.",
    "cost-benefit": "costs weighed against benefits. Such a figure is only as sure as the effects and prices it assumes.",
}
# Units of a change, for a rise and for a fall. No "rose" or "fell": the figure may be a goal.
CHANGES = {
    "percent-change": ("percent increase", "percent decrease"),
    "percent-difference": ("percent higher", "percent lower"),
}
DOLLARS = "U.S. dollars"  # how labels of units of money begin
NO_OUTCOME = "No outcome is reported. This record is included for what was done and how, not for any results."


@dataclass(frozen=True, slots=True)
class ShownOutcome:
    """One outcome, ready to show."""

    finding: str
    source: str
    about: str  # whom and when
    before: str | None  # in words
    comparison: str | None
    value: str | None
    earlier: str | None  # the earlier figure, in the same unit and of the same population
    unit: str
    study: Mark
    direction: str | None
    plot: Plot | None  # stands for the value and what was before, where they can be drawn


@dataclass(frozen=True, slots=True)
class OutcomeGroup:
    """The outcomes of one indicator."""

    indicator: str
    label: str
    outcomes: Sequence[ShownOutcome]


def groups(outcomes: Sequence[Json], vocabulary: Vocabulary) -> list[OutcomeGroup]:
    """The outcomes by indicator: those that are drawn, those with an earlier figure, with one figure."""
    by_indicator: dict[str, list[Json]] = {}
    for outcome in sorted(outcomes, key=_order):
        by_indicator.setdefault(outcome["indicator"], []).append(outcome)
    return [
        OutcomeGroup(indicator, own[0]["label"], [_shown(outcome, vocabulary) for outcome in own])
        for indicator, own in by_indicator.items()
    ]


def caution(
    document: Json, vocabulary: Vocabulary, names: Collection[str], partners: Collection[str]
) -> str:
    """What the designs of the outcomes mean, and how many come from those who did the work.

    `names`: everything the districts are called. `partners`: those of the effort.
    """
    outcomes = document["outcomes"]
    if not outcomes:
        return NO_OUTCOME
    own = _own(document, names, partners)
    return " ".join(filter(None, [designs(outcomes, vocabulary), *own]))


def designs(outcomes: Sequence[Json], vocabulary: Vocabulary) -> str:
    """What the designs of outcomes mean, in words."""
    return _designs(Counter(outcome["design"] for outcome in outcomes), vocabulary)


def directions(outcomes: Sequence[Json], vocabulary: Vocabulary) -> list[str]:
    """How outcomes changed, as sources say, a line for each study design: Better 2, worse 1 (descriptive)."""
    lines = []
    for design in vocabulary.codes("evidence"):
        counts = Counter(each["direction"] for each in outcomes if each["design"] == design)
        if counts:
            label = vocabulary.label("evidence", design).lower()
            lines.append(f"{_directions(counts, vocabulary)} ({label})")
    return lines


def _directions(counts: Mapping[str, int], vocabulary: Vocabulary) -> str:
    """The number is left out where it can only be one."""
    parts = []
    for direction in vocabulary.codes("direction"):
        if count := counts.get(direction, 0):
            label = vocabulary.label("direction", direction).lower()
            name = "reported" if direction == NOT_STATED else label
            parts.append(name if sum(counts.values()) == 1 else f"{name} {count}")
    return sentence(", ".join(parts))


def value_with_unit(row: Json, vocabulary: Vocabulary) -> str:
    """The figure of an outcome or of a table as text: about 2,500 students, $400, 12 percent decrease."""
    return " ".join(filter(None, value_and_unit(row, vocabulary)))


def value_and_unit(row: Json, vocabulary: Vocabulary) -> tuple[str, str]:
    """A figure with its qualifier, and its unit as it follows the figure; "" where there is none."""
    value, code = row["value"], row["unit"]
    number = figure(value)
    unit = vocabulary.label("unit", code) if code else ""
    if value and code in CHANGES:
        unit = CHANGES[code][value < 0]
        number = figure(abs(value))
    elif unit.startswith(DOLLARS):
        number = f"{MINUS if value < 0 else ''}${figure(abs(value))}"
        unit = unit.removeprefix(DOLLARS).strip()
    elif value == 1:
        unit = singular(unit)
    qualifier = row["qualifier"]
    word = vocabulary.label("qualifier", qualifier).lower() if qualifier else ""
    return f"{word} {number}".strip(), unit


def _order(outcome: Json) -> int:
    if earlier_and_latest(outcome):
        return 0
    if outcome["value"] is None:
        return 3
    return 1 if outcome["baseline_value"] is not None else 2


def _shown(outcome: Json, vocabulary: Vocabulary) -> ShownOutcome:
    earlier, direction = outcome["baseline_value"], outcome["direction"]
    value, unit = None, ""
    if outcome["value"] is not None:
        value, unit = value_and_unit(outcome, vocabulary)
    return ShownOutcome(
        finding=outcome["finding"],
        source=outcome["source"],
        about="; ".join(filter(None, (outcome["population"], outcome["period"]))),
        before=outcome["baseline"],
        comparison=outcome["comparison"],
        value=value,
        earlier=figure(earlier) if earlier is not None and value is not None else None,
        unit=unit,
        study=marks.study(vocabulary, outcome["design"]),
        direction=None if direction == NOT_STATED else vocabulary.label("direction", direction),
        plot=plot(outcome, outcome["label"]),
    )


def _designs(designs: Mapping[str, int], vocabulary: Vocabulary) -> str:
    total = sum(designs.values())
    labels = {design: vocabulary.label("evidence", design).lower() for design in designs}
    if len(designs) == 1:
        (design,) = designs
        begin = f"All {total} outcomes are" if total > 1 else "The one outcome is"
        text = f"{begin} {labels[design]}: {MEANINGS.get(design, '')}".rstrip(": ")
        return text if text.endswith(".") else f"{text}."
    order = [*vocabulary.codes("evidence")]
    ranked = sorted(
        designs, key=lambda design: order.index(design) if design in order else len(order)
    )
    parts = [_part(designs[design], labels[design], design) for design in ranked]
    return f"Of {total} outcomes, {listed(parts)}. Only a comparison group can suggest an effect."


def _part(count: int, label: str, design: str) -> str:
    gloss = f" ({marks.GLOSSES[design]})" if design in marks.GLOSSES else ""
    return f"{count} {'is' if count == 1 else 'are'} {label}{gloss}"


def _own(document: Json, names: Collection[str], partners: Collection[str]) -> list[str]:
    """How many outcomes come from the districts themselves, and from their partners."""
    publishers = {source["id"]: fold_text(source["publisher"]) for source in document["sources"]}
    of_districts = of_partners = 0
    for outcome in document["outcomes"]:
        publisher = publishers.get(outcome["source"], "")
        of_districts += publisher in names
        of_partners += publisher in partners and publisher not in names
    total = len(document["outcomes"])
    whose = "the district itself" if len(document["districts"]) == 1 else "the districts themselves"
    return [
        f"{_how_many(count, total)} from {who}."
        for count, who in ((of_districts, whose), (of_partners, "a partner in the effort"))
        if count
    ]


def _how_many(count: int, total: int) -> str:
    if total == 1:
        return "It comes"
    if count == total:
        return "All of them come"
    return f"{count} of them {'comes' if count == 1 else 'come'}"
