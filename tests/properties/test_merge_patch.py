"""JSON merge patch: the examples of RFC 7396 (appendix A), and what holds for any document."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.desk.editing.drafts import merge

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
# A merge patch cannot say null, so documents that it can say hold none.
WITHOUT_NULL = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=3), WITHOUT_NULL, max_size=4)


@pytest.mark.parametrize(
    ("original", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_the_rfc_come_out_as_it_says(
    original: Any, patch: Any, result: Any
) -> None:
    assert merge(original, patch) == result


@pytest.mark.slow
@given(JSON)
def test_an_empty_patch_changes_nothing_of_an_object(document: Any) -> None:
    assert merge(document, {}) == (document if isinstance(document, dict) else {})


@pytest.mark.slow
@given(JSON, JSON)
def test_a_patch_applied_twice_does_what_it_does_once(document: Any, patch: Any) -> None:
    once = merge(document, patch)
    assert merge(once, patch) == once


@pytest.mark.slow
@given(OBJECTS, OBJECTS)
def test_for_any_two_documents_there_is_a_patch_from_one_to_the_other(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert merge(old, difference(old, new)) == new


@given(OBJECTS, JSON)
def test_the_document_that_is_patched_stays_as_it_was(document: dict[str, Any], patch: Any) -> None:
    before = repr(document)
    merge(document, patch)
    assert repr(document) == before


def difference(old: Any, new: Any) -> Any:
    """The merge patch that makes one object of another."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    changed = {
        name: difference(old.get(name), value)
        for name, value in new.items()
        if name not in old or old[name] != value
    }
    return dict.fromkeys(old.keys() - new.keys()) | changed
