"""What was public before: entries that are replaced are kept from now on."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    PrimaryKeyConstraint,
    String,
    text,
)

from app.database import CodePointOrdered

revision = "history"
down_revision = "authors"
branch_labels = None
depends_on = None

# What is public now has been public since the newest revision that changed any of it.
START = text("INSERT INTO history_start SELECT coalesce(max(seq), 0) FROM entry")


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "former_entry",
        Column("kind", String, nullable=False),
        Column("slug", CodePointOrdered, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("state", String, nullable=False),
        Column("moved_to", String),
        Column("reason", String),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("card", String),
        Column("document", String),
        Column("search_data", String),
        Column("until_seq", BigInteger, autoincrement=False, nullable=False),
        _check("former_entry", "state_known", "state IN ('public', 'gone', 'moved')"),
        _check("former_entry", "public_has_card", "(state = 'public') = (card IS NOT NULL)"),
        _check(
            "former_entry", "public_has_document", "(state = 'public') = (document IS NOT NULL)"
        ),
        _check("former_entry", "in_order", "seq < until_seq"),
        PrimaryKeyConstraint("kind", "slug", "until_seq", name="pk_former_entry"),
    )
    op.create_index("ix_former_entry_seq", "former_entry", ["seq"])
    op.create_index("ix_former_entry_until_seq", "former_entry", ["until_seq"])
    op.create_table(
        "history_start",
        Column("seq", BigInteger, autoincrement=False, nullable=False),
        _check("history_start", "seq_not_negative", "seq >= 0"),
        PrimaryKeyConstraint("seq", name="pk_history_start"),
    )
    op.execute(START)


def downgrade() -> None:
    """Without them."""
    op.drop_table("history_start")
    op.drop_table("former_entry")


def _check(table: str, rule: str, sql: str) -> CheckConstraint:
    return CheckConstraint(sql, name=op.f(f"ck_{table}_{rule}"))
