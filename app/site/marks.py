"""Marks: the kind of place as shape and color, the design of a study as a drawing. The word stands
beside each."""

from dataclasses import dataclass

from app.catalog.vocabulary import Vocabulary

PLACES = ("city", "suburb", "town", "rural")
DESIGNS = ("experimental", "quasi-experimental", "correlational", "descriptive", "cost-benefit")
UNKNOWN_PLACE = "none"
GLOSSES = {
    "experimental": "participants were chosen by lottery",
    "quasi-experimental": "compared with a similar group",
    "correlational": "two things rose or fell together",
    "descriptive": "counted, with no comparison group",
    "cost-benefit": "costs weighed against benefits",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A drawing with its word. `drawing` is empty where nobody has drawn the term yet."""

    code: str
    drawing: str
    label: str
    gloss: str = ""


def place(vocabulary: Vocabulary, code: str, label: str | None = None) -> Mark:
    """The mark of a kind of place. `label`: what to call it, such as its locale."""
    drawing = code if code in PLACES else UNKNOWN_PLACE
    return Mark(code, drawing, label or vocabulary.label("rurality", code))


def study(vocabulary: Vocabulary, code: str) -> Mark:
    """The mark of a study design."""
    drawing = code if code in DESIGNS else ""
    return Mark(code, drawing, vocabulary.label("evidence", code), GLOSSES.get(code, ""))
