"""Aliases that people manage."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "tr_aliases",
        sa.Column("scope", sa.Text, primary_key=True, nullable=False),
        sa.Column("name", sa.Text, primary_key=True, nullable=False),
        _text("said"),
        _text("comment"),
        _text("made_by"),
        sa.Column("created_at_s", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Drop the table, with all aliases in it, and the choice of a profile."""
    op.drop_table("tr_aliases")
    op.execute("DELETE FROM tr_settings WHERE key = 'active_model_profile'")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")
