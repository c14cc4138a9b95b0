"""Imports: plans of what a file would do, and their rows."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
)

revision = "imports"
down_revision = "desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The two tables."""
    op.create_table(
        "import",
        Column("id", String, nullable=False),
        Column("kind", String, nullable=False),
        Column("format", String, nullable=False),
        Column("filename", String, nullable=False),
        Column("state", String, nullable=False),
        Column("version", Integer, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("created_by", String, nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("planned_on_seq", BigInteger, nullable=False),
        Column("ignored_columns", String, nullable=False),
        Column("rows_seen", Integer, nullable=False),
        Column("created", Integer, nullable=False),
        Column("changed", Integer, nullable=False),
        Column("unchanged", Integer, nullable=False),
        Column("refused", Integer, nullable=False),
        Column("warned", Integer, nullable=False),
        Column("not_publishable", Integer, nullable=False),
        Column("problem", String),
        Column("committed_at", DateTime(timezone=True)),
        Column("committed_by", String),
        Column("commitment", String),
        Column("written", Integer),
        Column("first_seq", BigInteger),
        CheckConstraint("kind IN ('district', 'case_study')", name=op.f("ck_import_kind_known")),
        CheckConstraint(
            "format IN ('csv', 'ndjson', 'json', 'xlsx')", name=op.f("ck_import_format_known")
        ),
        CheckConstraint(
            "state IN ('planning', 'planned', 'committed', 'failed')",
            name=op.f("ck_import_state_known"),
        ),
        CheckConstraint(
            "(state = 'committed') = (committed_at IS NOT NULL)",
            name=op.f("ck_import_committed_when"),
        ),
        PrimaryKeyConstraint("id", name="pk_import"),
    )
    op.create_index("ix_import_created_at", "import", ["created_at"])
    op.create_table(
        "import_row",
        Column("import_id", String, nullable=False),
        Column("number", Integer, nullable=False),
        Column("origin", String, nullable=False),
        Column("slug", String, nullable=False),
        Column("result", String, nullable=False),
        Column("matched_by", String),
        Column("base_version", Integer),
        Column("faults", String, nullable=False),
        Column("warnings", String, nullable=False),
        Column("changes", String, nullable=False),
        Column("needs", String, nullable=False),
        Column("document", String, nullable=False),
        CheckConstraint(
            "result IN ('created', 'changed', 'unchanged', 'refused')",
            name=op.f("ck_import_row_result_known"),
        ),
        PrimaryKeyConstraint("import_id", "number", name="pk_import_row"),
        ForeignKeyConstraint(
            ["import_id"], ["import.id"], name="fk_import_row_import_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_import_row_import_id_result", "import_row", ["import_id", "result"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("import_row")
    op.drop_table("import")
