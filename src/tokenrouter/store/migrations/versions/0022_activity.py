"""Sums by hour, day and month, by one dimension at a time, and how fast requests were answered; made from the rows.

Of days whose rows are deleted the sums by day are taken, which know neither addresses nor programs. Hours by key, user
and address are made of the last weeks only, as they are kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens")
_SUMS = ("requests", "failed", *_TOKENS, "cost_nano_usd", "unpriced_requests")
_BUCKETS = 24
_BOUNDS_US = tuple(round(10_000 * 1.6**number) for number in range(_BUCKETS - 1))
_PHASES = ("prompt_tokens", "prompt_us", "generated_tokens", "generation_us")
_COUNTS = tuple(f"{what}_{number}" for what in ("latency", "first_token") for number in range(_BUCKETS))
_SPEEDS = ", ".join(("step", "dimension", "slot_s", "name", *_PHASES, *_COUNTS))
_HOUR_S, _DAY_S = 3600, 86_400
_FINE_HOURS_S = 35 * _DAY_S
_MODEL = "CASE WHEN provider || model = '' THEN '' ELSE provider || '/' || model END"
_NAMES = {
    "all": "''",
    "provider": "provider",
    "model": _MODEL,
    "key": "key_id",
    "user": '"user"',
    "team": "team",
    "ip": "client_ip",
    "tool": "client_tool",
}
_FINE = ("key", "user", "ip")
_OF_DAYS = ("all", "provider", "model", "key", "user", "team")
_TIMED = (
    "count = 1 AND answered_by = '' AND latency_us > 0 AND status < 400 "
    "AND end_reason IN ('completed', 'client_disconnect')"
)


def upgrade() -> None:
    """Create the tables and fill them."""
    _create("tr_activity", sa.Column("label", sa.Text, nullable=False, server_default=""), *map(_count, _SUMS))
    _create("tr_speeds", *map(_count, (*_PHASES, *_COUNTS)))
    fill(op.get_bind())


def downgrade() -> None:
    """Drop them."""
    op.execute("DELETE FROM tr_settings WHERE key IN ('activity_fine_hours_since_s', 'activity_addresses_since_s')")
    op.drop_table("tr_speeds")
    op.drop_table("tr_activity")


def fill(connection: sa.Connection) -> None:
    """Sum up what is in the ledger and in the sums by day, into empty tables."""
    newest_us = connection.execute(sa.text("SELECT max(started_us) FROM tr_ledger")).scalar() or 0
    since_s = (newest_us // 1_000_000 - _FINE_HOURS_S) // _DAY_S * _DAY_S
    for dimension, name in _NAMES.items():
        _fill_from_rows(connection, dimension, name, since_s if dimension in _FINE else 0)
    for dimension in _OF_DAYS:
        _fill_from_days(connection, dimension, _NAMES[dimension])
    _fill_months(connection)
    _fill_speeds(connection)
    if since_s > 0:
        said = sa.text("INSERT INTO tr_settings (key, value) VALUES ('activity_fine_hours_since_s', :since)")
        connection.execute(said, {"since": str(since_s)})


def _fill_from_rows(connection: sa.Connection, dimension: str, name: str, hours_since_s: int) -> None:
    steps = [("hour", _HOUR_S, hours_since_s)]
    if dimension not in _OF_DAYS:
        steps.append(("day", _DAY_S, 0))
    unpriced = "CASE WHEN cost_nano_usd IS NULL AND input_tokens + output_tokens > 0 THEN count ELSE 0 END"
    failed = "CASE WHEN end_reason IN ('completed', 'client_disconnect') AND status < 400 THEN 0 ELSE count END"
    sums = ("count", failed, *_TOKENS, "coalesce(cost_nano_usd, 0)", unpriced)
    for step, length_s, since_s in steps:
        slot = f"started_us / {length_s * 1_000_000} * {length_s}"
        source = f"FROM tr_ledger WHERE started_us >= {since_s * 1_000_000}"
        _insert(connection, step, dimension, slot, name, _label(dimension), sums, source)


def _fill_from_days(connection: sa.Connection, dimension: str, name: str) -> None:
    _insert(connection, "day", dimension, _seconds(connection, "day"), name, _label(dimension), _SUMS,
            "FROM tr_usage_daily")  # fmt: skip


def _fill_months(connection: sa.Connection) -> None:
    slot = _seconds(connection, f"substr({_day_text(connection)}, 1, 7) || '-01'")
    for dimension in _NAMES:
        source = f"FROM tr_activity WHERE step = 'day' AND dimension = '{dimension}'"
        _insert(connection, "month", dimension, slot, "name", "max(label)", _SUMS, source)


def _insert(
    connection: sa.Connection,
    step: str,
    dimension: str,
    slot: str,
    name: str,
    label: str,
    sums: tuple[str, ...],
    source: str,
) -> None:
    columns = ", ".join(("step", "dimension", "slot_s", "name", "label", *_SUMS))
    amounts = ", ".join(f"CAST(sum({amount}) AS bigint)" for amount in sums)
    query = f"SELECT '{step}', '{dimension}', {slot}, {name}, {label}, {amounts} {source} GROUP BY 3, 4"
    connection.execute(sa.text(f"INSERT INTO tr_activity ({columns}) {query}"))


def _fill_speeds(connection: sa.Connection) -> None:
    """Fill hours by model from the rows, those of providers and of everything from these, and days from hours."""
    counts = ", ".join(
        f"sum(CASE WHEN {what}_at = {number} THEN 1 ELSE 0 END)"
        for what in ("latency", "first_token")
        for number in range(_BUCKETS)
    )
    phases = ", ".join(f"CAST(sum({phase}) AS bigint)" for phase in _PHASES)
    source = "FROM timed GROUP BY 3, 4"
    slot = f"started_us / {_HOUR_S * 1_000_000} * {_HOUR_S}"
    query = f"SELECT 'hour', 'model', {slot}, {_MODEL}, {phases}, {counts} {source}"
    connection.execute(
        sa.text(f"WITH timed AS MATERIALIZED ({_timed_rows()}) INSERT INTO tr_speeds ({_SPEEDS}) {query}")
    )
    before_slash = "substr(name, 1, instr(name, '/') - (name <> ''))"
    provider = before_slash if connection.dialect.name == "sqlite" else "split_part(name, '/', 1)"
    for dimension, name in (("provider", provider), ("all", "''")):
        _add_up_speeds(connection, "hour", dimension, "slot_s", name, "step = 'hour' AND dimension = 'model'")
    for dimension in ("all", "provider", "model"):
        slot = f"slot_s / {_DAY_S} * {_DAY_S}"
        _add_up_speeds(connection, "day", dimension, slot, "name", f"step = 'hour' AND dimension = '{dimension}'")


def _add_up_speeds(connection: sa.Connection, step: str, dimension: str, slot: str, name: str, source: str) -> None:
    sums = ", ".join(f"CAST(sum({column}) AS bigint)" for column in (*_PHASES, *_COUNTS))
    query = f"SELECT '{step}', '{dimension}', {slot}, {name}, {sums} FROM tr_speeds WHERE {source} GROUP BY 3, 4"  # noqa: S608
    connection.execute(sa.text(f"INSERT INTO tr_speeds ({_SPEEDS}) {query}"))


def _timed_rows() -> str:
    least, rest = 250_000, "latency_us - first_token_us"
    return f"""
        SELECT started_us, provider, model, {_bucket("latency_us")} AS latency_at,
               CASE WHEN first_token_us > 0 THEN {_bucket("first_token_us")} ELSE -1 END AS first_token_at,
               CASE WHEN first_token_us > 0 THEN input_tokens ELSE 0 END AS prompt_tokens,
               CASE WHEN first_token_us = 0 THEN 0
                    WHEN first_token_us > {least} THEN first_token_us ELSE {least} END AS prompt_us,
               output_tokens AS generated_tokens,
               CASE WHEN output_tokens = 0 THEN 0 WHEN {rest} > {least} THEN {rest} ELSE {least} END AS generation_us
        FROM tr_ledger WHERE {_TIMED}
    """  # noqa: S608


def _bucket(column: str) -> str:
    whens = " ".join(f"WHEN {column} <= {bound} THEN {number}" for number, bound in enumerate(_BOUNDS_US))
    return f"CASE {whens} ELSE {_BUCKETS - 1} END"


def _label(dimension: str) -> str:
    return "max(key_name)" if dimension == "key" else "''"


def _seconds(connection: sa.Connection, day: str) -> str:
    """Return the SQL for when a day, written as `2026-02-28`, began."""
    if connection.dialect.name == "sqlite":
        return f"CAST(strftime('%s', {day}) AS bigint)"
    return f"(CAST({day} AS date) - date '1970-01-01') * CAST(86400 AS bigint)"


def _day_text(connection: sa.Connection) -> str:
    """Return the SQL for the day of `slot_s`."""
    if connection.dialect.name == "sqlite":
        return "strftime('%Y-%m-%d', slot_s, 'unixepoch')"
    return "to_char(to_timestamp(slot_s) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"


def _create(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("step", sa.Text, primary_key=True, nullable=False),
        sa.Column("dimension", sa.Text, primary_key=True, nullable=False),
        sa.Column("slot_s", sa.BigInteger, primary_key=True, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, primary_key=True, nullable=False),
        *columns,
        sqlite_with_rowid=False,
    )


def _count(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
