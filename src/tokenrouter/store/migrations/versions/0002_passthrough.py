"""Keys of the database may be allowed to ask providers raw, as those of the file may."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the flag; no key that exists gets what it did not have."""
    op.add_column("tr_keys", sa.Column("passthrough", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take the flag away."""
    op.drop_column("tr_keys", "passthrough")
