"""Columns of tables, made from the public shapes: a field is described once, where its shape stands."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema

TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", datetime: "datetime"}
UNITS = {  # by the name of the column
    "amount_usd": "US dollars",
    "enrollment": "students",
    "schools": "schools",
    "latitude": "degrees north",
    "longitude": "degrees east",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, where its value stands in a row's document, and what it means."""

    name: str
    path: tuple[str, ...]
    type: str  # one of TYPES
    is_list: bool
    description: str
    unit: str | None = None
    vocabulary: str | None = None  # the vocabulary that its values are terms of
    separator: str = "; "  # between the items of a list, in a cell

    def value(self, document: Mapping[str, Any]) -> Any:
        """The value in a row's document; of a list, that of each item that has one."""
        return _value(document, self.path)


def column(shape: type[BaseModel], *path: str, name: str | None = None) -> Column:
    """The column of a field, which may stand in a part of the shape or in a list of parts."""
    descriptions, is_list, vocabulary = [], False, None
    annotation: Any = shape
    for step in path:
        field = annotation.model_fields[step]
        descriptions.append(field.description or "")
        annotation = field.annotation
        vocabulary = _vocabulary(field.metadata)
        annotation, inside_list, inner_vocabulary = _unwrapped(annotation)
        is_list = is_list or inside_list
        vocabulary = vocabulary or inner_vocabulary
    name = name or path[0]
    return Column(
        name=name,
        path=path,
        type=TYPES.get(annotation, "string"),
        is_list=is_list,
        description=" ".join(descriptions),
        unit=UNITS.get(name),
        vocabulary=vocabulary,
    )


def flat_columns(shape: type[BaseModel]) -> Iterator[Column]:
    """The columns of a shape whose fields are all plain values."""
    for name in shape.model_fields:
        yield column(shape, name)


def _value(part: Any, path: tuple[str, ...]) -> Any:
    for position, step in enumerate(path):
        if isinstance(part, list):
            values = (_value(item, path[position:]) for item in part)
            return [value for value in values if value is not None]
        part = part and part.get(step)  # a document of an older form may lack it
    return part


def _unwrapped(annotation: Any) -> tuple[Any, bool, str | None]:
    """The plain type of an annotation, whether it is in a list, and the vocabulary of its values."""
    is_list, vocabulary = False, None
    while (origin := get_origin(annotation)) is not None:
        arguments = get_args(annotation)
        if origin is Annotated:
            vocabulary = vocabulary or _vocabulary(arguments[1:])
            annotation = arguments[0]
        elif origin in (Union, types.UnionType):
            annotation = next(kind for kind in arguments if kind is not type(None))
        elif origin is list:
            is_list, annotation = True, arguments[0]
        elif origin is Literal:
            annotation = type(arguments[0])
        else:
            break
    return annotation, is_list, vocabulary


def _vocabulary(metadata: Any) -> str | None:
    for note in metadata:
        if isinstance(note, WithJsonSchema):
            vocabulary: str | None = (note.json_schema or {}).get("x-vocabulary")
            return vocabulary
    return None
