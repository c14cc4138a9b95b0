"""Texts that a regular expression is slow on, if any are: made from the expression itself."""

from collections.abc import Iterator
from itertools import pairwise
from re import _constants as kinds
from re import _parser as parser
from typing import Any

OF_CATEGORY = {
    kinds.CATEGORY_DIGIT: "7",
    kinds.CATEGORY_NOT_DIGIT: "x",
    kinds.CATEGORY_SPACE: " \n\u00a0",
    kinds.CATEGORY_NOT_SPACE: "x.",
    kinds.CATEGORY_WORD: "a7\u00e9",
    kinds.CATEGORY_NOT_WORD: " -[",
}
ENDS = ("", "!", "y", "\n\0")  # what follows the repeated part, so that it cannot end there


def texts(pattern: str, flags: int, length: int) -> Iterator[str]:
    """Texts of about this length: each part that the pattern can match, repeated, with an end."""
    parsed = parser.parse(pattern, flags)
    parts = sorted(_parts(parsed) - {""})
    items = list(parsed)
    # What the pattern has matched before it comes to the repeated part.
    beginnings = sorted({_sample(items[:count]) for count in range(1, len(items) + 1)})
    for part in parts:
        repeated = part * (length // len(part))
        for end in ENDS:
            yield repeated + end
        yield "x" + repeated
        for beginning in beginnings:
            yield beginning + repeated + "!"


def _parts(parsed: Any) -> set[str]:
    """What single characters, repeated groups, neighbors and the whole pattern match."""
    found = {_sample(parsed)}
    items = list(parsed)
    for first, second in pairwise(items):
        found.add(_sample([first]) + _sample([second]))
    for item in items:
        found |= set(_characters(item))
        for inner in _inside(item):
            found |= _parts(inner)
            found |= {_sample(inner) + character for character in (" ", "x")}
    return found


def _inside(item: tuple[Any, Any]) -> list[Any]:
    """The patterns within one item of a pattern."""
    kind, value = item
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
        return [value[2]]
    if kind is kinds.SUBPATTERN:
        return [value[3]]
    if kind is kinds.BRANCH:
        return list(value[1])
    if kind in (kinds.ASSERT, kinds.ASSERT_NOT):
        return [value[1]]
    return [value] if kind is kinds.ATOMIC_GROUP else []


def _characters(item: tuple[Any, Any]) -> str:
    """Some characters that one item matches, if it matches single ones."""
    kind, value = item
    if kind is kinds.LITERAL:
        return chr(value)
    if kind is kinds.NOT_LITERAL:
        return "x" if chr(value) != "x" else "y"
    if kind is kinds.ANY:
        return "x "
    if kind is kinds.CATEGORY:
        return OF_CATEGORY[value]
    if kind is kinds.RANGE:
        return chr(value[0]) + chr(value[1])
    if kind is not kinds.IN:
        return ""
    listed = "".join(map(_characters, value))
    if value[0][0] is kinds.NEGATE:
        return "".join(one for one in "x 7.\u00e9-" if one not in listed)
    return listed


def _sample(parsed: Any) -> str:
    """One text that the pattern matches, each repeated part once or as often as it must be."""
    text = ""
    for item in parsed:
        kind, value = item
        if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
            text += _sample(value[2]) * max(1, value[0])
        elif kind is kinds.BRANCH:
            text += _sample(value[1][0])
        elif kind in (kinds.SUBPATTERN, kinds.ATOMIC_GROUP):
            text += _sample(_inside(item)[0])
        else:
            text += _characters(item)[:1]
    return text
