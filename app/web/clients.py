"""Who the client of a request is, and whether they are still there."""

from typing import Any

from starlette.types import Scope

# In the scope, as a weak reference: uvicorn's own object for one request and its answer.
CYCLE = "model_districts.cycle"
CLIENT_LEFT = 499  # status of an answer that nobody reads, for the log alone


class ClientLeft(Exception):
    """The client of a request has hung up: what it asked is not begun."""


def address_of(scope: Scope) -> str:
    """The address of the client of a request; empty on a socket of the machine itself."""
    host, _port = scope.get("client") or ("", 0)
    return str(host)


def has_left(scope: Scope) -> bool:
    """Whether the client of a request has hung up; then nothing need be made for it."""
    reference = scope.get(CYCLE)
    cycle: Any = reference and reference()
    return cycle is not None and (cycle.disconnected or cycle.transport.is_closing())
