"""Validation errors as faults in plain words: the field, what is wrong with it, what to write."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from app.errors import Fault
from app.records.shape import SLUG_PATTERN
from app.records.spelling import nearest
from app.records.taxonomy import TERM_SLUG_PATTERN

SHOWN = 60  # characters of a value in a message
_NUMBER = re.compile(r"[\s$%]*([-+]?\d[\d,\s_]*+(?:\.\d+)?)[\s%]*")
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(?:[,\s_]\d{3})+(?:\.\d+)?")
_WITH_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_A_TIME = "such as 2027-12-31T00:00:00Z"
# What each pattern of a shape asks for.
PATTERNS: Mapping[str, str] = {
    SLUG_PATTERN: "must be lowercase letters and digits, in words joined by single hyphens",
    TERM_SLUG_PATTERN: "must be the vocabulary and the code joined by a dot, such as "
    "topic.dental-care",
    "^[A-Z]{2}$": "must be a two-letter code in capitals, such as OH",
    "^[a-z][a-z0-9]{0,9}$": "must be a lowercase letter and up to nine letters and digits, "
    "such as s1",
    "^[1-4][1-3]$": "must be an NCES locale code: 11 to 13, 21 to 23, 31 to 33 or 41 to 43",
    "^(city|suburb|town|rural)$": "must be city, suburb, town or rural",
    "^(office|city)$": "must be office or city",
    "^[0-9]{2}$": "must be two digits",
}


def shape_faults(error: ValidationError, shape: type[BaseModel]) -> Iterator[Fault]:
    """Every fault that validation found, by JSON Pointer."""
    for problem in error.errors(include_url=False):
        steps = problem["loc"]
        pointer = "".join(f"/{_escaped(str(step))}" for step in steps)
        if problem["type"] == "extra_forbidden":
            yield _unknown_field(steps, pointer, shape)
            continue
        code, context = _code(problem), {**problem.get("ctx", {}), "field": _found(steps, shape)}
        detail = _detail(code, _field(steps), problem["input"], context)
        yield Fault(code, detail, pointer=pointer, allowed=_allowed(problem))


def part_shape(shape: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The shape of the items in a list field; None if they are plain values."""
    field = shape.model_fields.get(name)
    for item in get_args(field.annotation) if field else ():
        if isinstance(item, type) and issubclass(item, BaseModel):
            return item
    return None


def shown(value: object) -> str:
    """A value as messages show it: JSON, shortened."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _code(problem: Any) -> str:
    """The code of a fault. A text whose type has a rule of its own is `too_long` to pydantic."""
    code: str = problem["type"]
    return "string_too_long" if code == "too_long" and isinstance(problem["input"], str) else code


def _found(steps: Sequence[int | str], shape: type[BaseModel]) -> FieldInfo | None:
    """The field at a location; None for an item of a list and for an unknown field."""
    inner = _inner(steps, shape)
    return inner.model_fields.get(str(steps[-1])) if inner and steps else None


def _inner(steps: Sequence[int | str], shape: type[BaseModel]) -> type[BaseModel] | None:
    """The shape that has, or should have, the field at a location."""
    inner: type[BaseModel] | None = shape
    for step in steps[:-1]:
        if inner is not None and isinstance(step, str):
            inner = part_shape(inner, step)
    return inner


def _unknown_field(steps: Sequence[int | str], pointer: str, shape: type[BaseModel]) -> Fault:
    inner = _inner(steps, shape)
    name = str(steps[-1])
    near = nearest(name, inner.model_fields) if inner else []
    advice = f"Did you mean {near[0]}?" if near else "Remove it."
    detail = f"There is no field {name[:SHOWN]!r}. {advice}"
    return Fault("extra_forbidden", detail, pointer=pointer, nearest=tuple(near) or None)


def _field(steps: Sequence[int | str]) -> str:
    """The name of the field at a location: `title`, or `strategies item 2` for an item of a list."""
    if not steps:
        return "The document"
    last = steps[-1]
    if isinstance(last, int):
        return f"{_field(steps[:-1])} item {last + 1}"
    return last


def _detail(code: str, field: str, value: Any, context: Mapping[str, Any]) -> str:
    if value is None and code != "missing":
        return f"{field} cannot be null. {_instead(field, context, 'Give a value')}"
    words = _WORDS.get(code)
    if words is None:
        return f"{field} cannot be {shown(value)}."
    return words(field, value, context)


def _text_wanted(field: str, value: Any, _context: Mapping[str, Any]) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'{field} must be text, not a number. Put it in quotes: "{value}".'
    return f"{field} must be text, not {shown(value)}."


def _instead(field: str, context: Mapping[str, Any], advice: str) -> str:
    """What to do about a field that says nothing."""
    if " item " in field:
        return "Write it or remove it from the list."
    info = context["field"]
    optional = info is not None and not info.is_required()
    return f"{advice}, or leave the field out." if optional else f"{advice}: it is required."


def _too_short(field: str, _value: Any, context: Mapping[str, Any]) -> str:
    least = context["min_length"]
    if least == 1:
        return f"{field} is empty. {_instead(field, context, 'Write something')}"
    return f"{field} must have at least {least} characters."


def _too_long(field: str, value: Any, context: Mapping[str, Any]) -> str:
    return f"{field} has {len(value):,} characters. Shorten it to {context['max_length']:,}."


def _pattern(field: str, value: str, context: Mapping[str, Any]) -> str:
    pattern = context["pattern"]
    meaning = PATTERNS.get(pattern, f"must match {pattern}")
    detail = f"{field} {meaning}, not {shown(value)}."
    words = re.findall("[a-z0-9]+", value.lower()) if pattern == SLUG_PATTERN else []
    proposal = "-".join(words)
    return f"{detail} Write {proposal[:SHOWN]}." if proposal else detail


def _number_wanted(kind: str) -> Callable[[str, Any, Mapping[str, Any]], str]:
    def words(field: str, value: Any, _context: Mapping[str, Any]) -> str:
        detail = f"{field} must be {kind}, not {shown(value)}."
        if not isinstance(value, str):
            return detail
        if kind != "a number" and "%" in value:
            return f"{detail} A percentage is not a count. Give the count."
        return f"{detail}{_number_advice(value, whole=kind != 'a number')}"

    return words


def _number_advice(text: str, *, whole: bool) -> str:
    """How to write the number that a text shows; empty where it shows none that is sure."""
    match = _NUMBER.fullmatch(text)
    number = match[1].strip() if match else ""
    if _GROUPED.fullmatch(number):
        plain = re.sub(r"[,\s_]", "", number)
        if whole:
            return f" Write {plain}." if "." not in plain else ""
        decimal = number.replace(",", ".")
        or_decimal = f", or {decimal} if the comma is a decimal point"
        return f" Write {plain}{or_decimal if _WITH_DECIMAL_COMMA.fullmatch(number) else ''}."
    if _WITH_DECIMAL_COMMA.fullmatch(number):
        return f" Write {number.replace(',', '.')}." if not whole else ""
    if re.fullmatch(r"[-+]?\d+(?:\.\d+)?", number) and not (whole and "." in number):
        return f" Write {number}."
    return ""


def _bound(words: str, name: str) -> Callable[[str, Any, Mapping[str, Any]], str]:
    def words_of(field: str, value: Any, context: Mapping[str, Any]) -> str:
        bound = context[name]
        limit = f"{bound:,}" if abs(bound) >= 10_000 else f"{bound:g}"
        return f"{field} must be {words} {limit}, not {shown(value)}."

    return words_of


def _list_wanted(field: str, value: Any, _context: Mapping[str, Any]) -> str:
    detail = f"{field} must be a list, not {shown(value)}."
    return f'{detail} Write ["{value}"].' if isinstance(value, str) and value else detail


def _items(field: str, value: Any, context: Mapping[str, Any]) -> str:
    return f"{field} has {len(value)} items. It may have {context['max_length']}."


def _choice(field: str, value: Any, context: Mapping[str, Any]) -> str:
    names = ", ".join(_names_in(context["expected"]))
    return f"{field} has no value {shown(value)}. Use one of: {names}."


def _fixed(words: str) -> Callable[[str, Any, Mapping[str, Any]], str]:
    return lambda field, value, _context: f"{field} {words}, not {shown(value)}."


def _own_words(field: str, _value: Any, context: Mapping[str, Any]) -> str:
    return f"{field}: {context['error']}"


_TIME = _fixed(f"must be a time with its zone, {_A_TIME}")
_WORDS: Mapping[str, Callable[[str, Any, Mapping[str, Any]], str]] = {
    "missing": lambda field, _value, _context: f"{field} is required. Add it.",
    "string_type": _text_wanted,
    "string_too_short": _too_short,
    "string_too_long": _too_long,
    "string_pattern_mismatch": _pattern,
    "int_type": _number_wanted("a whole number"),
    "int_parsing": _number_wanted("a whole number"),
    "int_parsing_size": _number_wanted("a whole number that is not as large"),
    "int_from_float": _number_wanted("a whole number"),
    "float_type": _number_wanted("a number"),
    "float_parsing": _number_wanted("a number"),
    "finite_number": _number_wanted("a number"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than_equal": _bound("at most", "le"),
    "list_type": _list_wanted,
    "too_long": _items,
    "model_type": _fixed("must be an object with named fields"),
    "model_attributes_type": _fixed("must be an object with named fields"),
    "dict_type": _fixed("must be an object with named fields"),
    "bool_type": _fixed("must be true or false"),
    "bool_parsing": _fixed("must be true or false"),
    "literal_error": _choice,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "timezone_aware": _TIME,
    "value_error": _own_words,
}


def _allowed(problem: Any) -> tuple[str, ...] | None:
    if problem["type"] == "literal_error":
        return tuple(_names_in(problem["ctx"]["expected"]))
    return None


def _names_in(expected: str) -> list[str]:
    """The values of a literal, which pydantic gives as `'a', 'b' or 'c'`."""
    return re.findall(r"'([^']*)'", expected)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
