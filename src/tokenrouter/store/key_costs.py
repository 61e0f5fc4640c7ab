"""What each key used of each model, of all time or between two moments: for bills by person.

Without bounds it reads the sums by month; with them the ledger itself, by its index of time, since sums know no hours.
Where the ledger's old rows were deleted (`retention`), only the former still has them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, select

from tokenrouter.domain.ledger import DELIVERED
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_ledger, tr_usage_monthly

_rows = tr_ledger.c
_months = tr_usage_monthly.c


@dataclass(frozen=True, slots=True)
class KeyCost:
    """What one key used of one model, as it was sent upstream. `requests` are those that were answered."""

    key_id: str
    key_name: str
    model: str
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0


def key_costs(store: Store, *, since_us: int | None = None, until_us: int | None = None) -> Iterator[KeyCost]:
    """Yield the sums of what began from `since_us` to `until_us`, both included, in microseconds since the epoch."""
    query = _of_all_time() if since_us is None and until_us is None else _between(since_us, until_us)
    with store.read() as connection:
        for key_id, key_name, model, *sums in connection.execute(query):
            yield KeyCost(key_id, key_name, model, *map(int, sums))


def _of_all_time() -> Select[Any]:
    answered = func.sum(_months.requests - _months.failed)
    tokens = (func.sum(column) for column in (_months.input_tokens, _months.output_tokens, _months.cached_input_tokens))
    group = (_months.key_id, _months.model)
    return select(_months.key_id, func.max(_months.key_name), _months.model, answered, *tokens).group_by(*group)


def _between(since_us: int | None, until_us: int | None) -> Select[Any]:
    answered = func.sum(case((_rows.end_reason.in_(sorted(DELIVERED)), _rows["count"]), else_=0))
    tokens = (func.sum(column) for column in (_rows.input_tokens, _rows.output_tokens, _rows.cached_input_tokens))
    query = select(_rows.key_id, func.max(_rows.key_name), _rows.model, answered, *tokens)
    if since_us is not None:
        query = query.where(_rows.started_us >= since_us)
    if until_us is not None:
        query = query.where(_rows.started_us <= until_us)
    return query.group_by(_rows.key_id, _rows.model)
