"""What the service opens at its start and shares among requests, looked up by type.

FastAPI does not take Starlette's typed `Request[State]`, so the type is the key: `resource(request,
Database)` is a `Database` for mypy and for the reader.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from starlette.requests import HTTPConnection

_Resource = TypeVar("_Resource")


def resources(*shared: object) -> dict[str, Any]:
    """The state of the application's lifespan: one object of each type."""
    return {"resources": {type(resource): resource for resource in shared}}


def resource(request: HTTPConnection, type_: type[_Resource]) -> _Resource:
    """The object of this type that requests share."""
    return resource_of_state(request.scope["state"], type_)


def resource_of_state(state: Mapping[str, Any], type_: type[_Resource]) -> _Resource:
    """The same for ASGI layers, which have no request object."""
    shared: _Resource = state["resources"][type_]
    return shared
