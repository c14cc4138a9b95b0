"""The public card of a record, from memory."""

from typing import Any

import orjson

from app.search.collection import Collection
from app.search.index import Index


def card(collection: Collection, number: int) -> dict[str, Any]:
    """The card of an entry by its number."""
    parsed: dict[str, Any] = orjson.loads(collection.stored.card(number) + b"}")
    return parsed


def card_of(index: Index, kind: str, slug: str) -> dict[str, Any] | None:
    """The card of a record; None if it is not public."""
    collection = index.collections[kind]
    number = collection.numbers.get(slug)
    return None if number is None else card(collection, number)
