"""An index kept on disk answers as it did, or is not believed."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_directory import (
    History,
    Question,
    ask,
    empty_index,
    entry,
    following,
    histories,
    questions,
)

from app.catalog.entry import Entry
from app.search import index_file
from app.search.collection import Collection
from app.search.index import Index


def kept_and_read(index: Index, path: Path) -> Index:
    """The index as another process reads it."""
    index_file.write(path, index.collections, {"revision": 1})
    other = empty_index()
    assert index_file.read(path, other.collections) is not None
    return other


@settings(max_examples=40, deadline=None)
@given(histories, histories, st.lists(questions, min_size=1, max_size=4))
def test_it_answers_as_it_did_and_follows_on(
    before: History, after: History, asked: list[Question]
) -> None:
    with TemporaryDirectory() as folder:
        *_, (index, _) = following(before)
        other = kept_and_read(index, Path(folder) / "kept")
        for question in asked:
            assert ask(other, question) == ask(index, question)
        for changed, many in changes(after):
            for each in (index, other):
                each.collections["case-study"].put(changed, many=many)
        for question in asked:
            assert ask(other, question) == ask(index, question)


@settings(deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_file_with_a_changed_byte_is_not_believed(place: int, change: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kept"
        index = empty_index()
        index.collections["case-study"].put(
            entry("boise-id", text={"summary": "chronic absence"}), many=False
        )
        index_file.write(path, index.collections, {"revision": 1})
        content = bytearray(path.read_bytes())
        before_volumes = len(content) - sum(
            len(part)
            for volume in index.collections["case-study"].stored.parts()
            for part in volume
        )
        content[place % before_volumes] ^= change
        path.write_bytes(content)
        assert index_file.read(path, empty_index().collections) is None


@pytest.mark.parametrize("length", [0, 4, 30, -1])
def test_a_file_that_was_cut_is_not_believed(tmp_path: Path, length: int) -> None:
    index = empty_index()
    index.collections["case-study"].put(entry("boise-id"), many=False)
    index_file.write(tmp_path / "kept", index.collections, {"revision": 1})
    content = (tmp_path / "kept").read_bytes()
    (tmp_path / "kept").write_bytes(content[:length])
    assert index_file.read(tmp_path / "kept", empty_index().collections) is None


def test_a_file_of_another_analysis_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = empty_index()
    index_file.write(tmp_path / "kept", index.collections, {"revision": 1})
    monkeypatch.setattr("app.search.postings.K1", 2.0)
    collections: dict[str, Collection] = empty_index().collections
    assert index_file.read(tmp_path / "kept", collections) is None


def changes(history: History) -> list[tuple[Entry, bool]]:
    """Every change of a history, in order."""
    return [change for part in history for change in part]
