"""The full documents of hits, for `include` and for statistics of outcomes."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from sqlmodel import Session

from app.catalog import entry


class ChangedMeanwhile(Exception):
    """A record is not in the database as the index has it: search again."""


def parts_of_documents(
    session: Session, kind: str, slugs: Sequence[str], names: Sequence[str], *, revision: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The slug of each of these records, and these parts of its document as of a revision.

    Raises ChangedMeanwhile.
    """
    count = 0
    for slug, seq, text in entry.documents(session, kind, slugs):
        if seq > revision:
            raise ChangedMeanwhile
        document = orjson.loads(text)
        yield slug, {name: document[name] for name in names}
        count += 1
    if count < len(slugs):
        raise ChangedMeanwhile
