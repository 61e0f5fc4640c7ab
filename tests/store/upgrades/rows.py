"""What stood in the databases of earlier versions that the upgrade tests begin with.

Rows are written by SQL, in the columns that there were, and the sums beside them as those versions added them up.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, text

KEY: Final = "tr_upgraded-0123456789-abcdefghij"
"""In clear, so that a test may call with it; it is no secret of anybody."""
KEY_ID: Final = "key_alice"
_DAY_US: Final = 86_400_000_000
_FIRST_US: Final = 1_780_000_000_000_000
"""2026-05-28, so that the days of the rows lie in two months."""
_MODELS: Final = (("openai", "gpt-old", 1_000), ("lab", "small", None))
ROWS: Final[tuple[dict[str, Any], ...]] = tuple(
    {
        "id": f"req_{number:02}",
        "started_us": _FIRST_US + number * _DAY_US,
        "operation": "chat",
        "key_id": KEY_ID,
        "key_name": "alice",
        "user": "alice@school.test",
        "team": "physics",
        "chain": f'["{KEY_ID}"]',
        "client_ip": "127.0.0.1",
        "client_tool": "curl",
        "requested_model": f"{provider}/{model}",
        "provider": provider,
        "model": model,
        "stream": number % 3 == 0,
        "status": 502 if number == 3 else 200,
        "end_reason": "provider_error" if number == 3 else "completed",
        "error_code": "provider_error" if number == 3 else "",
        "input_tokens": 0 if number == 3 else 10 + number,
        "output_tokens": 0 if number == 3 else 3 * number,
        "estimated": False,
        "cost_nano_usd": None if nano is None else nano * (10 + number),
        "latency_us": 900_000 + number,
        "first_token_us": 300_000,
        "bytes_in": 100,
        "bytes_out": 200,
        "count": 1,
    }
    for number in range(5)
    for provider, model, nano in [_MODELS[number % 2]]
)
_GROUP: Final = ("key_id", "user", "team", "provider", "model")


def first_rows() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what stood in a database of the very first revision, as (table, values)."""
    digest = hashlib.sha256(KEY.encode()).digest()
    key = {"id": KEY_ID, "name": "alice", "digest": digest, "role": "inferrer", "team": "physics", "enabled": True}
    yield "tr_keys", {**key, "user": "alice@school.test", "created_at_s": 1.0, "hint": "tr_upg…ghij"}
    yield from (("tr_ledger", row) for row in ROWS)
    yield from (("tr_usage_daily", row) for row in _sums("day", 10))
    yield "tr_meta", {"name": "catalog", "value": 3}


def later_rows() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what stood in one of the revision 0021."""
    for table, values in first_rows():
        yield table, {**values, "allowed_models": "[]", "allowed_ips": "[]"} if table == "tr_keys" else values
    yield from (("tr_usage_monthly", row) for row in _sums("month", 7))
    yield "tr_teams", {"id": "team_physics", "name": "physics", "enabled": True, "created_at_s": 1.0}
    limit = {"id": "key:alice|requests|lifetime", "scope": "key:alice", "metric": "requests", "window": "lifetime"}
    more = {"week_start": 0, "amount": 1000, "mode": "hard", "boost_until_s": 0.0, "created_at_s": 1.0}
    yield "tr_limits", {**limit, **more, "handle": "lim_1", "words": "key:alice\n"}


def write_rows(connection: Connection, rows: Iterator[tuple[str, Mapping[str, Any]]]) -> None:
    """Write rows by plain SQL."""
    for table, values in rows:
        columns = ", ".join(f'"{name}"' for name in values)
        places = ", ".join(f":{name}" for name in values)
        connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), dict(values))


def _sums(period: str, chars: int) -> list[dict[str, Any]]:
    """Return the sums of the rows by day or month."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in ROWS:
        day = _day(row["started_us"])[:chars]
        group = (day, *(row[name] for name in _GROUP))
        sums = found.setdefault(
            group,
            {
                period: day,
                **{name: row[name] for name in _GROUP},
                "key_name": row["key_name"],
                **dict.fromkeys(_SUMS, 0),
            },
        )
        is_unpriced = row["cost_nano_usd"] is None and row["input_tokens"] + row["output_tokens"] > 0
        added = (1, int(row["status"] >= 400), row["input_tokens"], row["output_tokens"], row["cost_nano_usd"] or 0)
        for name, amount in zip(_SUMS, (*added, int(is_unpriced)), strict=True):
            sums[name] += amount
    return list(found.values())


_SUMS: Final = ("requests", "failed", "input_tokens", "output_tokens", "cost_nano_usd", "unpriced_requests")


def _day(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d")
