"""The desk: keys, and answers kept for requests that are sent twice."""

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
)

revision = "desk"
down_revision = "first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The two tables."""
    op.create_table(
        "api_key",
        Column("id", String, nullable=False),
        Column("secret_sha256", String, nullable=False),
        Column("label", String, nullable=False),
        Column("role", String, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("created_by", String, nullable=False),
        Column("expires_at", DateTime(timezone=True)),
        Column("revoked_at", DateTime(timezone=True)),
        Column("used_at", DateTime(timezone=True)),
        CheckConstraint(
            "role IN ('editor', 'reviewer', 'admin')", name=op.f("ck_api_key_role_known")
        ),
        CheckConstraint("length(secret_sha256) = 64", name=op.f("ck_api_key_secret_is_a_hash")),
        PrimaryKeyConstraint("id", name="pk_api_key"),
        UniqueConstraint("secret_sha256", name="uq_api_key_secret_sha256"),
        UniqueConstraint("label", name="uq_api_key_label"),
    )
    op.create_table(
        "idempotency",
        Column("key_id", String, nullable=False),
        Column("idempotency_key", String, nullable=False),
        Column("request_sha256", String, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("status", Integer),
        Column("headers", String),
        Column("body", LargeBinary),
        PrimaryKeyConstraint("key_id", "idempotency_key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("idempotency")
    op.drop_table("api_key")
