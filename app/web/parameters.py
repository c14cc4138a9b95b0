"""Query parameters of the small endpoints: one row gives parsing, limits, OpenAPI entry and error message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from fastapi import Request

from app.errors import Fault, Invalid, Malformed

MAX_PAGE = 200  # items on a page of a small list


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter. `read` returns its value, or raises ValueError with what is allowed, in words.

    `example`: None where none is right in every directory.
    """

    name: str
    description: str
    example: object
    read: Callable[[str], Any]
    schema: dict[str, Any] = field(default_factory=dict)
    allowed: tuple[str, ...] | None = None
    code: str = "out_of_range"
    required: bool = False
    repeatable: bool = False  # given several times, it is a list

    def parse(self, value: str) -> Any:
        """The value of the parameter. Raises Invalid."""
        try:
            return self.read(value)
        except (ValueError, OverflowError) as error:
            fault = Fault(self.code, str(error), parameter=self.name, allowed=self.allowed)
            raise Invalid([fault]) from None

    def openapi(self) -> dict[str, Any]:
        """Its entry in the OpenAPI document."""
        schema = {"type": "array", "items": self.schema} if self.repeatable else self.schema
        entry = {
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": self.description,
            "schema": schema,
        }
        if self.example is None:
            return entry
        return entry | {"example": [self.example] if self.repeatable else self.example}


def one_of(
    name: str, values: Sequence[str], description: str, example: str, *, required: bool = False
) -> Parameter:
    """A parameter that takes one of these values."""

    def read(value: str) -> str:
        if value not in values:
            raise ValueError(
                f"{name} has no value {value[:40]!r}. Use one of: {', '.join(values)}."
            )
        return value

    schema = {"type": "string", "enum": list(values)}
    return Parameter(
        name, description, example, read, schema, tuple(values), "unknown_value", required=required
    )


def some_of(name: str, values: Sequence[str], description: str, example: str) -> Parameter:
    """A parameter that takes some of these values, with commas or given several times: a list."""
    single = one_of(name, values, description, example)

    def read(value: str) -> list[str]:
        return [single.read(part.strip()) for part in value.split(",") if part.strip()]

    return replace(single, read=read, repeatable=True)


def whole_number(
    name: str, least: int, most: int, description: str, example: int, *, default: int | None = None
) -> Parameter:
    """A parameter that takes a whole number from `least` to `most`."""

    def read(value: str) -> int:
        digits = value.isascii() and value.isdecimal() and len(value) < 20
        if not digits or not least <= int(value) <= most:
            raise ValueError(f"{name} must be a whole number from {least} to {most}.")
        return int(value)

    schema: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": most}
    if default is not None:
        schema["default"] = default
    return Parameter(name, description, example, read, schema)


def text(
    name: str,
    most: int,
    description: str,
    example: str,
    *,
    required: bool = False,
    repeatable: bool = False,
) -> Parameter:
    """A parameter that takes text which both databases can store."""

    def read(value: str) -> str:
        if "\0" in value:
            raise ValueError(f"{name} holds a NUL character. Remove it.")
        if len(value) > most:
            raise ValueError(
                f"{name} has {len(value):,} characters. Shorten it to {most:,}, as in {example!r}."
            )
        return value

    schema = {"type": "string", "maxLength": most}
    return Parameter(
        name,
        description,
        example,
        read,
        schema,
        code="not_text",
        required=required,
        repeatable=repeatable,
    )


def moment(name: str, description: str, example: str) -> Parameter:
    """A parameter that takes a time with its zone (RFC 3339)."""

    def read(value: str) -> datetime:
        try:
            at = datetime.fromisoformat(value)
            if at.tzinfo is None:
                raise ValueError
            return at.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(
                f"{name} must be an RFC 3339 time with its zone, such as 2026-11-25T00:00:00Z."
            ) from None

    schema = {"type": "string", "format": "date-time"}
    return Parameter(name, description, example, read, schema, code="not_a_time")


def limit(items: str) -> Parameter:
    """The parameter `limit` of a paged list."""
    return whole_number("limit", 1, MAX_PAGE, f"{items} on a page.", 10, default=50)


def openapi(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The OpenAPI entry of an operation's parameters."""
    return {"parameters": [parameter.openapi() for parameter in parameters]}


def read_parameters(request: Request, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The values of the parameters that were given; an empty value means "not given".

    Raises Malformed for unknown parameters, Invalid with every fault in the values.
    """
    repeatable = [parameter.name for parameter in parameters if parameter.repeatable]
    refuse_unknown(request, [parameter.name for parameter in parameters], repeatable=repeatable)
    return read_values(request, parameters)


def read_values(request: Request, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """`read_parameters` for an endpoint that takes others besides, and refuses the unknown ones."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for parameter in parameters:
        texts = [text for text in request.query_params.getlist(parameter.name) if text]
        if texts:
            try:
                parsed = [parameter.parse(text) for text in texts]
                values[parameter.name] = parsed if parameter.repeatable else parsed[0]
            except Invalid as invalid:
                faults += invalid.faults
        elif parameter.required:
            detail = f"{parameter.name} is required: {parameter.description}"
            faults.append(
                Fault("missing", detail, parameter=parameter.name, allowed=parameter.allowed)
            )
    if faults:
        raise Invalid(faults)
    return values


async def takes_no_parameters(request: Request) -> None:
    """Refuse every query parameter. On the event loop: a thread may be long in coming."""
    refuse_unknown(request, ())


def refuse_unknown(
    request: Request, allowed: Sequence[str], *, repeatable: Sequence[str] = ()
) -> None:
    """Refuse query parameters that are not among the allowed ones, and those given twice."""
    names = [name for name, _ in request.query_params.multi_items()]
    takes = f"It takes {', '.join(allowed)}." if allowed else "It takes no parameters."
    faults = [
        Fault(
            "unknown_parameter",
            f"This endpoint has no parameter {name[:60]!r}. {takes}",
            parameter=name[:60],
            allowed=tuple(allowed),
        )
        for name in dict.fromkeys(names)
        if name not in allowed
    ]
    faults += _given_twice(names, [name for name in allowed if name not in repeatable])
    if faults:
        raise Malformed(faults)


def refuse_repeated(request: Request, parameters: Sequence[Parameter]) -> None:
    """Refuse those of an endpoint's own parameters that were given twice, where others check the rest."""
    names = [name for name, _ in request.query_params.multi_items()]
    if faults := _given_twice(names, [parameter.name for parameter in parameters]):
        raise Malformed(faults)


def _given_twice(names: Sequence[str], once: Sequence[str]) -> list[Fault]:
    return [
        Fault("given_twice", f"{name} was given more than once. Give it once.", parameter=name)
        for name in once
        if names.count(name) > 1
    ]
