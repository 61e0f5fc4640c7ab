"""The first tables.

Written out instead of taken from `store/schema.py`: a migration says for ever what it did on the day it
was written, while the schema moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    _create_keys()
    _create_ledger()
    _create_usage_daily()
    _create_the_small_ones()


def downgrade() -> None:
    """Drop every table, with all that is in it."""
    for table in (
        "tr_meta",
        "tr_settings",
        "tr_setup_links",
        "tr_journal",
        "tr_limit_use",
        "tr_usage_daily",
        "tr_ledger",
        "tr_keys",
    ):
        op.drop_table(table)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _tokens() -> list[sa.Column[int]]:
    kinds = ("input", "output", "cached_input", "cache_write", "reasoning", "audio")
    return [_count(f"{kind}_tokens") for kind in kinds]


def _part_of_key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True, nullable=False)


def _create_keys() -> None:
    op.create_table(
        "tr_keys",
        _part_of_key("id"),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("parent_id", sa.Text, nullable=True),
        _text("team"),
        _text("user"),
        _text("allowed_models"),
        sa.Column("created_at_s", sa.Float, nullable=False),
        sa.Column("expires_at_s", sa.Float, nullable=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _text("hint"),
        _text("comment"),
    )
    op.create_index("ix_tr_keys_parent_id", "tr_keys", ["parent_id"])


def _create_ledger() -> None:
    op.create_table(
        "tr_ledger",
        _part_of_key("id"),
        sa.Column("started_us", sa.BigInteger, nullable=False),
        *(_text(name) for name in ("operation", "key_id", "key_name", "user", "team", "chain", "client_ip")),
        *(
            _text(name)
            for name in ("client_tool", "client_request_id", "alias", "requested_model", "provider", "model")
        ),
        sa.Column("stream", sa.Boolean, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        _text("end_reason"),
        _text("error_code"),
        *_tokens(),
        sa.Column("estimated", sa.Boolean, nullable=False),
        _count("overrun"),
        sa.Column("cost_nano_usd", sa.BigInteger, nullable=True),
        _text("price_source"),
        *(_count(name) for name in ("latency_us", "first_token_us", "bytes_in", "bytes_out")),
        _text("changed"),
        _text("provider_request_id"),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_index("tr_ledger_key_time", "tr_ledger", ["key_id", "started_us"])
    op.create_index("tr_ledger_time", "tr_ledger", ["started_us"])
    op.create_index("tr_ledger_model_time", "tr_ledger", ["provider", "model", "started_us"])


def _create_usage_daily() -> None:
    op.create_table(
        "tr_usage_daily",
        *(_part_of_key(name) for name in ("day", "key_id", "user", "team", "provider", "model")),
        _text("key_name"),
        _count("requests"),
        _count("failed"),
        *_tokens(),
        _count("cost_nano_usd"),
        _count("unpriced_requests"),
    )
    op.create_index("tr_usage_daily_key", "tr_usage_daily", ["key_id", "day"])


def _create_the_small_ones() -> None:
    op.create_table(
        "tr_limit_use",
        _part_of_key("limit_id"),
        _part_of_key("scope"),
        sa.Column("window_start_us", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        _count("used"),
    )
    op.create_table("tr_journal", _part_of_key("file"), _count("offset"))
    op.create_table(
        "tr_setup_links",
        sa.Column("token_digest", sa.LargeBinary(32), primary_key=True, nullable=False),
        sa.Column("expires_at_s", sa.Float, nullable=False),
        sa.Column("used_at_s", sa.Float, nullable=True),
    )
    op.create_table("tr_settings", _part_of_key("key"), _text("value"))
    op.create_table("tr_meta", _part_of_key("name"), _count("value"))
