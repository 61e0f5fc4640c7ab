"""Keys say whether their answers may be shortened, and whether they may send what cannot be bounded.

Those that exist go on as before: shortened, and as the configuration says.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("tr_keys", sa.Column("clamp", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("tr_keys", sa.Column("unbounded_input", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Take them away."""
    for column in ("unbounded_input", "clamp"):
        op.drop_column("tr_keys", column)
