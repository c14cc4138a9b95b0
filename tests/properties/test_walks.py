"""Whoever reads on sees each record that was public at the start exactly once, whatever editors do meanwhile."""

import time
from contextlib import closing
from datetime import UTC, datetime
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from publishing import case_study, publish, read, withdraw

from app.catalog import publication
from app.database import Database
from app.records import renaming, store
from app.search.filters import SORTS
from app.search.index import Index
from app.search.results import find
from app.search.walks import Walks

Change = tuple[str, int]  # what an editor does, and to which of the records

ORDERS = [
    "relevance",
    *(sign + sort for sort in SORTS if sort != "relevance" for sign in ("", "-")),
]
FIRST_KEYS = ["state", "-state", "-started", "enrollment", "relevance", "distance", "-updated"]
LAST_KEYS = ["-title", "title", "started,state", "relevance", "-distance", "updated"]
orders = st.sampled_from(ORDERS) | st.tuples(
    st.sampled_from(FIRST_KEYS), st.sampled_from(LAST_KEYS)
).filter(lambda keys: keys[0].strip("-") not in keys[1]).map(",".join)
ACTIONS = ["publish", "retitle", "rename", "withdraw"]
changes = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 1000)), max_size=2)
numbers = count(1)


class Directory:
    """A directory that editors change, and the records that a reader knew at the start."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.index = Index(database)
        self.index.catch_up()
        self.names: dict[str, str] = {}  # a record's slug at the start -> its slug now
        self.withdrawn: list[str] = []  # slugs at the start

    def page(self, order: str, limit: int, cursor: str | None) -> tuple[list[str], str | None]:
        """The slugs on a page, and the cursor of the next."""
        given = {"sort": order, "limit": str(limit), "near": "44,-121", "facets": "none"}
        if cursor:
            given["cursor"] = cursor
        results = find(self.index.query("case-study", given.items()), self.index)
        return [hit.slug for hit in results.hits], results.next_cursor

    def everything(self, order: str) -> list[str]:
        """Every public record, in order, as a reader knows it from now on."""
        slugs: list[str] = []
        cursor: str | None = None
        while cursor or not slugs:
            page, cursor = self.page(order, 100, cursor)
            slugs += page
        self.names, self.withdrawn = {slug: slug for slug in slugs}, []
        return slugs

    def change(self, change: Change) -> None:
        """Do what an editor does, and wait until a reader would see it."""
        action, choice = change
        public = [slug for slug in self.names if slug not in self.withdrawn]
        slug = public[choice % len(public)]
        revision = getattr(self, f"_{action}")(slug)
        while self.index.revision < revision:  # on PostgreSQL word of a commit takes a moment
            self.index.catch_up()
            time.sleep(0.002)

    def restore(self) -> None:
        """Publish what was withdrawn, so that the directory does not run empty."""
        for slug in self.withdrawn:
            publish(self.database, read(self.database, self.names[slug]))
        self.index.catch_up()

    def _publish(self, _slug: str) -> int:
        return publish(self.database, case_study(f"new-{next(numbers)}", title="Z A M"))

    def _retitle(self, slug: str) -> int:
        record = read(self.database, self.names[slug])
        title = f"{'ZAM'[next(numbers) % 3]} {record.title}"[:100]
        return publish(self.database, record.model_copy(update={"title": title}))

    def _rename(self, slug: str) -> int:
        new_slug = f"named-{next(numbers)}"
        with self.database.writing() as session:
            kept = store.get(session, "case-study", self.names[slug])
            record = kept.record.model_copy(update={"slug": new_slug})
            revision = renaming.rename(session, kept, record, by="ada", at=datetime.now(UTC))
            publication.move(session, revision)
        self.names[slug] = new_slug
        return revision.seq

    def _withdraw(self, slug: str) -> int:
        self.withdrawn.append(slug)
        return withdraw(self.database, "case-study", self.names[slug])


@pytest.mark.slow
@pytest.mark.few_records
def test_a_walk_shows_each_record_of_its_start_once_in_its_order(seeded_url: str) -> None:
    with closing(Database(seeded_url)) as database:
        directory = Directory(database)

        @settings(max_examples=50, deadline=None)
        @given(orders, st.integers(2, 5), st.lists(changes, max_size=6))
        def walk(order: str, pages: int, between: list[list[Change]]) -> None:
            start = directory.everything(order)
            limit = min(100, len(start) // pages)
            shown: list[str] = []
            passed_over: set[str] = set()
            cursor: str | None = None
            while cursor or not shown:
                slugs, cursor = directory.page(order, limit, cursor)
                known = {now: slug for slug, now in directory.names.items()}
                shown += [known[slug] for slug in slugs]
                for change in between.pop() if between else []:
                    directory.change(change)
                passed_over |= set(directory.withdrawn) - set(shown)
            assert shown == [slug for slug in start if slug not in passed_over]
            directory.restore()

        walk()


def test_walks_are_bounded_and_the_oldest_goes_first() -> None:

    walks = Walks(max_entries=10)
    entries = np.arange(4, dtype=np.uint32)
    for revision in (1, 2):
        walks.begin(("question", revision), entries)
    assert walks.get(("question", 1)) is not None
    walks.begin(("question", 3), entries)
    assert walks.get(("question", 1)) is not None
    assert walks.get(("question", 2)) is None
    walks.begin(("large", 4), np.arange(11, dtype=np.uint32))
    assert walks.get(("large", 4)) is None
