"""What prices ask for: caches of an hour, sound and pictures by side, the tier that served, how many requests.

Old rows were of one request each, in the usual tier, as far as anybody knows. Keys get a say about models without a
price; those that exist say nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KINDS = ("cache_write_1h_tokens", "audio_output_tokens", "image_input_tokens", "image_output_tokens")


def upgrade() -> None:
    """Add the columns."""
    for table in ("tr_ledger", "tr_usage_daily"):
        for kind in _KINDS:
            op.add_column(table, sa.Column(kind, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("tr_ledger", sa.Column("provider_requests", sa.BigInteger, nullable=False, server_default="1"))
    op.add_column("tr_ledger", sa.Column("tier", sa.Text, nullable=False, server_default=""))
    op.add_column("tr_keys", sa.Column("unpriced", sa.Text, nullable=False, server_default=""))
    op.add_column("tr_keys", sa.Column("allow_unpriced", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take them away."""
    for column in ("allow_unpriced", "unpriced"):
        op.drop_column("tr_keys", column)
    for column in ("tier", "provider_requests"):
        op.drop_column("tr_ledger", column)
    for table in ("tr_usage_daily", "tr_ledger"):
        for kind in _KINDS:
            op.drop_column(table, kind)
