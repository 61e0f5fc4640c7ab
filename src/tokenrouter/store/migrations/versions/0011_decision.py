"""How each request came to its provider."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column."""
    op.add_column("tr_ledger", sa.Column("decision", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the column, and what was decided with it."""
    op.drop_column("tr_ledger", "decision")
