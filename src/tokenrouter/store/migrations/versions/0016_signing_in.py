"""How sessions began, waits after wrong secrets, and links that set a password."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the tables, and the column of sessions."""
    op.add_column("tr_sessions", sa.Column("way", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "tr_sign_in_waits",
        sa.Column("subject", sa.Text, primary_key=True, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_s", sa.Float, nullable=False),
    )
    op.create_index("tr_sign_in_waits_last", "tr_sign_in_waits", ["last_s"])
    op.create_table(
        "tr_password_links",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False, server_default=""),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("expires_at_s", sa.Float, nullable=False),
    )
    op.create_index("tr_password_links_user", "tr_password_links", ["user_id"])


def downgrade() -> None:
    """Drop the tables, and the column."""
    op.drop_table("tr_password_links")
    op.drop_table("tr_sign_in_waits")
    op.drop_column("tr_sessions", "way")
