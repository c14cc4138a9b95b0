"""The full documents of hits, for `include` and for statistics of outcomes."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import orjson
from sqlmodel import Session

from app.catalog import as_of, entry
from app.catalog.entry import BATCH


def parts_of_documents(
    session: Session,
    kind: str,
    slugs: Sequence[str],
    names: Sequence[str],
    *,
    revision: int,
    is_past: bool,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The slug of each of these records, and these parts of its document at a revision.

    `is_past`: as documents were written then. Otherwise as they are now, but for those that were
    published since. A part that documents did not have then is None.
    """
    for start in range(0, len(slugs), BATCH):
        batch = slugs[start : start + BATCH]
        present = () if is_past else entry.documents(session, kind, batch)
        texts = {slug: text for slug, seq, text in present if seq <= revision}
        others = frozenset(batch) - texts.keys()
        then = as_of.documents(session, kind, revision, others) if others else ()
        for text in chain(texts.values(), then):
            document = orjson.loads(text)
            yield document["slug"], {name: document.get(name) for name in names}
