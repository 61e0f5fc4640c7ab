"""What the ledger knows of conversations: what their requests used and cost, whatever it took to have them answered.

A request that was asked of several places has a row for each (`store/decisions.py`), and the conversation knows the
first one's id alone. A first row that counts no request says that another one does, so only for these it is looked
further: most requests have one row.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, func, select

from tokenrouter.domain.ledger import NanoUsd
from tokenrouter.store.decisions import MAX_ATTEMPTS, attempt_ids, request_of
from tokenrouter.store.schema import tr_conversation_records, tr_ledger

_records, _ledger = tr_conversation_records.c, tr_ledger.c
_SHOWN: Final = (
    "id",
    "started_us",
    "count",
    "provider",
    "model",
    "input_tokens",
    "output_tokens",
    "cost_nano_usd",
    "end_reason",
    "latency_us",
)


@dataclass(frozen=True, slots=True)
class Charge:
    """What the ledger knows of a request: who answered it in the end, and what all who were asked have used."""

    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_nano_usd: NanoUsd | None
    end_reason: str
    latency_us: int


@dataclass(frozen=True, slots=True)
class ChargedSum:
    """What the requests of a conversation have used and cost; the cost is None where no price was known of any."""

    tokens: int = 0
    cost_nano_usd: NanoUsd | None = None


def charged_sums(connection: Connection, conversation_ids: Collection[str]) -> dict[str, ChargedSum]:
    """Return what the ledger still knows of each of these conversations (at most a page of them)."""
    if not conversation_ids:
        return {}
    sums: dict[str, ChargedSum] = {}
    for asked in (_of_first_rows(conversation_ids), _of_further_rows(conversation_ids)):
        for row in connection.execute(asked):
            known = sums.get(row.conversation_id, ChargedSum())
            cost = None if row.cost is None else int(row.cost)
            sums[row.conversation_id] = ChargedSum(known.tokens + int(row.tokens), _added(known.cost_nano_usd, cost))
    return sums


def charges_of(connection: Connection, request_ids: Collection[str]) -> dict[str, Charge]:
    """Return what the ledger knows of each of these requests (a few dozen at a time), those that it has."""
    first = _rows(connection, request_ids)
    parts = [row["id"] for row in first if row["count"] == 0]
    further = _rows(connection, [one for part in parts for one in attempt_ids(part)[1:]])
    rows: dict[str, list[RowMapping]] = {row["id"]: [row] for row in first}
    for row in sorted(further, key=lambda row: _number(row["id"])):
        rows[request_of(row["id"])].append(row)
    return {request_id: _charge(some) for request_id, some in rows.items()}


def _of_first_rows(conversation_ids: Collection[str]) -> Select[Any]:
    return (
        select(_records.conversation_id, *_SUMS)
        .join(tr_ledger, _ledger.id == _records.id)
        .where(_records.conversation_id.in_(conversation_ids))
        .group_by(_records.conversation_id)
    )


def _of_further_rows(conversation_ids: Collection[str]) -> Select[Any]:
    first = tr_ledger.alias("first")
    further = [first.c.id.concat(f".{number}") for number in range(2, MAX_ATTEMPTS + 1)]
    return (
        select(_records.conversation_id, *_SUMS)
        .join(first, first.c.id == _records.id)
        .join(tr_ledger, _ledger.id.in_(further))
        .where(_records.conversation_id.in_(conversation_ids), first.c.count == 0)
        .group_by(_records.conversation_id)
    )


_SUMS: Final = (
    func.coalesce(func.sum(_ledger.input_tokens + _ledger.output_tokens), 0).label("tokens"),
    func.sum(_ledger.cost_nano_usd).label("cost"),
)


def _rows(connection: Connection, ids: Collection[str]) -> Sequence[RowMapping]:
    if not ids:
        return []
    asked = select(*(_ledger[name] for name in _SHOWN)).where(_ledger.id.in_(ids))
    return connection.execute(asked).mappings().all()


def _charge(rows: Sequence[RowMapping]) -> Charge:
    """Return what became of a request of these rows, the first attempt first."""
    last = next((row for row in reversed(rows) if row["count"]), rows[-1])
    cost: NanoUsd | None = None
    for row in rows:
        cost = _added(cost, row["cost_nano_usd"])
    return Charge(
        provider=last["provider"],
        model=last["model"],
        input_tokens=sum(row["input_tokens"] for row in rows),
        output_tokens=sum(row["output_tokens"] for row in rows),
        cost_nano_usd=cost,
        end_reason=last["end_reason"],
        latency_us=last["started_us"] + last["latency_us"] - rows[0]["started_us"],
    )


def _added(one: NanoUsd | None, other: NanoUsd | None) -> NanoUsd | None:
    return other if one is None else one if other is None else one + other


def _number(row_id: str) -> int:
    return int(row_id.partition(".")[2])
