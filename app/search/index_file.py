"""The index in a file between runs: written whole, read in a second, deleted when in any doubt.

One file: a header, then sections one after the other, then the stored entries, each part with a
checksum. It is used only if its form, the analysis that made it, its checksums and its revision
agree with this program and with the log. Indexing 100,000 entries anew takes a minute; a small
directory never gets a file.
"""

import fcntl
import hashlib
import logging
import os
import struct
import tempfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
from pyroaring import BitMap

from app.records.text import fold_text
from app.search import analysis, postings
from app.search.collection import COUNTED, Collection
from app.search.filters import FACETS
from app.search.irregular_forms import WORD_OF

MAGIC = b"MDINDEX6"
LENGTH = struct.Struct("<Q")
END = 2**64 - 1
CHUNK = 1024 * 1024
UNFINISHED = ".unfinished"
SAMPLE = "St. O'Neil\u2019s A&M School, Mount \u00dcml\u00e4ut\u2019s 1,200 attended attendance; K-8 & 21st Wai\u02bbanae pen\u0303a \ufb01t of\u00adfice \u0130\u212c na\u00efve"
log = logging.getLogger("model_districts.index")


def analysis_fingerprint() -> str:
    """Changes when the same entry would be indexed in another way."""
    text = {name: fold_text(SAMPLE) for name in postings.FIELDS}
    parts = [
        analysis.PATTERN,
        WORD_OF,
        postings.FIELDS,
        postings.K1,
        postings.B,
        postings.MAX_IMPACT,
        postings.analyze([text]),
        FACETS,
        COUNTED,
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def write(path: Path, collections: dict[str, Collection], about: dict[str, Any]) -> None:
    """Write an index. The file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f"{path.name}.", suffix=UNFINISHED, delete=False
    ) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # says that somebody is writing it
            file.write(MAGIC)
            checksum = 0
            for section in _sections(collections, about):
                checksum = zlib.crc32(section, checksum)
                file.write(LENGTH.pack(len(section)))
                file.write(section)
            file.write(LENGTH.pack(END))
            file.write(LENGTH.pack(checksum))
            checksum = 0
            for collection in collections.values():
                for parts in collection.stored.parts():
                    stored = b"".join(parts)
                    checksum = zlib.crc32(stored, checksum)
                    file.write(stored)
            file.write(LENGTH.pack(checksum))
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def sweep(path: Path) -> None:
    """Delete what processes left that were killed while they wrote this file."""
    for unfinished in path.parent.glob(f"{path.name}.*{UNFINISHED}"):
        with suppress(OSError), unfinished.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unfinished.unlink()


def read(path: Path, collections: dict[str, Collection]) -> dict[str, Any] | None:
    """Fill empty collections from an index file. Returns what `write` was told about it.

    Returns None, and fills nothing, if the file cannot be used.
    """
    try:
        with path.open("rb") as file:
            return _read(file, collections)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, StopIteration, struct.error) as error:
        log.warning("The index file %s is not used: %s. The index is made anew.", path, error)
        return None


def _read(file: BinaryIO, collections: dict[str, Collection]) -> dict[str, Any]:
    sections, start = _checked_sections(file)
    size = os.fstat(file.fileno()).st_size - LENGTH.size
    _check_entries(file, size)
    about: dict[str, Any] = orjson.loads(next(sections))
    if about["analysis"] != analysis_fingerprint() or about["kinds"] != list(collections):
        raise ValueError("made by another program")
    fresh = {kind: Collection() for kind in collections}
    for collection in fresh.values():
        start = _fill(collection, sections, start)
    if start != size:
        raise ValueError("not whole")
    collections.update(fresh)
    return about


def _sections(collections: dict[str, Collection], about: dict[str, Any]) -> Iterator[bytes]:
    yield orjson.dumps({**about, "analysis": analysis_fingerprint(), "kinds": list(collections)})
    for collection in collections.values():
        yield from _collection_sections(collection)


def _collection_sections(collection: Collection) -> Iterator[bytes]:
    yield orjson.dumps(collection.slugs)
    yield orjson.dumps(collection.name_words)
    yield orjson.dumps([collection.ids_of, collection.moved])
    yield collection.all.serialize()
    lengths = array("I", [len(part) for parts in collection.stored.parts() for part in parts])
    yield lengths.tobytes()
    stems = [stem for stem, posting in collection.postings.items() if posting]
    yield orjson.dumps(stems)
    sets = [collection.postings[stem].members.serialize() for stem in stems]
    yield array("I", map(len, sets)).tobytes()
    yield b"".join(sets)
    yield array("I", [len(collection.postings[stem]) for stem in stems]).tobytes()
    yield b"".join(collection.postings[stem].impacts.tobytes() for stem in stems)
    words = [word for word, members in collection.words.items() if members]
    yield orjson.dumps([words, [collection.word_stems[word] for word in words]])
    sets = [collection.words[word].serialize() for word in words]
    yield array("I", map(len, sets)).tobytes()
    yield b"".join(sets)
    facets = [
        (name, value, members.serialize())
        for name, values in collection.facets.items()
        for value, members in values.items()
        if members
    ]
    yield orjson.dumps([(name, value, len(members)) for name, value, members in facets])
    yield b"".join(members for _, _, members in facets)
    for figures in collection.figures.values():
        figures.settle()
        yield figures.values.tobytes()
        yield figures.numbers.tobytes()
    degrees, numbers = collection.places.settled()
    yield degrees.tobytes()
    yield numbers.tobytes()
    called = collection.called
    called.settle()
    yield from (bytes(called.text), called.places.tobytes())
    yield from (called.owners.tobytes(), called.counts.tobytes())
    for order in collection.orders.values():
        yield order.settled().tobytes()
        yield orjson.dumps(order.values)


def _checked_sections(file: BinaryIO) -> tuple["_Sections", int]:
    """The sections, compared with their checksum, and where the stored entries begin."""
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("not an index of this form")
    size, checksum = os.fstat(file.fileno()).st_size, 0
    while (length := LENGTH.unpack(file.read(LENGTH.size))[0]) != END:
        if file.tell() + length > size:
            raise ValueError("not whole")
        while length:
            part = file.read(min(length, CHUNK))
            checksum, length = zlib.crc32(part, checksum), length - len(part)
    if LENGTH.unpack(file.read(LENGTH.size))[0] != checksum:
        raise ValueError("its checksum is wrong")
    return _Sections(file, len(MAGIC)), file.tell()


def _check_entries(file: BinaryIO, end: int) -> None:
    """Compare the stored entries, which begin here, with their checksum: 0.2 s for 500 MB."""
    checksum = 0
    while file.tell() < end:
        part = file.read(min(CHUNK, end - file.tell()))
        checksum = zlib.crc32(part, checksum)
    if LENGTH.unpack(file.read(LENGTH.size))[0] != checksum:
        raise ValueError("its cards do not match their checksum")


class _Sections:
    """The sections of a file, one behind the other."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self.file, self._start = file, start

    def enter(self) -> int:
        """Stand at the beginning of the next section. Returns its length in bytes."""
        self.file.seek(self._start)
        length: int = LENGTH.unpack(self.file.read(LENGTH.size))[0]
        self._start += LENGTH.size + length
        return length

    def __next__(self) -> bytes:
        return self.file.read(self.enter())


def _fill(collection: Collection, sections: _Sections, start: int) -> int:
    collection.slugs += orjson.loads(next(sections))
    collection.every_slug += collection.slugs
    collection.name_words.update(orjson.loads(next(sections)))
    collection.numbers = {slug: number for number, slug in enumerate(collection.slugs) if slug}
    collection.ids_of, collection.moved = orjson.loads(next(sections))
    collection.other_ids = {other: slug for slug, ids in collection.ids_of.items() for other in ids}
    collection.all = BitMap.deserialize(next(sections))
    lengths = _array("I", next(sections))
    end = collection.stored.adopt(sections.file.fileno(), start, lengths)
    _fill_postings(collection, sections)
    values = orjson.loads(next(sections))
    members = memoryview(next(sections))
    for name, value, length in values:
        collection.facets[name][value] = BitMap.deserialize(bytes(members[:length]))
        members = members[length:]
    for figures in collection.figures.values():
        figures.values, figures.numbers = (
            np.frombuffer(next(sections), dtype=np.int64),
            np.frombuffer(next(sections), dtype=np.uint32),
        )
    collection.places.degrees = np.frombuffer(next(sections), dtype=np.float64).reshape(-1, 2)
    collection.places.numbers = np.frombuffer(next(sections), dtype=np.uint32)
    collection.called.restore(
        text=next(sections),
        places=np.frombuffer(next(sections), dtype=np.uint32),
        owners=np.frombuffer(next(sections), dtype=np.uint32),
        counts=next(sections),
    )
    for name, order in collection.orders.items():
        numbers = _array("I", next(sections))
        values = orjson.loads(next(sections))
        order.restore(
            numbers, [value and tuple(value) for value in values] if name == "relevance" else values
        )
    return end


def _fill_postings(collection: Collection, sections: _Sections) -> None:
    stems = orjson.loads(next(sections))
    lengths = _array("I", next(sections))
    # The two largest sections never stand in memory whole: each posting takes its own part.
    sections.enter()
    for stem, length in zip(stems, lengths, strict=True):
        collection.postings[stem].members = BitMap.deserialize(sections.file.read(length))
    counts = _array("I", next(sections))
    sections.enter()
    for stem, count in zip(stems, counts, strict=True):
        collection.postings[stem].impacts.fromfile(sections.file, count)
    words, word_stems = orjson.loads(next(sections))
    lengths = _array("I", next(sections))
    sets = memoryview(next(sections))
    at = 0
    for word, stem, length in zip(words, word_stems, lengths, strict=True):
        collection.words[word] = BitMap.deserialize(bytes(sets[at : at + length]))
        collection.learn(word, stem)
        at += length


def _array(code: str, section: bytes) -> "array[int]":
    numbers = array(code)
    numbers.frombytes(section)
    return numbers
