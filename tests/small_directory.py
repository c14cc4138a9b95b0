"""A directory of a few entries put together directly, without records, a database or HTTP."""

from datetime import UTC, datetime
from typing import Any

import orjson

from app.catalog.entry import Entry
from app.catalog.vocabulary import Vocabulary
from app.database import Database
from app.search.index import Index

STATES = {"CA": "California", "OR": "Oregon", "TN": "Tennessee"}
RURALITIES = ("city", "town", "rural")
STRATEGIES = ("after-school", "food-security", "home-visits")


def entry(slug: str, *, kind: str = "case_study", updated: int = 0, text: dict[str, str] | None = None, **parts: Any) -> Entry:
    """A published entry. `updated`: seconds since 1970."""
    at = datetime.fromtimestamp(updated, UTC)
    parts["figures"] = {"updated": [updated], **parts.get("figures", {})}
    return Entry(kind, slug, 1, at, orjson.dumps({"slug": slug}).decode(), {"title": slug, **(text or {})}, **parts)


def withdrawn(slug: str) -> Entry:
    """An entry that is no longer public."""
    return Entry("case_study", slug, 1, datetime.fromtimestamp(0, UTC), card=None)


def empty_index() -> Index:
    """An index that knows the vocabulary and no entry."""
    index = Index(Database("sqlite://"))
    fill(index.vocabulary)
    return index


def fill(vocabulary: Vocabulary) -> Vocabulary:
    """A few terms of three lists."""
    for code, name in STATES.items():
        vocabulary.put("state", code, {"name": name})
    for rank, code in enumerate(RURALITIES):
        vocabulary.put("term", f"rurality.{code}", {"label": code.capitalize(), "rank": rank})
    for slug in STRATEGIES:
        vocabulary.put("strategy", slug, {"label": slug.replace("-", " "), "pillar": "expanded-learning"})
    return vocabulary
