"""Providers and prices of the database, and secrets in envelopes."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def _text(name: str, *, primary_key: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, primary_key=primary_key, nullable=False, server_default=None if primary_key else "")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tr_secrets",
        _text("kind", primary_key=True),
        _text("id", primary_key=True),
        _text("field", primary_key=True),
        _text("key_id"),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        _text("hint"),
        sa.Column("created_at_s", sa.Float, nullable=False),
        sa.Column("rotated_at_s", sa.Float, nullable=True),
    )
    op.create_index("tr_secrets_key", "tr_secrets", ["key_id"])
    op.create_table(
        "tr_providers",
        _text("name", primary_key=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _text("said"),
        _text("comment"),
        _text("made_by"),
        sa.Column("created_at_s", sa.Float, nullable=False),
        sa.Column("changed_at_s", sa.Float, nullable=False),
    )
    op.create_table(
        "tr_prices",
        _text("name", primary_key=True),
        _text("said"),
        _text("comment"),
        _text("made_by"),
        sa.Column("changed_at_s", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Drop them, with everything in them."""
    op.drop_table("tr_prices")
    op.drop_table("tr_providers")
    op.drop_index("tr_secrets_key", "tr_secrets")
    op.drop_table("tr_secrets")
