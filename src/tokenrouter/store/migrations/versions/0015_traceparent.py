"""Whose trace each request belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the column."""
    op.add_column("tr_ledger", sa.Column("traceparent", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the column, and what traces requests belonged to with it."""
    op.drop_column("tr_ledger", "traceparent")
