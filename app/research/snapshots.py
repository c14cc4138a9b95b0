"""Snapshots: releases of the whole directory, frozen as files.

Every file can be made again from `as_of`, byte for byte, by the version of the service that made
it. Another version may write a table otherwise, so the files themselves are kept.
"""

import hashlib
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import IO

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.catalog import as_of
from app.catalog.citation import Citation
from app.clock import now
from app.database import Database
from app.errors import Conflict, Fault, Invalid, NotFound
from app.records import revisions
from app.records.shape import storable
from app.records.spelling import NEAREST
from app.records.spelling import nearest as nearest_names
from app.research import formats, package, snapshot_store
from app.research.snapshot_store import Snapshot, SnapshotFile
from app.research.tables import TABLES
from app.research.whole_directory import WholeDirectory, past_directory
from app.search.past_indexes import standing_at

COLLECTION = "/v1/snapshots"
LATEST = "latest"  # in the place of a version
VERSION = r"^[0-9]{4}\.[0-9]{1,3}$"  # year and number, such as 2026.1
FORMATS = ("csv", "ndjson")
PACKAGE = f"{package.NAME}.zip"
FILES = (*(f"{table}.{format_}" for table in TABLES for format_ in FORMATS), PACKAGE)
CHUNK = 256 * 1024  # bytes of a file in one row
MOST_BYTES = 256 * 1024 * 1024  # of all files, compressed
MAX_NAME = 60  # characters of a name that are sent back
IN_MEMORY = 8 * 1024 * 1024  # bytes; more waits on disk

Chunk = tuple[str, int, int]  # file, number, and compressed size


class SnapshotRequest(BaseModel):
    """What to freeze the directory as."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(
        pattern=VERSION,
        description="Year and number, such as 2026.1.",
        examples=["2026.1"],
    )
    note: str = Field(
        min_length=1, max_length=2000, description="What the release is for, in a sentence."
    )

    _storable = field_validator("*", mode="before")(storable)


def freeze(
    database: Database, version: str, *, note: str, by: str, base_url: str, software: str
) -> Snapshot:
    """Freeze what is public now. Raises Conflict if the version exists, or the files are too large."""
    with database.reading_primary() as session:
        if snapshot_store.find(session, version):
            raise _exists(version)
        state = as_of.resolve(session, revisions.newest_seq(session))
    index = standing_at(database, state)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spooled:
        with past_directory(database, index) as whole:
            files, chunks = _spool(whole, base_url, spooled)
        snapshot = Snapshot(
            version=version,
            revision=state.revision,
            updated_at=state.updated_at,
            frozen_at=now().astimezone(UTC),
            frozen_by=by,
            software=software,
            note=note,
            files=tuple(files),
        )
        spooled.seek(0)
        with database.writing() as session:
            if snapshot_store.find(session, version):
                raise _exists(version)
            contents = ((name, number, spooled.read(size)) for name, number, size in chunks)
            snapshot_store.save(session, snapshot, contents)
    return snapshot


def make(whole: WholeDirectory, file: str, *, base_url: str) -> Iterator[bytes]:
    """A file of the directory at one revision."""
    if file == PACKAGE:
        with package.write(whole, base_url=base_url) as written:
            written.seek(0)
            while part := written.read(CHUNK):
                yield part
        return
    name, _, format_ = file.rpartition(".")
    table = TABLES[name]
    yield from formats.encoded(table, whole.documents(table), format_)


def find(snapshots: Sequence[Snapshot], version: str) -> Snapshot:
    """The snapshot of a version, or the newest for LATEST. Raises NotFound."""
    return newest(snapshots) if version == LATEST else named(snapshots, version)


def newest(snapshots: Iterable[Snapshot]) -> Snapshot:
    """The snapshot that was frozen last. Raises NotFound if there is none."""
    for snapshot in snapshots:
        return snapshot
    raise NotFound("No snapshot has been frozen yet.")


def citation_of(snapshot: Snapshot, base_url: str) -> Citation:
    """The citation of a snapshot. Its address never changes."""
    return Citation(
        title=f"snapshot {snapshot.version}",
        address=f"{base_url}{COLLECTION}/{snapshot.version}",
        revision=snapshot.revision,
        changed_at=snapshot.updated_at,
    )


def named(snapshots: Iterable[Snapshot], version: str) -> Snapshot:
    """The snapshot of a version. Raises NotFound with the newest ones."""
    every = list(snapshots)
    for snapshot in every:
        if snapshot.version == version:
            return snapshot
    nearest = [snapshot.version for snapshot in every[:NEAREST]]
    raise NotFound(f"No snapshot is called {version[:MAX_NAME]!r}.", nearest=nearest)


def file_named(snapshot: Snapshot, name: str) -> SnapshotFile:
    """A file of a snapshot. Raises NotFound with similar names."""
    files = {file.name: file for file in snapshot.files}
    if name not in files:
        detail = f"Snapshot {snapshot.version} has no file {name[:MAX_NAME]!r}."
        raise NotFound(detail, nearest=nearest_names(name[:MAX_NAME], files))
    return files[name]


def refuse_newer(older: Snapshot, *, than: Snapshot) -> None:
    """Raise Invalid if a snapshot that others are compared with is not the older one."""
    if older.revision > than.revision:
        detail = f"since must be older than {than.version}; {older.version} is newer."
        raise Invalid([Fault("out_of_order", detail, parameter="since")])


def _spool(
    whole: WholeDirectory, base_url: str, spooled: IO[bytes]
) -> tuple[list[SnapshotFile], list[Chunk]]:
    """Make every file and write it compressed. The files, and the chunks in their order."""
    files, chunks = [], []
    for name in FILES:
        digest, size = hashlib.sha256(), 0
        parts = make(whole, name, base_url=base_url)
        for number, part in enumerate(_even(parts)):
            digest.update(part)
            size += len(part)
            compressed = zlib.compress(part, 6)
            spooled.write(compressed)
            chunks.append((name, number, len(compressed)))
            if spooled.tell() > MOST_BYTES:
                raise Conflict(
                    f"The files of a snapshot may take {MOST_BYTES} bytes, compressed. These take "
                    "more: the directory is too large."
                )
        files.append(SnapshotFile(name, size, digest.hexdigest()))
    return files, chunks


def _even(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The same content in parts of CHUNK bytes."""
    buffer = bytearray()
    for part in parts:
        buffer += part
        while len(buffer) >= CHUNK:
            yield bytes(buffer[:CHUNK])
            del buffer[:CHUNK]
    if buffer:
        yield bytes(buffer)


def _exists(version: str) -> Conflict:
    return Conflict(
        f"Snapshot {version} exists, and a snapshot never changes. Choose another version."
    )
