"""Sums by day and month of one team, one user or one model, and limits in pages: each by an index."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"

_TABLES = {"tr_usage_daily": "day", "tr_usage_monthly": "month"}
_INDEXES = {"team": ("team",), "user": ("user",), "model": ("provider", "model")}
_LIMIT_INDEXES = {"order": ("created_at_s", "id"), "handle": ("handle",)}


def upgrade() -> None:
    """Create the columns and the indexes."""
    for table, period in _TABLES.items():
        for name, columns in _INDEXES.items():
            op.create_index(f"{table}_{name}", table, [*columns, period])
    for column in ("handle", "words"):
        op.add_column("tr_limits", sa.Column(column, sa.Text, nullable=False, server_default=""))
    _fill_limits()
    for name, of in _LIMIT_INDEXES.items():
        op.create_index(f"tr_limits_{name}", "tr_limits", list(of))


def downgrade() -> None:
    """Drop them."""
    for name in _LIMIT_INDEXES:
        op.drop_index(f"tr_limits_{name}", "tr_limits")
    for column in ("words", "handle"):
        op.drop_column("tr_limits", column)
    for table in _TABLES:
        for name in _INDEXES:
            op.drop_index(f"{table}_{name}", table)


def _fill_limits() -> None:
    limits = sa.table("tr_limits", *(sa.column(name) for name in ("id", "scope", "comment", "handle", "words")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(limits)).mappings().all():
        said = {
            "handle": "lim_" + hashlib.sha256(row["id"].encode()).hexdigest()[:16],
            "words": f"{row['scope']}\n{row['comment']}".casefold(),
        }
        connection.execute(sa.update(limits).where(limits.c.id == row["id"]).values(**said))
