"""Questions that a kind of study answers: did it work, is it worth the cost."""

import re
from dataclasses import dataclass

# What is asked, the values of the filter `evidence` that answer it, and what these studies are.
QUESTIONS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(
            r"\b(?:(?:did|does|do|will|has) (?:it|they|this|that) work(?:ed)?|what works"
            r"|is it effective|is there (?:any )?(?:proof|evidence))\b",
            re.IGNORECASE,
        ),
        "experimental,quasi-experimental",
        "a study with a comparison group",
    ),
    (
        re.compile(
            r"\b(?:(?:what|how much) (?:did|does|do|will|would) (?:it|they|this|that) cost"
            r"|(?:is|was) it worth (?:it|the (?:cost|money)))\b",
            re.IGNORECASE,
        ),
        "cost-benefit",
        "a study of costs and benefits",
    ),
)


@dataclass(frozen=True, slots=True)
class EvidenceAsked:
    """Words that ask for a kind of study, and the values of the filter that selects it."""

    words: str
    codes: str  # several with commas
    label: str


def find_evidence_asked(text: str) -> list[EvidenceAsked]:
    """The kinds of study that a question asks for."""
    return [
        EvidenceAsked(match[0], codes, label)
        for pattern, codes, label in QUESTIONS
        if (match := pattern.search(text))
    ]
