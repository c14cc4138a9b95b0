"""StoredEntries: the ready card and the text of each entry. A small directory stays in memory; a large one goes to a local file, of which the system keeps the warm part."""

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
PARTS = 5  # card, summary, text, the rest of the text, the words in order


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """What is kept of one entry."""

    card: bytes
    summary: str
    text: str
    rest: dict[str, str]  # the other fields of its text
    words: bytes  # folded, in order, a line for each field, spaces around


class StoredEntries:
    """StoredEntrys by number. A number is used once; a volume that is no longer wanted is left where it is."""

    def __init__(self) -> None:
        self._memory: list[tuple[bytes, ...]] | None = []
        self._bytes = 0
        self._file: int | None = None  # descriptors
        self._kept: int | None = (
            None  # of a file that an earlier process kept; entries up to _kept_count are in it
        )
        self._kept_count = 0
        self.starts = array("Q")
        self.lengths = array("I")  # PARTS for each volume

    def __len__(self) -> int:
        return len(self._memory) if self._memory is not None else len(self.starts)

    def append(self, volume: StoredEntry) -> int:
        """Put a volume at the end. Returns its number."""
        self._append(
            (
                volume.card,
                volume.summary.encode(),
                volume.text.encode(),
                orjson.dumps(volume.rest),
                volume.words,
            )
        )
        return len(self) - 1

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

    def rest(self, number: int) -> dict[str, str]:
        """The fields of an entry's text but for summary and text."""
        rest: dict[str, str] = orjson.loads(self._part(number, 3))
        return rest

    def words(self, number: int) -> bytes:
        """The words of an entry in order."""
        return self._part(number, 4)

    def parts(self) -> Iterator[tuple[bytes, ...]]:
        """Every volume as it lies there."""
        for number in range(len(self)):
            yield tuple(self._part(number, part) for part in range(PARTS))

    def adopt(self, file: int, start: int, lengths: "array[int]") -> int:
        """Stand on volumes that lie in a file from `start` on; what comes after goes to a file of our own. Returns where they end."""
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
                volumes, self._memory = self._memory, None
                self._file = self._new_file()
                self._bytes = 0
                for volume in volumes:
                    self._append(volume)
            return
        assert self._file is not None
        os.pwrite(self._file, b"".join(parts), self._bytes)
        self.starts.append(self._bytes)
        self.lengths.extend(map(len, parts))
        self._bytes += size

    def _new_file(self) -> int:
        """A file without a name, gone when this shelf is."""
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
