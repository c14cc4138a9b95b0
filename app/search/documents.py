"""The full documents of hits, for `include` and for statistics of outcomes."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from sqlmodel import Session

from app.catalog import as_of
from app.catalog.entry import BATCH


def parts_of_documents(
    session: Session, kind: str, slugs: Sequence[str], names: Sequence[str], *, revision: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The slug of each of these records, and these parts of its document as of a revision."""
    for start in range(0, len(slugs), BATCH):
        batch = frozenset(slugs[start : start + BATCH])
        for text in as_of.documents(session, kind, revision, batch):
            document = orjson.loads(text)
            yield document["slug"], {name: document[name] for name in names}
