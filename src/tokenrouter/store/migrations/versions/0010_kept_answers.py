"""Rows say whose answer they got where no provider was asked, and keys whether answers are kept for them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("tr_ledger", sa.Column("answered_by", sa.Text, nullable=False, server_default=""))
    op.add_column("tr_ledger", sa.Column("origin_id", sa.Text, nullable=False, server_default=""))
    op.add_column("tr_ledger", sa.Column("saved_nano_usd", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("tr_keys", sa.Column("cache", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("tr_keys", "cache")
    for column in ("saved_nano_usd", "origin_id", "answered_by"):
        op.drop_column("tr_ledger", column)
