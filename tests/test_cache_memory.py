"""How much memory kept answers take: what the setting says, whatever is asked."""

import asyncio
import random
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.web.cache import MAX_SORTED, MAX_SORTED_KEY, Cache
from app.web.cached_response import CachedResponse
from app.web.edge import Edge, PathRules

MEGABYTE = 1024 * 1024
KEPT = 3 * MEGABYTE
PATH = "/v1/case-studies"


class Still:
    """A directory in which nothing happens."""

    revision = generation = 1
    updated_at = datetime(2026, 1, 1, tzinfo=UTC)
    settled = True

    def look(self) -> bool:
        """There is nothing to see."""
        return True

    async def follow(self) -> None:
        """There is nothing to catch up with."""


def cache_of_answers(length: int, status: int) -> Cache:
    """A cache in front of an application whose answers have this length."""
    text = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz     ", k=length))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        question = f"{PATH}?{scope['query_string'].decode()}"
        links = ", ".join(f'<{question}>; rel="{name}"' for name in ("self", "first", "export"))
        response = CachedResponse(
            f'{{"{text}":"{question}"}}'.encode(),
            key=question,
            by_revision=True,
            headers={"Link": links},
        )
        response.status_code = status
        await response(scope, receive, send)

    rules = PathRules(is_public=lambda _path: True, media_types=lambda _path, _query: ())
    return Cache(
        Edge(app, rules),
        directory=Still,
        cacheable=lambda _path: True,
        max_bytes=KEPT,
        version="test",
    )


async def ask(cache: Cache, query: str, encoding: str) -> None:
    """Ask one question and pass its answer over."""

    async def pass_over(_message: Message) -> None:
        pass

    async def nothing_more() -> Message:
        return {"type": "http.disconnect"}

    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "query_string": query.encode(),
        "headers": [(b"accept-encoding", encoding.encode())],
        "client": ("203.0.113.1", 1),
        "state": {"resources": {Still: Still()}},
    }
    await cache(scope, nothing_more, pass_over)


def grown_by(cache: Cache, queries: list[str], encodings: tuple[str, ...]) -> int:
    """Bytes that memory grows by while these questions are asked."""

    async def ask_all() -> int:
        await ask(cache, "q=first", "")
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for query in queries:
                for encoding in encodings:
                    await ask(cache, query, encoding)
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return after - before

    return asyncio.run(ask_all())


@pytest.mark.slow
@pytest.mark.parametrize("length", [200, 5000])
@pytest.mark.parametrize("encodings", [("",), ("br",), ("", "br", "gzip")])
def test_kept_answers_take_what_the_setting_says(length: int, encodings: tuple[str, ...]) -> None:
    questions = [f"q=new{number}" for number in range(2 * KEPT // (length + 3000))]
    grown = grown_by(cache_of_answers(length, 200), questions, encodings)
    assert KEPT / 3 < grown < KEPT * 1.25


@pytest.mark.slow
def test_answers_to_names_that_are_not_there_are_not_kept() -> None:
    questions = [f"q=new{number}" for number in range(2000)]
    assert grown_by(cache_of_answers(500, 404), questions, ("",)) < MEGABYTE


@pytest.mark.slow
def test_long_questions_in_any_order_take_no_more_than_the_setting() -> None:
    tail = "x" * 3000
    questions = [f"q=new{number}&a={tail}" for number in range(2000)]
    grown = grown_by(cache_of_answers(100, 404), questions, ("",))
    assert grown < 3 * MAX_SORTED * MAX_SORTED_KEY
