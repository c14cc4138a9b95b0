"""Where snapshots are kept: their tables, written once and never changed."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, LargeBinary, insert
from sqlmodel import Field, Session, SQLModel, col, select

from app.database import Database, UtcDateTime

OF_A_FILE = ["version", "file"]


class SnapshotRow(SQLModel, table=True):
    """A release: what was public at one revision."""

    __tablename__ = "snapshot"
    __table_args__ = (CheckConstraint("revision >= 0", name="revision_not_negative"),)

    version: str = Field(primary_key=True, description="Its name, such as 2026.1.")
    revision: int = Field(sa_type=BigInteger, description="Revision of the directory.")
    updated_at: datetime = Field(
        sa_type=UtcDateTime, description="When anything public had last changed (UTC)."
    )
    frozen_at: datetime = Field(sa_type=UtcDateTime, description="When it was made (UTC).")
    frozen_by: str = Field(description="Who made it: the label of a key, or the program.")
    software: str = Field(description="Version of the service that made the files.")
    note: str = Field(description="What the release is for, in the words of who made it.")


class SnapshotFileRow(SQLModel, table=True):
    """A file of a snapshot."""

    __tablename__ = "snapshot_file"
    __table_args__ = (
        CheckConstraint("bytes >= 0", name="bytes_not_negative"),
        CheckConstraint("length(sha256) = 64", name="sha256_length"),
        ForeignKeyConstraint(["version"], ["snapshot.version"]),
    )

    version: str = Field(primary_key=True, description="Version of the snapshot.")
    file: str = Field(primary_key=True, description="Name of the file.")
    position: int = Field(description="Its place in the list of files, from 0.")
    bytes: int = Field(sa_type=BigInteger, description="Its size.")
    sha256: str = Field(description="SHA-256 of its content, in hexadecimal.")


class SnapshotChunkRow(SQLModel, table=True):
    """A part of a file."""

    __tablename__ = "snapshot_chunk"
    __table_args__ = (
        CheckConstraint("number >= 0", name="number_not_negative"),
        ForeignKeyConstraint(OF_A_FILE, ["snapshot_file.version", "snapshot_file.file"]),
    )

    version: str = Field(primary_key=True, description="Version of the snapshot.")
    file: str = Field(primary_key=True, description="Name of the file.")
    number: int = Field(primary_key=True, description="Place in the file, from 0.")
    content: bytes = Field(sa_type=LargeBinary, description="The content, compressed by zlib.")


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """A file of a snapshot, without its content."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A release, and the files that it consists of."""

    version: str
    revision: int
    updated_at: datetime
    frozen_at: datetime
    frozen_by: str
    software: str
    note: str
    files: tuple[SnapshotFile, ...]


def save(session: Session, snapshot: Snapshot, chunks: Iterable[tuple[str, int, bytes]]) -> None:
    """Write a snapshot. `chunks`: file, number and compressed content of each."""
    connection = session.connection()
    names = tuple(SnapshotRow.model_fields)
    connection.execute(insert(SnapshotRow), [{name: getattr(snapshot, name) for name in names}])
    files = [
        {
            "version": snapshot.version,
            "file": file.name,
            "position": position,
            "bytes": file.bytes,
            "sha256": file.sha256,
        }
        for position, file in enumerate(snapshot.files)
    ]
    connection.execute(insert(SnapshotFileRow), files)
    for name, number, content in chunks:
        connection.execute(
            insert(SnapshotChunkRow),
            [{"version": snapshot.version, "file": name, "number": number, "content": content}],
        )


def find(session: Session, version: str) -> Snapshot | None:
    """A snapshot by its version."""
    row = session.get(SnapshotRow, version)
    return _read(session, row) if row else None


def list_newest_first(session: Session) -> list[Snapshot]:
    """Every snapshot, the one frozen last first."""
    rows = session.exec(
        select(SnapshotRow).order_by(
            col(SnapshotRow.frozen_at).desc(), col(SnapshotRow.version).desc()
        )
    )
    return [_read(session, row) for row in rows.all()]


def content(database: Database, version: str, file: str) -> Iterator[bytes]:
    """A file, in parts and constant memory. Each is read on its own, so no connection is held."""
    number = 0
    while True:
        with database.reading_export() as session:
            row = session.get(SnapshotChunkRow, (version, file, number))
        if row is None:
            return
        yield zlib.decompress(row.content)
        number += 1


def damaged_files(database: Database) -> Iterator[tuple[str, str]]:
    """Version and name of each file whose content does not have the recorded SHA-256."""
    with database.reading_export() as session:
        snapshots = list_newest_first(session)
    for snapshot in snapshots:
        for file in snapshot.files:
            if not _is_whole(file, content(database, snapshot.version, file.name)):
                yield snapshot.version, file.name


def _is_whole(file: SnapshotFile, parts: Iterator[bytes]) -> bool:
    digest, size = hashlib.sha256(), 0
    try:
        for part in parts:
            digest.update(part)
            size += len(part)
    except zlib.error:
        return False
    return (digest.hexdigest(), size) == (file.sha256, file.bytes)


def _read(session: Session, row: SnapshotRow) -> Snapshot:
    query = select(SnapshotFileRow).where(SnapshotFileRow.version == row.version)
    files: Sequence[SnapshotFileRow] = session.exec(
        query.order_by(col(SnapshotFileRow.position))
    ).all()
    return Snapshot(
        **row.model_dump(),
        files=tuple(SnapshotFile(file.file, file.bytes, file.sha256) for file in files),
    )
