"""Temporary keys that somebody has to speak for, and when somebody last did."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_COLUMNS = ("heartbeat", "suspended")


def upgrade() -> None:
    """Create the table and the columns."""
    op.create_table(
        "tr_heartbeats",
        sa.Column("key_id", sa.Text, primary_key=True, nullable=False),
        sa.Column("heard_at_s", sa.Float, nullable=False),
    )
    for name in _COLUMNS:
        op.add_column("tr_keys", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop them: a key that is suspended is good again until its time is over."""
    with op.batch_alter_table("tr_keys") as keys:
        for name in _COLUMNS:
            keys.drop_column(name)
    op.drop_table("tr_heartbeats")
