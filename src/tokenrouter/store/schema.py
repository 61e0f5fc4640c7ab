"""Our tables, as SQLAlchemy Core describes them.

Every name begins with `tr_`, so that our tables can be told from those of the programs whose users
move here, and a database that is not ours is never touched (`store/engine.py`). Migrations
(`store/migrations/`) are written by hand; a test compares what they make with what is described here.

Only types and constraints that SQLite and PostgreSQL both have are used. Times are microseconds
(`_us`) or seconds (`_s`) since the epoch, money is nano-dollars: integers, so sums stay exact.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)

TABLE_PREFIX: Final = "tr_"
REVISIONS: Final = ("0001", "0002")
"""Every migration in order; the last is what this program needs. Kept here because the control process
must compare without importing Alembic (40 MB)."""
REVISION_TABLE: Final = "tr_schema"

metadata = MetaData()


def _text(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, primary_key=primary_key, server_default=None if primary_key else "")


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


tr_keys = Table(
    "tr_keys",
    metadata,
    _text("id", primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("parent_id", Text, nullable=True, index=True),
    _text("team"),
    _text("user"),
    _text("allowed_models"),
    Column("created_at_s", Float, nullable=False),
    Column("expires_at_s", Float, nullable=True),
    Column("enabled", Boolean, nullable=False),
    _text("hint"),
    _text("comment"),
    Column("passthrough", Boolean, nullable=False, server_default=false()),
)
"""`allowed_models` is a JSON array. `parent_id` may name a key of the file, so it is no foreign key."""

TOKEN_KINDS: Final = (
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "audio_tokens",
)
"""The fields of `domain.ledger.Usage`, a column each."""

tr_ledger = Table(
    "tr_ledger",
    metadata,
    _text("id", primary_key=True),
    Column("started_us", BigInteger, nullable=False),
    _text("operation"),
    _text("key_id"),
    _text("key_name"),
    _text("user"),
    _text("team"),
    _text("chain"),
    _text("client_ip"),
    _text("client_tool"),
    _text("client_request_id"),
    _text("alias"),
    _text("requested_model"),
    _text("provider"),
    _text("model"),
    Column("stream", Boolean, nullable=False),
    Column("status", Integer, nullable=False),
    _text("end_reason"),
    _text("error_code"),
    *(_count(kind) for kind in TOKEN_KINDS),
    Column("estimated", Boolean, nullable=False),
    _count("overrun"),
    Column("cost_nano_usd", BigInteger, nullable=True),
    _text("price_source"),
    _count("latency_us"),
    _count("first_token_us"),
    _count("bytes_in"),
    _count("bytes_out"),
    _text("changed"),
    _text("provider_request_id"),
    Column("count", Integer, nullable=False),
    Index("tr_ledger_key_time", "key_id", "started_us"),
    Index("tr_ledger_time", "started_us"),
    Index("tr_ledger_model_time", "provider", "model", "started_us"),
)
"""One row per request, never changed afterwards. `chain` is a JSON array."""

tr_usage_daily = Table(
    "tr_usage_daily",
    metadata,
    _text("day", primary_key=True),
    _text("key_id", primary_key=True),
    _text("user", primary_key=True),
    _text("team", primary_key=True),
    _text("provider", primary_key=True),
    _text("model", primary_key=True),
    _text("key_name"),
    _count("requests"),
    _count("failed"),
    *(_count(kind) for kind in TOKEN_KINDS),
    _count("cost_nano_usd"),
    _count("unpriced_requests"),
    Index("tr_usage_daily_key", "key_id", "day"),
)
"""The ledger summed by UTC day (`2026-02-28`), so that a year of a key is a few hundred rows."""

tr_limit_use = Table(
    "tr_limit_use",
    metadata,
    _text("limit_id", primary_key=True),
    _text("scope", primary_key=True),
    Column("window_start_us", BigInteger, primary_key=True),
    _count("used"),
)
"""What limits are restored from after a start; `window_start_us` is 0 for lifetime windows."""

tr_journal = Table(
    "tr_journal",
    metadata,
    _text("file", primary_key=True),
    _count("offset"),
)
"""Up to where each journal file is in the ledger for good."""

tr_setup_links = Table(
    "tr_setup_links",
    metadata,
    Column("token_digest", LargeBinary(32), primary_key=True),
    Column("expires_at_s", Float, nullable=False),
    Column("used_at_s", Float, nullable=True),
)

tr_settings = Table(
    "tr_settings",
    metadata,
    _text("key", primary_key=True),
    _text("value"),
)
"""Facts about this installation that must last, such as which carried-over use was applied."""

tr_meta = Table(
    "tr_meta",
    metadata,
    _text("name", primary_key=True),
    _count("value"),
)
"""Counters about the database itself; `catalog` rises with every change that the Catalog must show."""
