"""Query parameters of the small addresses: what is not known is refused, with what is."""

from collections.abc import Sequence

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


def _what(allowed: Sequence[str]) -> str:
    return f"this address takes {', '.join(allowed)}" if allowed else "this address takes none"
