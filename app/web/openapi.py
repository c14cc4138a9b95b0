"""The OpenAPI documents and their docs pages: problems, enums of published terms, real examples.

A schema says `{"type": "string", "x-vocabulary": "rurality"}`; the document has a named enum in its
place, made from the terms that are published now.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.types import ASGIApp, Message

from app.web.problem_types import EXTENDED, Problem

METHODS = ("get", "put", "post", "patch", "delete")
SCHEMAS = "#/components/schemas/"
ASSETS = "/static-offline-docs"  # where fastapi-offline serves Swagger UI
EXAMPLE_QUERY = "x-example-query"  # the query string of an operation's example; not shown
VOCABULARY = "x-vocabulary"  # the vocabulary that a text is a term of; replaced by its enum
OR_ELSE = "x-or-else"  # one more value that a parameter takes beside the terms
MAX_ITEMS = 3  # of a list in an example
MAX_TEXT = 600  # characters of an example that is not JSON
JSON_TYPES = (
    "application/json",
    "application/geo+json",
    "application/vnd.citationstyles.csl+json",
)
BINARY = (
    "application/zip",
    "application/vnd.sqlite3",
    "application/vnd.apache.parquet",
    "image/png",
)
# Swagger UI fills in each parameter that has an `example` or a default. Filled in all at once they
# would find nothing, so optional parameters but these show theirs as `examples` of their schema.
PREFILLED = ("q",)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """One OpenAPI document with its docs page, over the paths that it takes."""

    path: str
    docs_path: str
    title: str
    summary: str
    description: str
    tags: Sequence[Mapping[str, str]]
    takes: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Enumeration:
    """The published terms of a vocabulary."""

    codes: Sequence[str]
    description: str


@dataclass(frozen=True, slots=True)
class Published:
    """What documents show of the directory, at a revision."""

    revision: int
    vocabularies: Mapping[str, Enumeration]


def install(
    app: FastAPI,
    documents: Sequence[Document],
    *,
    bodies: Sequence[type[BaseModel]],
    published: Callable[[Request], Awaitable[Published]],
) -> None:
    """Serve each document and its docs page.

    `bodies`: the shapes of request bodies, which routes name only by reference. A document is made
    when it is first requested, and again when the directory has a new revision.
    """
    for document in documents:
        _serve_document(app, document, bodies, published)
        _serve_docs_page(app, document)


def _serve_document(
    app: FastAPI,
    document: Document,
    bodies: Sequence[type[BaseModel]],
    published: Callable[[Request], Awaitable[Published]],
) -> None:
    drafts: list[bytes] = []  # the document without terms and examples
    made: dict[int, bytes] = {}

    @app.get(document.path, include_in_schema=False)
    async def openapi_document(request: Request) -> Response:
        now = await published(request)
        if now.revision not in made:
            if not drafts:
                # In a thread: it takes half a second, and others are waiting.
                drafts.append(await run_in_threadpool(_described, app, document, bodies))
            contents: Json = orjson.loads(drafts[0])
            fill_in_terms(contents, now.vocabularies)
            await _add_examples(app, request, contents)
            made.clear()
            made[now.revision] = orjson.dumps(contents)
        return Response(made[now.revision], media_type="application/json")


def _serve_docs_page(app: FastAPI, document: Document) -> None:
    @app.get(document.docs_path, include_in_schema=False)
    async def docs_page(request: Request) -> Response:
        root = request.scope.get("root_path", "")
        return get_swagger_ui_html(
            openapi_url=f"{root}{document.path}",
            title=document.title,
            swagger_js_url=f"{root}{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{root}{ASSETS}/favicon.png",
        )


def _described(app: FastAPI, document: Document, bodies: Sequence[type[BaseModel]]) -> bytes:
    return orjson.dumps(describe(app, document, bodies))


def describe(app: FastAPI, document: Document, bodies: Sequence[type[BaseModel]]) -> Json:
    """A document without the terms of vocabularies and without examples of answers."""
    contents = get_openapi(
        title=document.title,
        version=app.version,
        summary=document.summary,
        description=document.description,
        routes=app.routes,
        tags=[dict(tag) for tag in document.tags],
        license_info=app.license_info,
        separate_input_output_schemas=False,
    )
    contents["paths"] = {
        path: item for path, item in contents["paths"].items() if document.takes(path)
    }
    schemas = contents["components"]["schemas"]
    shapes: list[type[BaseModel]] = [Problem, *EXTENDED.values(), *bodies]
    for shape in shapes:
        schema = shape.model_json_schema(ref_template=SCHEMAS + "{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[shape.__name__] = schema
    for _path, _method, operation in operations(contents):
        _drop_framework_words(operation)
        for parameter in operation.get("parameters", []):
            if parameter["name"] == "If-Match":
                # Its lack is answered with 428, so the framework takes it for optional.
                examples = parameter["schema"]["examples"]
                parameter |= {"required": True, "schema": {"type": "string", "examples": examples}}
            _place_example(parameter)
    _drop_unused_schemas(contents)
    if not any("security" in operation for _path, _method, operation in operations(contents)):
        contents["components"].pop("securitySchemes", None)
    return _with_plain_names(contents)


def operations(contents: Json) -> Iterator[tuple[str, str, Json]]:
    """Each operation of a document, with its path and method."""
    for path, item in contents["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _drop_framework_words(operation: Json) -> None:
    responses = operation["responses"]
    for status in [
        status for status, response in responses.items() if "HTTPValidationError" in str(response)
    ]:
        del responses[status]
    for response in responses.values():
        if response["description"] == "Successful Response":
            response["description"] = "The answer."


def _place_example(parameter: Json) -> None:
    """Put the example where Swagger UI fills it in, or where it is only shown."""
    schema = parameter["schema"]
    examples = schema.pop("examples", None) or [parameter.pop("example", None)]
    if examples == [None]:
        return
    if parameter["required"] or parameter["name"] in PREFILLED:
        parameter["example"] = examples[0]
    else:
        schema["examples"] = examples


def _drop_unused_schemas(contents: Json) -> None:
    schemas = contents["components"]["schemas"]
    used: set[str] = set()
    waiting = set(_references(contents["paths"]))
    while waiting:
        name = waiting.pop()
        used.add(name)
        waiting |= set(_references(schemas[name])) - used
    contents["components"]["schemas"] = {
        name: schema for name, schema in sorted(schemas.items()) if name in used
    }


def _with_plain_names(contents: Json) -> Json:
    """Give the schemas of generic shapes names for people: RecordAnswerOfCaseStudy."""
    names = {
        name: name.rstrip("_").replace("_", "Of")
        for name in contents["components"]["schemas"]
        if name.endswith("_")
    }
    text = orjson.dumps(contents).decode()
    for name, plain in names.items():
        text = text.replace(f'"{name}"', f'"{plain}"').replace(
            f'{SCHEMAS}{name}"', f'{SCHEMAS}{plain}"'
        )
    renamed: Json = orjson.loads(text)
    return renamed


def _references(part: Any) -> Iterator[str]:
    """The names of the schemas that a part of the document refers to."""
    for node in _nodes(part):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.removeprefix(SCHEMAS)


def _nodes(part: Any) -> Iterator[Json]:
    """Every JSON object in a part of the document."""
    if isinstance(part, dict):
        yield part
        for inner in list(part.values()):
            yield from _nodes(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _nodes(inner)


def fill_in_terms(contents: Json, vocabularies: Mapping[str, Enumeration]) -> None:
    """Replace each schema that names a vocabulary by a reference to the enum of its terms."""
    schemas = contents["components"]["schemas"]
    enums: Json = {}
    for node in list(_nodes(contents)):
        vocabulary = node.pop(VOCABULARY, None)
        if vocabulary is None:
            continue
        more = node.pop(OR_ELSE, None)
        name = _enum_name(vocabulary, more)
        enums.setdefault(name, _enum(name, vocabularies.get(vocabulary), more))
        for keyword in ("type", "title", "maxLength", "pattern"):
            node.pop(keyword, None)
        node["$ref"] = SCHEMAS + name
    schemas.update(enums)


def _enum_name(vocabulary: str, more: str | None) -> str:
    words = f"{vocabulary}-code-or-{more}" if more else f"{vocabulary}-code"
    return words.title().replace("-", "")


def _enum(name: str, terms: Enumeration | None, more: str | None) -> Json:
    schema: Json = {"type": "string", "title": name}
    if terms is None:
        return schema | {"description": "A term."}
    schema["description"] = terms.description
    codes = [*terms.codes]
    if more and more not in codes:
        codes.append(more)
    if terms.codes:
        schema["enum"] = codes
    return schema


@dataclass(slots=True)
class _Answer:
    """What the application answers to a request for an example."""

    status: int = 0
    media_type: str = ""
    body: bytes = b""


async def _add_examples(app: ASGIApp, request: Request, contents: Json) -> None:
    for path, method, operation in operations(contents):
        query = operation.pop(EXAMPLE_QUERY, "")
        if method == "get":
            await _add_example(app, request, path, query, operation)


async def _add_example(
    app: ASGIApp, request: Request, path: str, query: str, operation: Json
) -> None:
    """Show an answer of each media type; `format`, in path or query, chooses among them."""
    contents = operation["responses"].get("200", {}).get("content", {})
    formats = [""]
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "format":
            formats = [format_ for format_ in parameter["schema"]["enum"] if format_ != "parquet"]
            if parameter["in"] == "query":
                query = f"{query}&format={{format}}".removeprefix("&")
            continue
        path = path.replace(f"{{{parameter['name']}}}", str(parameter.get("example", "")))
    if not contents.keys() - set(BINARY):
        return
    for format_ in formats:
        in_format = (part.replace("{format}", format_) for part in (path, query))
        answer = await _get(app, request, *in_format)
        media = contents.get(answer.media_type)
        if answer.status == 200 and media is not None and answer.media_type not in BINARY:
            media["example"] = (
                _shortened(orjson.loads(answer.body))
                if answer.media_type in JSON_TYPES
                else answer.body.decode()[:MAX_TEXT]
            )


def _shortened(answer: Any) -> Any:
    """An answer with the first items of a long list: an example shows the shape."""
    if isinstance(answer, list):
        return answer[:MAX_ITEMS]
    for name in ("data", "features"):
        if isinstance(answer, dict) and isinstance(answer.get(name), list):
            return {**answer, name: answer[name][:MAX_ITEMS]}
    return answer


async def _get(app: ASGIApp, request: Request, path: str, query: str) -> _Answer:
    """The application's answer to a GET."""
    answer = _Answer()
    received: Iterator[Message] = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        # After the request nothing more: a stream waits here for its client to leave.
        return next(received, None) or await asyncio.Future[Message]()

    async def send(message: Message) -> None:
        answer.status = message.get("status", answer.status)
        for name, value in message.get("headers", ()):
            if name == b"content-type":
                answer.media_type = value.decode("latin-1").partition(";")[0]
        answer.body += message.get("body", b"")

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
    return answer
