"""A ledger of any size, made by the database itself: keys, users, teams and models as a company has them.

Row after row follows from its number alone, so two runs measure the same. A few rows are rare on purpose (a model that
is asked for once in ten thousand requests): to find the newest of those is what a wrong index fails at.
"""

import time
from collections.abc import Callable
from typing import Final

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tokenrouter.store.engine import Store
from tokenrouter.store.migrate import alembic_config

DAYS: Final = 365
END_US: Final = 1_796_083_200_000_000
"""2026-12-01 00:00 UTC: when the newest row began."""
KEYS: Final = 400
RARE_MODEL: Final = "rare"
RARE_ERROR: Final = "hook_failed"
CHUNK: Final = 100_000
"""Rows of one statement."""
ACTIVITY: Final = "0022"
"""The migration that fills the sums by hour, day and month."""
COUNTERS: Final = 5_000
"""Counters of limits: ten for each key and some."""

_FIELDS: Final = {
    "id": "'req_' || {padded}",
    "started_us": ":end_us - (:total - i) * :step_us",
    "operation": "'chat'",
    "key_id": "'key_' || k",
    "key_name": "'name ' || k",
    "user": "'user ' || (k / 2)",
    "team": "'team ' || (k % 20)",
    "chain": """'["key_' || k || '"]'""",
    "client_ip": "'192.0.2.' || (h % 200)",
    "client_tool": "'curl'",
    "client_request_id": "CASE WHEN i % 7 = 0 THEN 'theirs_' || i ELSE '' END",
    "alias": "CASE WHEN h % 4 = 0 THEN 'alias ' || (h % 30) ELSE '' END",
    "error_code": f"CASE WHEN i % 9973 = 0 THEN '{RARE_ERROR}' WHEN h % 50 = 0 THEN 'provider_error' ELSE '' END",
    "provider": "'provider ' || (k % 3)",
    "model": f"CASE WHEN i % 10007 = 0 THEN '{RARE_MODEL}' ELSE 'model ' || ((k + h / 7 % 3) % 12) END",
    "stream": "h % 2 = 0",
    "status": "CASE WHEN h % 50 = 0 THEN 502 ELSE 200 END",
    "end_reason": "CASE WHEN i % 5003 = 0 THEN 'interrupted' WHEN h % 50 = 0 THEN 'shutdown' ELSE 'completed' END",
    "input_tokens": "h % 9000",
    "output_tokens": "h % 700",
    "cached_input_tokens": "h % 100",
    "estimated": "false",
    "cost_nano_usd": "h % 900000",
    "price_source": "'operator'",
    "latency_us": "h % 9000000",
    "first_token_us": "h % 900000",
    "bytes_in": "h % 30000",
    "bytes_out": "h % 9000",
    "count": "1",
}
"""Column → SQL; `i` is the number of the row, `h` follows from it by chance, `k` is the number of its key."""
_ROWS: Final = f"""
    INSERT INTO tr_ledger ({{names}}) SELECT {{values}}
    FROM (SELECT i, h, h % {KEYS} AS k
          FROM (SELECT i, i * 2654435761 / 65536 % 1000003 AS h FROM ({{numbers}}) AS n) AS m) AS numbered
"""
NUMBERS: Final = {
    "sqlite": "WITH RECURSIVE c(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM c WHERE i < :last) SELECT i FROM c",
    "postgresql": "SELECT i FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS s(i)",
}
_PADDED: Final = {"sqlite": "printf('%012d', i)", "postgresql": "lpad(CAST(i AS text), 12, '0')"}
_DAY: Final = {
    "sqlite": "strftime('%Y-%m-%d', started_us / 1000000, 'unixepoch')",
    "postgresql": "to_char(to_timestamp(started_us / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
}
_DAILY: Final = """
    INSERT INTO tr_usage_daily (day, key_id, "user", team, provider, model, key_name, requests, failed, input_tokens,
                                output_tokens, cached_input_tokens, cost_nano_usd)
    SELECT {day} AS day, key_id, "user", team, provider, model, max(key_name), count(*),
           sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END), sum(input_tokens), sum(output_tokens),
           sum(cached_input_tokens), sum(cost_nano_usd)
    FROM tr_ledger GROUP BY 1, key_id, "user", team, provider, model
"""
_MONTHLY: Final = """
    INSERT INTO tr_usage_monthly (month, key_id, "user", team, provider, model, key_name, requests, failed,
                                  input_tokens, output_tokens, cached_input_tokens, cost_nano_usd)
    SELECT substr(day, 1, 7), key_id, "user", team, provider, model, max(key_name), sum(requests), sum(failed),
           sum(input_tokens), sum(output_tokens), sum(cached_input_tokens), sum(cost_nano_usd)
    FROM tr_usage_daily GROUP BY 1, key_id, "user", team, provider, model
"""
_COUNTERS: Final = """
    INSERT INTO tr_limit_use (limit_id, scope, window_start_us, used)
    SELECT 'tokens', 'key:' || i, 0, i FROM ({numbers}) AS n
"""


def row_id(number: int) -> str:
    """Return the id of the row of this number; numbers begin with 1, the oldest."""
    return f"req_{number:012}"


def started_us(number: int, rows: int) -> int:
    """Return when the row of this number began, of so many."""
    return END_US - (rows - number) * _step_us(rows)


def fill(
    store: Store, rows: int, *, until_s: float = float("inf"), told: Callable[[int], None] = lambda _: None
) -> int:
    """Put `rows` rows into an empty ledger, with the daily sums and counters of limits; return how many came in.

    No chunk is begun after `until_s` (of `time.monotonic`), so that there may be fewer; `told` is called with the
    number of rows after each. The newest row always begins at `END_US`, minus those that are missing.
    """
    kind = "sqlite" if store.is_sqlite else "postgresql"
    values = ", ".join(_FIELDS.values()).format(padded=_PADDED[kind])
    names = ", ".join(f'"{name}"' for name in _FIELDS)
    insert = text(_ROWS.format(names=names, values=values, numbers=NUMBERS[kind]))
    fixed = {"end_us": END_US, "total": rows, "step_us": _step_us(rows)}
    done = 0
    while done < rows and time.monotonic() < until_s:
        last = min(done + CHUNK, rows)
        with store.write() as connection:
            connection.execute(insert, {**fixed, "first": done + 1, "last": last})
        done = last
        told(done)
    with store.write() as connection:
        connection.execute(text(_DAILY.format(day=_DAY[kind])))
        connection.execute(text(_MONTHLY))
        _fill_activity(connection)
        connection.execute(text(_COUNTERS.format(numbers=NUMBERS[kind])), {"first": 1, "last": COUNTERS})
    with store.write() as connection:
        connection.execute(text("ANALYZE"))
    return done


def _fill_activity(connection: Connection) -> None:
    """Sum the ledger up by hour, day and month as a ledger of an older version is when it is migrated."""
    revision = ScriptDirectory.from_config(alembic_config()).get_revision(ACTIVITY)
    revision.module.fill(connection)


def _step_us(rows: int) -> int:
    return DAYS * 86_400_000_000 // rows
