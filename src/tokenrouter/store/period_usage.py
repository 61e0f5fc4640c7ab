"""What was used in the last hours, slot by slot: by provider, requested model, client and key.

The sums by day know no hours, clients or speeds, so this reads the rows of the ledger themselves, by the index of their
time. What it costs grows with the requests of the period, so a period has a bound.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, cast, func, select
from sqlalchemy.types import Float

from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_ledger

MAX_PERIOD_S: Final = 366 * 86_400
MAX_BUCKETS: Final = 20_000
"""Most buckets in one answer, the newest ones: more is a job for the ledger's export."""
MIN_PHASE_US: Final = 250_000
MAX_TOKENS_PER_S: Final = 2000.0
"""As TokenRouter-Go has it: what took less than a quarter of a second says nothing of a speed, and none is higher."""
_US: Final = 1_000_000

_SUMS: Final = (
    "requests",
    "failed",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "latency_us",
    "prompt_tps",
    "generation_tps",
)
_GROUP: Final = ("provider", "model", "requested_model", "client_tool", "client_ip", "key_name")


@dataclass(frozen=True, slots=True)
class PeriodSums:
    """What some requests used together. Latencies and tokens per second are sums over them, not averages."""

    requests: int = 0
    failed: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    latency_us: int = 0
    prompt_tps: float = 0.0
    generation_tps: float = 0.0


@dataclass(frozen=True, slots=True)
class PeriodBucket:
    """The sums of one slot of time for one client, key and model; `start_s` is seconds since the epoch."""

    start_s: int
    provider: str
    model: str
    requested_model: str
    client_tool: str
    client_ip: str
    key_name: str
    sums: PeriodSums


def period_sums(store: Store, since_us: int, *, key_id: str = "") -> PeriodSums:
    """Return what was used since `since_us`, by one key or by all."""
    query = _since(select(*_sums()), since_us, key_id)
    with store.read() as connection:
        return _read_sums(connection.execute(query).one())


def period_buckets(store: Store, since_us: int, slot_s: int) -> list[PeriodBucket]:
    """Return what was used since `since_us` in slots of `slot_s` seconds, the oldest first."""
    columns = tr_ledger.c
    slot = (columns.started_us // (slot_s * _US)).label("slot")
    group = [columns[name] for name in _GROUP]
    query = _since(select(slot, *group, *_sums()), since_us).group_by(slot, *group)
    newest = query.order_by(slot.desc(), *group).limit(MAX_BUCKETS)
    with store.read() as connection:
        rows = connection.execute(newest).all()
    return [_read_bucket(row, slot_s) for row in reversed(rows)]


def _since(query: Select[Any], since_us: int, key_id: str = "") -> Select[Any]:
    query = query.where(tr_ledger.c.started_us >= since_us)
    return query.where(tr_ledger.c.key_id == key_id) if key_id else query


def _sums() -> list[ColumnElement[Any]]:
    columns = tr_ledger.c
    failed = case((columns.status >= 400, columns.count), else_=0)
    first_us, rest_us = columns.first_token_us, columns.latency_us - columns.first_token_us
    answered = columns.status.between(200, 299) & (columns.count == 1)
    speeds = (
        case((answered, _speed(columns.input_tokens, case((first_us > 0, first_us), else_=rest_us))), else_=0.0),
        case((answered, _speed(columns.output_tokens, rest_us)), else_=0.0),
    )
    parts = (columns.count, failed, *(columns[name] for name in _SUMS[2:6]), *speeds)
    return [func.coalesce(func.sum(part), 0).label(name) for name, part in zip(_SUMS, parts, strict=True)]


def _speed(tokens: ColumnElement[int], phase_us: ColumnElement[int]) -> ColumnElement[float]:
    """Return tokens per second, bounded; what has no first token of its own took all of the time."""
    per_s = cast(tokens, Float) * _US / case((phase_us > MIN_PHASE_US, phase_us), else_=MIN_PHASE_US)
    return case((per_s > MAX_TOKENS_PER_S, MAX_TOKENS_PER_S), else_=per_s)


def _read_bucket(row: Any, slot_s: int) -> PeriodBucket:
    names: dict[str, str] = {name: getattr(row, name) for name in _GROUP}
    return PeriodBucket(start_s=row.slot * slot_s, sums=_read_sums(row), **names)


def _read_sums(row: Any) -> PeriodSums:
    counts = {name: int(getattr(row, name)) for name in _SUMS[:6]}
    return PeriodSums(**counts, prompt_tps=float(row.prompt_tps), generation_tps=float(row.generation_tps))
