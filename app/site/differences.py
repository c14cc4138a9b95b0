"""How one version of a record became the next, field by field, in words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from app.catalog.vocabulary import Vocabulary
from app.site.display import figure

Json = dict[str, Any]
LABELS = {
    "slug": "Public id",
    "challenge": "What they faced",
    "approach": "What they did",
    "results": "What came of it",
    "lessons": "What they learned",
    "kinship": "What its sources call it",
    "asked_as": "Asked as",
    "aliases": "Also called",
    "context": "The community it serves",
    "scale": "How large the effort is",
    "nces_leaid": "NCES id",
}
VOCABULARIES = {  # of fields that hold codes
    "state": "state",
    "strategies": "strategy",
    "topics": "topic",
    "models": "model",
    "status": "initiative-status",
    "setting": "setting",
    "kinship": "kinship",
    "locale": "locale",
}
_PIECE = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: `kind` is same, was or now."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs. Each line is one value, or one item of a list."""

    label: str
    lines: Sequence[Sequence[Piece]]


def differences(before: Json, after: Json, vocabulary: Vocabulary) -> list[Change]:
    """Every field that differs, in the order of the record."""
    changes = []
    for name in [*after, *(name for name in before if name not in after)]:
        old, new = before.get(name), after.get(name)
        if old != new:
            changes.append(Change(_label(name), list(_lines(name, old, new, vocabulary))))
    return changes


def _lines(name: str, old: Any, new: Any, vocabulary: Vocabulary) -> Iterator[list[Piece]]:
    if isinstance(old or new, list):
        texts = [[_text(name, item, vocabulary) for item in side or ()] for side in (old, new)]
        gone = [text for text in texts[0] if text not in texts[1]]
        came = [text for text in texts[1] if text not in texts[0]]
        for was, now in zip_longest(gone, came):
            yield _pieces(was, now)
        if not gone and not came:
            yield [Piece("same", "The order changed.")]
        return
    yield _pieces(*(_text(name, value, vocabulary) for value in (old, new)))


def _text(name: str, value: Any, vocabulary: Vocabulary) -> str | None:
    """A value or an item of a list as text."""
    if value is None or value == "":
        return None
    if isinstance(value, Mapping):
        parts = ((key, _text(key, inner, vocabulary)) for key, inner in value.items())
        return "; ".join(f"{_label(key).lower()}: {text}" for key, text in parts if text)
    if isinstance(value, bool | int | float):
        return str(value) if name.endswith("year") else figure(value)
    if name in VOCABULARIES:
        return vocabulary.label(VOCABULARIES[name], str(value))
    return str(value)


def _pieces(was: str | None, now: str | None) -> list[Piece]:
    """One text as another, word by word; whole where little is left of it."""
    if was is None or now is None:
        return [
            Piece("was", was if was is not None else "not stated"),
            Piece("now", now if now is not None else "not stated"),
        ]
    old, new = _PIECE.findall(was), _PIECE.findall(now)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < 0.5:
        return [Piece("was", was), Piece("now", now)]
    pieces = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(old[i1:i2])))
            continue
        pieces += [Piece("was", "".join(old[i1:i2])), Piece("now", "".join(new[j1:j2]))]
    return [piece for piece in pieces if piece.text]


def _label(name: str) -> str:
    words = name.replace("_", " ")
    return LABELS.get(name, words[:1].upper() + words[1:])
