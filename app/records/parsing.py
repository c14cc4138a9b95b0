"""From documents to records. Reports every fault at once: an unreadable part does not hide faults in
the rest."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, create_model

from app.errors import Fault, Invalid
from app.records.kinds import KINDS
from app.records.shape import Shape
from app.records.shape_faults import part_shape, shape_faults

_Model = TypeVar("_Model", bound=BaseModel)
_Check = Callable[[Any], list[Fault]]


def parse(kind: str, document: dict[str, Any], *, check: _Check = lambda _record: []) -> Shape:
    """The record that a document describes.

    Raises Invalid with every fault, by pointer: of shape, of the rules between fields, of `check`.
    """
    shape = KINDS[kind].shape

    def rules(record: Shape) -> list[Fault]:
        return [*KINDS[kind].faults(record), *check(record)]

    try:
        record = shape.model_validate(document)
    except ValidationError as error:
        faults = list(shape_faults(error, shape))
        raise Invalid([*faults, *_faults_of_the_rest(shape, document, error, rules)]) from None
    if faults := rules(record):
        raise Invalid(faults)
    return record


def parse_shape(shape: type[_Model], document: object) -> _Model:
    """A document as an instance of a shape. Raises Invalid with every fault, by pointer."""
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        raise Invalid(list(shape_faults(error, shape))) from None


def _faults_of_the_rest(
    shape: type[Shape], document: dict[str, Any], error: ValidationError, rules: _Check
) -> Iterator[Fault]:
    """The faults of the readable parts, except those caused by the unreadable ones."""
    places = [fault["loc"] for fault in error.errors(include_url=False, include_input=False)]
    readable, positions = _without(places, document)
    try:
        record = _with_nothing_required(shape).model_validate(readable)
    except ValidationError:  # a document so odd that no rule can be applied to it
        return
    unread = {"".join(f"/{step}" for step in place) for place in places}
    sources_unread = "/sources" in unread or "sources" in positions
    for fault in rules(record):
        pointer = _original(fault.pointer or "", positions)
        if fault.code == "unknown_source" and sources_unread:
            continue
        if not any(pointer == place or pointer.startswith(f"{place}/") for place in unread):
            yield replace(fault, pointer=pointer)


def _without(
    places: Sequence[tuple[int | str, ...]], document: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """The document without its unreadable parts.

    Also returns, for each list that lost items, the original positions of the remaining ones.
    """
    readable = deepcopy(document)
    lost: dict[str, set[int]] = defaultdict(set)
    for name, *inside in places:
        match inside:
            case [int(position), str(field)] if field != "id" and name in readable:
                readable[name][position].pop(field, None)
            case [int(position), *_]:  # also an item whose id cannot be read: nothing can name it
                lost[str(name)].add(position)
            case _:
                readable.pop(str(name), None)
    positions = {}
    for name, items in lost.items():
        if name in readable:
            positions[name] = [n for n in range(len(readable[name])) if n not in items]
            readable[name] = [readable[name][n] for n in positions[name]]
    return readable, positions


def _original(pointer: str, positions: Mapping[str, list[int]]) -> str:
    """The pointer in the whole document for a pointer in the readable part."""
    _, name, *inside = pointer.split("/") if pointer else ("", "")
    if name in positions and inside:
        inside = [str(positions[name][int(inside[0])]), *inside[1:]]
    return "/".join(("", name, *inside)) if pointer else pointer


@cache
def _with_nothing_required(shape: type[BaseModel]) -> type[BaseModel]:
    """The shape with every field optional, in its parts too."""
    fields: dict[str, Any] = {}
    for name, field in shape.model_fields.items():
        part = part_shape(shape, name)
        if part is not None:
            items: Any = list[_with_nothing_required(part)]  # type: ignore[misc]
            fields[name] = (items, Field(default_factory=list))
        elif field.is_required():
            fields[name] = (field.annotation, None)
    return create_model(shape.__name__, __base__=shape, **fields)
