"""The OpenAPI document as a product: problems in place of the framework's error shapes, and a real answer as each example."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.types import ASGIApp, Message

from app.web.problem_types import EXTENDED, MEDIA_TYPE, Problem

METHODS = ("get", "put", "post", "patch", "delete")
EXAMPLE_QUERY = "x-example-query"  # what an operation is asked for its example; not shown
MAX_TEXT = 600  # characters of an example that is not JSON


def install(app: FastAPI, *, asked: Sequence[type[BaseModel]]) -> None:
    """Serve the document at /openapi.json. `asked`: the shapes of request bodies, which routes name only by reference."""
    made: dict[str, bytes] = {}

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi_document(request: Request) -> Response:
        if not made:
            document = describe(app, asked)
            for path, method, operation in _operations(document):
                query = operation.pop(EXAMPLE_QUERY, "")
                if method == "get":
                    await _add_example(app, request, path, query, operation)
            made["document"] = orjson.dumps(document)
        return Response(made["document"], media_type="application/json")


def describe(app: FastAPI, asked: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """The document without its examples of answers."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        license_info=app.license_info,
        separate_input_output_schemas=False,
    )
    schemas = document["components"]["schemas"]
    shapes: list[type[BaseModel]] = [Problem, *EXTENDED.values(), *asked]
    for shape in shapes:
        schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[shape.__name__] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for _path, _method, operation in _operations(document):
        responses = operation["responses"]
        for status in [
            status
            for status, response in responses.items()
            if "HTTPValidationError" in str(response)
        ]:
            del responses[status]
        for parameter in operation.get("parameters", []):
            if examples := parameter["schema"].pop("examples", None):
                parameter.setdefault("example", examples[0])
            if (
                parameter["name"] == "If-Match"
            ):  # its lack is answered with 428, so the framework is not told
                parameter |= {"required": True, "schema": {"type": "string", "title": "If-Match"}}
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


async def _add_example(
    app: ASGIApp, request: Request, path: str, query: str, operation: dict[str, Any]
) -> None:
    for parameter in operation.get("parameters", []):
        path = path.replace(f"{{{parameter['name']}}}", str(parameter.get("example", "")))
    for media_type, media in operation["responses"].get("200", {}).get("content", {}).items():
        status, body = await _ask(app, request, path, query)
        if status == 200 and MEDIA_TYPE not in media_type:
            media["example"] = (
                orjson.loads(body) if media_type == "application/json" else body.decode()[:MAX_TEXT]
            )


async def _ask(app: ASGIApp, request: Request, path: str, query: str) -> tuple[int, bytes]:
    """What the app answers to a GET."""
    status, body = 0, bytearray()
    received: Iterator[Message] = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> (
        Message
    ):  # then nothing more: a stream asks for as long as it lasts whether its client has left
        return next(received, None) or await asyncio.Future[Message]()

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        body.extend(message.get("body", b""))

    scope = {
        **request.scope,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "path_params": {},
        "headers": [],
    }
    for name in ("route", "endpoint", "router"):
        scope.pop(name, None)
    await app(scope, receive, send)
    return status, bytes(body)
