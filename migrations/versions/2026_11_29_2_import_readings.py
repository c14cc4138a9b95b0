"""Imports tell how a file was understood, what was read otherwise, and that a commit has begun."""

from alembic import op
from sqlalchemy import Column, DateTime, String

revision = "import_readings"
down_revision = "contracts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three columns."""
    op.add_column("import", Column("about", String))
    op.add_column("import", Column("committing_since", DateTime(timezone=True)))
    op.add_column("import_row", Column("notes", String))


def downgrade() -> None:
    """Without them."""
    op.drop_column("import_row", "notes")
    op.drop_column("import", "committing_since")
    op.drop_column("import", "about")
