"""Query parameters of the small addresses: what is not known is refused, with what is."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import Request

from app.errors import Fault, Invalid


def takes_no_parameters(request: Request) -> None:
    """Refuse every query parameter."""
    refuse_unknown(request, ())


def refuse_unknown(request: Request, allowed: Sequence[str]) -> None:
    """Refuse query parameters that are not among the allowed ones, and those given twice."""
    names = [name for name, _ in request.query_params.multi_items()]
    faults = [
        Fault("unknown_parameter", f"there is no parameter {name[:60]!r}; {_what(allowed)}", parameter=name[:60], allowed=tuple(allowed))
        for name in dict.fromkeys(names)
        if name not in allowed
    ]
    faults += [Fault("given_twice", f"{name} can be given once", parameter=name) for name in allowed if names.count(name) > 1]
    if faults:
        raise Invalid(faults)


def one_of(name: str, values: Sequence[str]) -> Callable[[str], str]:
    """Reads a value that is one of these."""

    def read(value: str) -> str:
        if value not in values:
            raise Invalid([Fault("unknown_value", f"{name} has no value {value[:40]!r}", parameter=name, allowed=tuple(values))])
        return value

    return read


def whole_number(name: str, least: int, most: int) -> Callable[[str], int]:
    """Reads a whole number between these."""

    def read(value: str) -> int:
        if not (value.isascii() and value.isdecimal() and len(value) < 20 and least <= int(value) <= most):
            raise Invalid([Fault("out_of_range", f"{name} is a whole number from {least} to {most}", parameter=name)])
        return int(value)

    return read


def text(name: str, most: int) -> Callable[[str], str]:
    """Reads a text that both databases can take."""

    def read(value: str) -> str:
        if len(value) > most or "\0" in value:
            raise Invalid([Fault("not_text", f"{name} is a text of up to {most} characters", parameter=name)])
        return value

    return read


def moment(name: str) -> Callable[[str], datetime]:
    """Reads a time with its zone (RFC 3339)."""

    def read(value: str) -> datetime:
        try:
            given = datetime.fromisoformat(value)
            if given.tzinfo is None:
                raise ValueError
            return given.astimezone(UTC)
        except (ValueError, OverflowError):
            what = f"{name} is an RFC 3339 time with its zone, such as 2026-11-25T00:00:00Z"
            raise Invalid([Fault("not_a_time", what, parameter=name)]) from None

    return read


def read_parameters(request: Request, readers: Mapping[str, Callable[[str], object]]) -> dict[str, Any]:
    """The parameters that were given, each read by its reader; there are no others. Raises Invalid with every fault."""
    refuse_unknown(request, tuple(readers))
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in request.query_params.items():
        try:
            found[name] = readers[name](value)
        except Invalid as invalid:
            faults += invalid.faults
    if faults:
        raise Invalid(faults)
    return found


def _what(allowed: Sequence[str]) -> str:
    return f"this address takes {', '.join(allowed)}" if allowed else "this address takes none"
