"""Documents to records. Every fault comes at once: what cannot be read does not hide what is wrong with the rest."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError, create_model

from app.errors import Fault, Invalid
from app.records.kinds import KINDS
from app.records.shape import Shape

_Model = TypeVar("_Model", bound=BaseModel)
_Check = Callable[[Any], list[Fault]]


def parse(kind: str, document: dict[str, Any], *, check: _Check = lambda _record: []) -> Shape:
    """The record that a document says. Raises Invalid with every fault, by pointer: of shape, of the rules between fields, of `check`."""
    shape = KINDS[kind].shape

    def rules(record: Shape) -> list[Fault]:
        return [*KINDS[kind].faults(record), *check(record)]

    try:
        record = shape.model_validate(document)
    except ValidationError as error:
        raise Invalid(
            [*_faults(error), *_faults_of_the_rest(shape, document, _unread(error), rules)]
        ) from None
    if faults := rules(record):
        raise Invalid(faults)
    return record


def parse_shape(shape: type[_Model], document: object) -> _Model:
    """What a document says, in a shape. Raises Invalid with every fault, by pointer."""
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        raise Invalid(list(_faults(error))) from None


def _faults(error: ValidationError) -> Iterator[Fault]:
    for fault in error.errors(include_url=False, include_input=False):
        pointer = "".join(
            f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in fault["loc"]
        )
        yield Fault(fault["type"], fault["msg"].removeprefix("Value error, "), pointer=pointer)


def _unread(error: ValidationError) -> dict[str, set[int]]:
    """The fields that cannot be read, each with the positions of the items that cannot; none if it is the field itself."""
    unread: dict[str, set[int]] = {}
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        name, *inside = fault["loc"]
        unread.setdefault(str(name), set()).update(
            step for step in inside[:1] if isinstance(step, int)
        )
    return unread


def _faults_of_the_rest(
    shape: type[Shape], document: dict[str, Any], unread: Mapping[str, set[int]], rules: _Check
) -> Iterator[Fault]:
    """What is wrong with the parts that can be read, unless only because others cannot."""
    readable = {name: value for name, value in document.items() if name not in unread}
    positions = {
        name: [n for n in range(len(document[name])) if n not in items]
        for name, items in unread.items()
        if items
    }
    readable |= {name: [document[name][n] for n in kept] for name, kept in positions.items()}
    for fault in rules(_with_nothing_required(shape).model_validate(readable)):
        _, name, *inside = (fault.pointer or "").split("/")
        if "sources" in unread and fault.code == "unknown_source":
            continue
        if name not in unread:
            yield fault
        elif name in positions and inside:
            yield replace(
                fault,
                pointer="/".join(("", name, str(positions[name][int(inside[0])]), *inside[1:])),
            )


@cache
def _with_nothing_required(shape: type[Shape]) -> type[Shape]:
    fields: dict[str, Any] = {
        name: (field.annotation, None)
        for name, field in shape.model_fields.items()
        if field.is_required()
    }
    return create_model(shape.__name__, __base__=shape, **fields)
