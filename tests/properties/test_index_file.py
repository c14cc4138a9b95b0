"""An index kept on disk answers as it did, or is not believed."""

import fcntl
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


@pytest.mark.slow
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


@pytest.mark.slow
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
        content[place % len(content)] ^= change  # of a card too
        path.write_bytes(content)
        assert index_file.read(path, empty_index().collections) is None


def test_a_card_that_was_changed_is_said_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = empty_index()
    index.collections["case-study"].put(entry("boise-id"), many=False)
    index_file.write(tmp_path / "kept", index.collections, {"revision": 1})
    content = (tmp_path / "kept").read_bytes()
    (tmp_path / "kept").write_bytes(content.replace(b'{"slug":"boise-id"}', b'{"slug":"boise-XX"}'))
    assert index_file.read(tmp_path / "kept", empty_index().collections) is None
    assert "its cards do not match their checksum. The index is made anew" in caplog.text


def test_what_a_killed_start_left_is_swept_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    left, writing = tmp_path / "kept.1.unfinished", tmp_path / "kept.2.unfinished"
    left.write_bytes(b"half")
    others = tmp_path / "tmpabc"
    others.write_bytes(b"of somebody else")
    with writing.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        index_file.sweep(tmp_path / "kept")
        assert sorted(tmp_path.iterdir()) == [writing, others]
    index_file.sweep(tmp_path / "kept")
    assert list(tmp_path.iterdir()) == [others]


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
