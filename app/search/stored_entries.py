"""StoredEntries: the ready card and the text of each entry.

A small directory stays in memory. A large one goes to a local file: the system keeps the warm part.
"""

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

IN_MEMORY_BYTES = 48 * 1024 * 1024
PARTS = 5  # card, summary, text, names, words in order
EMPTY = (b"",) * PARTS


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """What is kept of one entry."""

    card: bytes
    summary: str
    text: str
    names: dict[str, str]  # the other fields of its text: title, aliases, names
    words: bytes  # folded, in order, a line for each field, spaces around


class StoredEntries:
    """Stored entries by number. A number is used once; an entry that goes leaves an empty one."""

    def __init__(self) -> None:
        self._memory: list[tuple[bytes, ...]] | None = []
        self._bytes = 0
        self._file: int | None = None  # descriptors
        self._kept: int | None = (
            None  # of a file that an earlier process kept; entries below _kept_count are in it
        )
        self._kept_count = 0
        self.starts = array("Q")
        self.lengths = array("I")  # PARTS for each entry

    def __len__(self) -> int:
        return len(self._memory) if self._memory is not None else len(self.starts)

    def append(self, entry: StoredEntry) -> int:
        """Add an entry at the end. Returns its number."""
        self._append(
            (
                entry.card,
                entry.summary.encode(),
                entry.text.encode(),
                orjson.dumps(entry.names),
                entry.words,
            )
        )
        return len(self) - 1

    def discard(self, number: int) -> None:
        """Empty an entry. In a file its bytes stay where they are, until the file is kept anew."""
        if self._memory is not None:
            self._bytes -= sum(map(len, self._memory[number]))
            self._memory[number] = EMPTY
            return
        first = number * PARTS
        self.lengths[first : first + PARTS] = array("I", [0] * PARTS)

    def card(self, number: int) -> bytes:
        """The card of an entry without its last brace: a hit goes on behind it."""
        if self._memory is not None:
            return self._memory[number][0][:-1]
        return self._read(number, 0, self.lengths[number * PARTS] - 1)

    def summary(self, number: int) -> str:
        """The summary of an entry."""
        return self._part(number, 1).decode()

    def text(self, number: int) -> str:
        """The text of an entry: the long fields of its prose."""
        return self._part(number, 2).decode()

    def names(self, number: int) -> dict[str, str]:
        """The fields of an entry's text but for summary and text."""
        names: dict[str, str] = orjson.loads(self._part(number, 3))
        return names

    def words(self, number: int) -> bytes:
        """The words of an entry in order."""
        return self._part(number, 4)

    def parts(self) -> Iterator[tuple[bytes, ...]]:
        """Every entry as it is stored."""
        for number in range(len(self)):
            yield tuple(self._part(number, part) for part in range(PARTS))

    def adopt(self, file: int, start: int, lengths: "array[int]") -> int:
        """Use entries that lie in a file from `start` on. Returns where they end.

        Later entries go to a file of our own.
        """
        self._memory, self._kept, self._kept_count = None, os.dup(file), len(lengths) // PARTS
        weakref.finalize(self, os.close, self._kept)
        self._file = self._new_file()
        sizes = (
            np.frombuffer(lengths, dtype=np.uint32).reshape(-1, PARTS).sum(axis=1, dtype=np.uint64)
        )
        ends = np.cumsum(sizes, dtype=np.uint64) + np.uint64(start)
        self.starts, self.lengths = array("Q"), lengths
        self.starts.frombytes((ends - sizes).tobytes())
        return int(ends[-1]) if len(ends) else start

    def _append(self, parts: tuple[bytes, ...]) -> None:
        size = sum(map(len, parts))
        if self._memory is not None:
            self._memory.append(parts)
            self._bytes += size
            if self._bytes > IN_MEMORY_BYTES:
                entries, self._memory = self._memory, None
                self._file = self._new_file()
                self._bytes = 0
                for stored in entries:
                    self._append(stored)
            return
        assert self._file is not None
        os.pwrite(self._file, b"".join(parts), self._bytes)
        self.starts.append(self._bytes)
        self.lengths.extend(map(len, parts))
        self._bytes += size

    def _new_file(self) -> int:
        """A file without a name, deleted together with this object."""
        descriptor, name = tempfile.mkstemp()
        Path(name).unlink()
        weakref.finalize(self, os.close, descriptor)
        return descriptor

    def _part(self, number: int, part: int) -> bytes:
        if self._memory is not None:
            return self._memory[number][part]
        first = number * PARTS
        return self._read(
            number, sum(self.lengths[first : first + part]), self.lengths[first + part]
        )

    def _read(self, number: int, offset: int, length: int) -> bytes:
        file = self._kept if number < self._kept_count else self._file
        assert file is not None
        return os.pread(file, length, self.starts[number] + offset)
