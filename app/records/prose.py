"""Prose and its sources: paragraphs, source marks ([^s1]), and the rule that every number in prose is also a structured fact."""

import re
from collections.abc import Iterator, Mapping

from app.errors import Fault

PROSE_FIELDS = ("challenge", "approach", "results", "lessons")
_MARK = re.compile(r"\[\^(\w+)\]")
_NUMBER = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(?:\s+(thousand|million|billion))?(?!\w)")
_TIMES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}


def paragraphs(markdown: str) -> list[tuple[str, list[str]]]:
    """Each paragraph without its source marks, and the ids of the sources it cites."""
    parts = []
    for block in re.split(r"\n\s*\n", markdown.strip()):
        if block.strip():
            parts.append((_without_marks_at_end(block.strip()), _MARK.findall(block)))
    return parts


def _without_marks_at_end(text: str) -> str:
    """The text without the source marks that it ends with.

    A pattern that searches for them would look at each space of the text again and again.
    """
    end = len(text)
    while True:
        while end and text[end - 1].isspace():
            end -= 1
        start = text.rfind("[^", 0, end) if text[end - 1 : end] == "]" else -1
        if start < 0 or not _MARK.fullmatch(text, start, end):
            break
        end = start
    return text[:end]


def prose_faults(
    prose: Mapping[str, str | None], structured: Mapping[str, object], used: set[str]
) -> list[Fault]:
    """Faults of prose: paragraphs without marks, unknown marks, unused sources, numbers without a fact."""
    faults = []
    sources = [source["id"] for source in structured["sources"]]  # type: ignore[attr-defined]
    facts: set[float] = set()
    for text in _texts(structured):
        facts |= _numbers(text)
    used = set(used)
    for name, markdown in prose.items():
        if not markdown:
            continue
        faults += [
            Fault(
                "number_without_fact",
                f"{number:g} appears in the text but not in any outcome, figure or year of this record.",
                pointer=f"/{name}",
            )
            for number in sorted(_numbers(markdown) - facts)
        ]
        if name == "summary":
            continue
        for block in re.split(r"\n\s*\n", markdown.strip()):
            marks = _MARK.findall(block)
            if _without_marks_at_end(block) == block.rstrip():
                faults.append(
                    Fault(
                        "paragraph_without_source",
                        f"The paragraph {block[:40]!r}... has no source mark. End it with one, such as [^s1].",
                        pointer=f"/{name}",
                    )
                )
            faults += [
                Fault(
                    "unknown_source",
                    f"[^{mark}] is not the id of a source of this record. Add the source or correct the mark.",
                    pointer=f"/{name}",
                    allowed=tuple(sources),
                )
                for mark in marks
                if mark not in sources
            ]
            used.update(marks)
    faults += [
        Fault(
            "source_not_used",
            f"No claim and no paragraph cites source {source!r}. Cite it or remove it.",
            pointer=f"/sources/{n}",
        )
        for n, source in enumerate(sources)
        if source not in used
    ]
    return faults


def _numbers(text: str) -> set[float]:
    """The numbers in a text as values, such as 1,200 and 1.2 million. The 8 of K-8 counts, 21st does not."""
    text = _MARK.sub("", text).replace("\u2013", " - ").replace("-", " - ")
    return {
        round(float(digits.replace(",", "").rstrip(".")) * _TIMES.get(times, 1), 6)
        for digits, times in _NUMBER.findall(text)
    }


def _texts(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _texts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, key)
    elif value is not None and key != "url":
        yield str(value)
