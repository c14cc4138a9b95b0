"""Who wrote what, beyond a label: what is the seed's, who planned an import, who revoked a key."""

from alembic import op
from sqlalchemy import Boolean, Column, String, false, text

revision = "authors"
down_revision = "import_readings"
branch_labels = None
depends_on = None

# A key may have been labelled `seed` before that was refused. What the seed wrote says so in its note.
SEEDED = text(
    "UPDATE record SET from_seed = true WHERE updated_by = 'seed' AND NOT EXISTS ("
    "SELECT 1 FROM revision WHERE revision.kind = record.kind AND revision.slug = record.slug "
    "AND actor = 'seed' AND (note IS NULL OR note NOT LIKE 'imported from %'))"
)


def upgrade() -> None:
    """Three columns."""
    op.add_column("record", Column("from_seed", Boolean, nullable=False, server_default=false()))
    op.add_column("revision", Column("planned_by", String))
    op.add_column("api_key", Column("revoked_by", String))
    op.execute(SEEDED)


def downgrade() -> None:
    """Without them."""
    op.drop_column("api_key", "revoked_by")
    op.drop_column("revision", "planned_by")
    op.drop_column("record", "from_seed")
