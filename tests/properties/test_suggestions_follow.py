"""Suggestions after any publications, renames and withdrawals are those of an index built anew."""

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_directory import STATES, empty_index, entry

from app.catalog.entry import Entry
from app.search import index_file
from app.search.index import Index
from app.search.suggest import Suggestion, suggest

pytestmark = pytest.mark.slow

KINDS = ("case-study", "district")
NAMES = ["Boise", "Boston Public Schools", "Public Schools of Boise", "Saint Olive", "St. Olive"]
NAMES += ["O\u2019Malley", "Jos\u00e9 Mart\u00ed", "A&M", "Mount Vernon School", "Boise schools"]
TYPED = ["b", "bo", "boi", "boise", "public sch", "schools of", "st", "saint o", "omal", "jose m"]
TYPED += ["pubilc", "bosotn", "schols", "mount vern", "or", "cal", "mt v", "a&", "martii"]

names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("\n".join)
published = st.builds(
    lambda kind, n, title, aliases, states: entry(
        f"{kind}-{n}",
        kind=kind,
        text={"title": title, "aliases": aliases},
        facets={"state": states},
    ),
    st.sampled_from(KINDS),
    st.integers(0, 4),
    names,
    names,
    st.lists(st.sampled_from(list(STATES)), max_size=2, unique=True),
)
gone = st.builds(
    lambda kind, n, moved_to: Entry(
        kind,
        f"{kind}-{n}",
        1,
        entry("x").updated_at,
        card=None,
        moved_to=moved_to and f"{kind}-{moved_to}",
    ),
    st.sampled_from(KINDS),
    st.integers(0, 4),
    st.sampled_from([None, 5]),
)
terms = st.tuples(st.sampled_from(["food", "boise-works", "public"]), st.none() | names)
change = published | gone | terms
histories = st.lists(st.lists(st.tuples(change, st.booleans()), max_size=4), max_size=5)
Change = Entry | tuple[str, str | None]


@settings(max_examples=100, deadline=None)
@given(histories, st.randoms())
def test_suggestions_that_followed_the_log_are_those_of_a_fresh_index(
    history: list[list[tuple[Change, bool]]], random: Random
) -> None:
    old, standing = empty_index(), dict[tuple[str, str], Change]()
    for part in history:
        for one, many in part:
            apply(old, one, many=many)
            name = (one.kind, one.slug) if isinstance(one, Entry) else ("organization", one[0])
            standing[name] = one
        shuffled = list(standing.values())
        random.shuffle(shuffled)
        new = empty_index()
        for one in shuffled:
            apply(new, one, many=True)
        assert answers(old) == answers(new)


@settings(max_examples=30, deadline=None)
@given(st.lists(published | gone, max_size=8), st.lists(published | gone, max_size=4))
def test_names_kept_in_a_file_are_suggested_as_before_and_follow_on(
    before: list[Entry], after: list[Entry]
) -> None:
    with TemporaryDirectory() as folder:
        index, other = empty_index(), empty_index()
        for one in before:
            apply(index, one, many=False)
        index_file.write(Path(folder) / "kept", index.collections, {"revision": 1})
        assert index_file.read(Path(folder) / "kept", other.collections) is not None
        assert answers(other) == answers(index)
        for one in after:
            apply(index, one, many=False)
            apply(other, one, many=False)
        assert answers(other) == answers(index)


def apply(index: Index, one: Change, *, many: bool) -> None:
    """Publish or withdraw an entry, or an organization (None: no longer there)."""
    if isinstance(one, Entry):
        index.collections[one.kind].put(one, many=many)
        return
    code, label = one
    record = None if label is None else {"name": label}
    index.vocabulary.put("organization", code, record)
    index.terms.put("organization", code, index.vocabulary.get("organization", code))


def answers(index: Index) -> list[list[Suggestion]]:
    """What each of the texts may become, in all states and in one."""
    return [
        suggest(text, index.query("case-study", pairs), index, limit=limit)
        for text in TYPED
        for pairs in ([], [("state", "OR")])
        for limit in (1, 20)
    ]
