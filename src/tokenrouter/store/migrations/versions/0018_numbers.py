"""Numbers for subjects, for the APIs of predecessors."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "tr_numbers",
        sa.Column("kind", sa.Text, primary_key=True, nullable=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text, nullable=False, server_default=""),
        sa.UniqueConstraint("kind", "subject", name="tr_numbers_subject"),
    )


def downgrade() -> None:
    """Drop the table: subjects get other numbers."""
    op.drop_table("tr_numbers")
