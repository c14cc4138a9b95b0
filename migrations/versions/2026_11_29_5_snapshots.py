"""Snapshots: releases of the directory, and their files."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
)

revision = "snapshots"
down_revision = "history"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three tables."""
    op.create_table(
        "snapshot",
        Column("version", String, nullable=False),
        Column("revision", BigInteger, nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("frozen_at", DateTime(timezone=True), nullable=False),
        Column("frozen_by", String, nullable=False),
        Column("software", String, nullable=False),
        Column("note", String, nullable=False),
        _check("snapshot", "revision_not_negative", "revision >= 0"),
        PrimaryKeyConstraint("version", name="pk_snapshot"),
    )
    op.create_table(
        "snapshot_file",
        Column("version", String, nullable=False),
        Column("file", String, nullable=False),
        Column("position", Integer, nullable=False),
        Column("bytes", BigInteger, nullable=False),
        Column("sha256", String, nullable=False),
        _check("snapshot_file", "bytes_not_negative", "bytes >= 0"),
        _check("snapshot_file", "sha256_length", "length(sha256) = 64"),
        ForeignKeyConstraint(["version"], ["snapshot.version"], name="fk_snapshot_file_version"),
        PrimaryKeyConstraint("version", "file", name="pk_snapshot_file"),
    )
    op.create_table(
        "snapshot_chunk",
        Column("version", String, nullable=False),
        Column("file", String, nullable=False),
        Column("number", Integer, nullable=False),
        Column("content", LargeBinary, nullable=False),
        _check("snapshot_chunk", "number_not_negative", "number >= 0"),
        ForeignKeyConstraint(
            ["version", "file"],
            ["snapshot_file.version", "snapshot_file.file"],
            name="fk_snapshot_chunk_version_file",
        ),
        PrimaryKeyConstraint("version", "file", "number", name="pk_snapshot_chunk"),
    )


def downgrade() -> None:
    """Without them."""
    for table in ("snapshot_chunk", "snapshot_file", "snapshot"):
        op.drop_table(table)


def _check(table: str, rule: str, sql: str) -> CheckConstraint:
    return CheckConstraint(sql, name=op.f(f"ck_{table}_{rule}"))
