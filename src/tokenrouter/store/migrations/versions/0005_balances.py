"""Balances, which take the place of deleted ledger rows, an index for every filter of the ledger's pages, and sums by
month, which are made from those by day.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KINDS = (
    "input",
    "output",
    "cached_input",
    "cache_write",
    "reasoning",
    "audio",
    "cache_write_1h",
    "audio_output",
    "image_input",
    "image_output",
)
_INDEXES = {"user": "user", "team": "team", "provider": "provider", "model": "model", "end": "end_reason"}


def upgrade() -> None:
    """Create the tables and the indexes."""
    _create_balances()
    _create_usage_monthly()
    op.drop_index("tr_ledger_model_time", "tr_ledger")
    for name, column in _INDEXES.items():
        op.create_index(f"tr_ledger_{name}_time", "tr_ledger", [column, "started_us"])


def downgrade() -> None:
    """Drop them; what is in the balances is lost."""
    for name in _INDEXES:
        op.drop_index(f"tr_ledger_{name}_time", "tr_ledger")
    op.create_index("tr_ledger_model_time", "tr_ledger", ["provider", "model", "started_us"])
    op.drop_table("tr_usage_monthly")
    op.drop_table("tr_balances")


def _create_balances() -> None:
    key = ("period", "key_id", "user", "team", "provider", "model", "alias", "chain")
    op.create_table(
        "tr_balances",
        *(sa.Column(name, sa.Text, primary_key=True, nullable=False) for name in key),
        sa.Column("admitted", sa.Boolean, primary_key=True, nullable=False),
        sa.Column("key_name", sa.Text, nullable=False, server_default=""),
        *(_count(name) for name in ("requests", "failed")),
        *(_count(f"{kind}_tokens") for kind in _KINDS),
        _count("cost_nano_usd"),
        _count("unpriced_requests"),
        sa.Column("first_us", sa.BigInteger, nullable=False),
        sa.Column("last_us", sa.BigInteger, nullable=False),
    )


def _create_usage_monthly() -> None:
    key = ("key_id", "user", "team", "provider", "model")
    sums = ("requests", "failed", *(f"{kind}_tokens" for kind in _KINDS), "cost_nano_usd", "unpriced_requests")
    op.create_table(
        "tr_usage_monthly",
        *(sa.Column(name, sa.Text, primary_key=True, nullable=False) for name in ("month", *key)),
        sa.Column("key_name", sa.Text, nullable=False, server_default=""),
        *map(_count, sums),
    )
    op.create_index("tr_usage_monthly_key", "tr_usage_monthly", ["key_id", "month"])
    monthly = sa.table("tr_usage_monthly", *map(sa.column, ("month", *key, "key_name", *sums)))
    daily = sa.table("tr_usage_daily", *map(sa.column, ("day", *key, "key_name", *sums)))
    groups = [sa.func.substr(daily.c.day, 1, 7), *(daily.c[name] for name in key)]
    amounts = [sa.cast(sa.func.sum(daily.c[name]), sa.BigInteger) for name in sums]
    made = sa.select(*groups, sa.func.max(daily.c.key_name), *amounts).group_by(*groups)
    op.execute(monthly.insert().from_select(["month", *key, "key_name", *sums], made))


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
