"""JSON as imports read it: keys that are repeated, and values that nest too deeply, are named."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from app.errors import Fault
from app.web.bodies import MAX_DEPTH, escaped, is_deeper_than


class JsonObject(dict[str, Any]):
    """A JSON object that notes its repeated keys. JSON readers keep the last one without a word."""

    def __init__(self, pairs: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__()
        self.repeated: list[str] = []
        for key, value in pairs:
            self[key] = value

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self:
            self.repeated.append(key)
        super().__setitem__(key, value)


def read_json(text: bytes | str) -> Any:
    """The value of a JSON text. Raises ValueError."""
    try:
        orjson.loads(text)  # stricter than the json module, which takes NaN
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos + 1:,}") from None
    try:
        return json.loads(text, object_pairs_hook=JsonObject)
    except RecursionError:
        raise ValueError(f"it nests deeper than {MAX_DEPTH} levels") from None


def repeated_keys(value: Any, pointer: str = "") -> Iterator[Fault]:
    """A fault for each key that an object has twice."""
    inside = [(pointer, value)]
    while inside:
        place, part = inside.pop()
        if isinstance(part, JsonObject):
            for key in dict.fromkeys(part.repeated):
                detail = f"The key {key[:60]!r} is in one object twice. Remove one."
                yield Fault("repeated_key", detail, pointer=f"{place}/{escaped(key)}")
        if isinstance(part, dict):
            inside += ((f"{place}/{escaped(key)}", inner) for key, inner in part.items())
        elif isinstance(part, list):
            inside += ((f"{place}/{number}", inner) for number, inner in enumerate(part))


def too_deep(document: dict[str, Any]) -> Iterator[tuple[str, Fault]]:
    """The fields of a record that nest more deeply than one sent alone may."""
    for name, value in document.items():
        if is_deeper_than(MAX_DEPTH - 1, value):
            detail = (
                f"{name[:60]} nests deeper than {MAX_DEPTH} levels. Check for a [ or {{ too many."
            )
            yield name, Fault("too_deep", detail, pointer=f"/{escaped(name)}")
