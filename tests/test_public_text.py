"""Every sentence of the OpenAPI documents, made by hand or put together from parts, reads as English."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import serving

from app.search.filters import FILTERS, RANGES
from app.search.parameters import FORMS, filter_description, range_description

Json = dict[str, Any]
BRITISH = re.compile(
    r"\b(licence|organis\w+|kilomet\w*res?|centre|colour|programme|recognis\w+|behaviour|favour\w*|misspelt|analys(?:e|ed|ing))\b",
    re.IGNORECASE,
)
FAULTS = {
    "a double space": re.compile(r"\S  +\S"),
    "British spelling": BRITISH,
    "'that' with a verb in the singular after a plural": re.compile(
        r"\b(studies|districts|entries|records|rows|terms|sources) that (has|is|was|follows|uses)\b",
        re.IGNORECASE,
    ),
    "'a' before a vowel": re.compile(r"\ba (?!unit|uni|us|one|eu)[aeiou]\w+", re.IGNORECASE),
    "a word said twice": re.compile(r"\b(\w+) \1\b", re.IGNORECASE),
    "'with' after 'with'": re.compile(r"with case studies with\b"),
    "a space before a period or comma": re.compile(r"\w [.,](?: |$)"),
    "words that our readers stumble over": re.compile(
        r"\b(anew|whoever|it stands|it rests on|goes on|beside it|so many|that it takes)\b",
        re.IGNORECASE,
    ),
}


def faults_of(text: str) -> list[str]:
    """What is wrong with a public text."""
    return [fault for fault, pattern in FAULTS.items() if pattern.search(text)]


@pytest.fixture(scope="module")
def texts(sqlite_seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Every text of both documents with its place. They do not differ by database."""
    path = shutil.copy(sqlite_seeded, tmp_path_factory.mktemp("service") / "seeded.sqlite")
    found: list[tuple[str, str]] = []
    with serving(f"sqlite:///{path}") as service:
        for address in ("/openapi.json", "/v1/admin/openapi.json"):
            document = httpx.get(service.url + address, timeout=60).raise_for_status().json()
            found += texts_in(document, address)
    return found


def texts_in(part: Any, place: str) -> Iterator[tuple[str, str]]:
    """The summaries and descriptions in a part of a document; examples are data, not text."""
    if isinstance(part, list):
        for number, inner in enumerate(part):
            yield from texts_in(inner, f"{place}/{number}")
    elif isinstance(part, dict):
        for name, inner in part.items():
            if name in ("summary", "description") and isinstance(inner, str):
                yield f"{place}/{name}", inner
            elif name not in ("example", "examples", "enum", "const", "default"):
                yield from texts_in(inner, f"{place}/{name}")


def test_every_text_of_the_documents_reads_as_english(texts: list[tuple[str, str]]) -> None:
    assert len(texts) > 1000
    assert {text: (place, faults) for place, text in texts if (faults := faults_of(text))} == {}


def test_every_description_is_a_sentence(texts: list[tuple[str, str]]) -> None:
    assert {
        text: place
        for place, text in texts
        if place.endswith("/description") and not text.rstrip().endswith((".", "?", ":"))
    } == {}


def test_no_summary_ends_with_a_period(texts: list[tuple[str, str]]) -> None:
    titles = [text for place, text in texts if place.endswith("/summary") and "/paths/" in place]
    assert [title for title in titles if title.endswith(".")] == []


@pytest.mark.parametrize("noun", ["case studies", "districts"])
def test_every_form_of_a_filter_reads_as_english(noun: str) -> None:
    for filter_ in FILTERS:
        for suffix in FORMS:
            text = filter_description(noun, filter_, suffix)
            assert faults_of(text) == [], text
            assert text.startswith(("Case studies ", "Districts ", "Everything but "))


def test_every_end_of_a_range_reads_as_english() -> None:
    texts = [range_description(range_, end) for range_ in RANGES for end in ("min", "max")]
    assert texts == [
        "Earliest start year (inclusive).",
        "Latest start year (inclusive).",
        "Lowest district enrollment, in students (inclusive).",
        "Highest district enrollment, in students (inclusive).",
    ]
