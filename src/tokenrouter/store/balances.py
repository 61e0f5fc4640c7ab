"""Balances: what ledger rows had used that are no longer kept.

`used` of a limit is the sum of everything since its window began, also for a limit that is made when the rows of that
time are gone. So rows are summed up by month and by everyone and everything that a limit may be about, in the
transaction that deletes them. What is lost is the moment (a balance counts as used when its last row began: a window
never sees less than was used in it) and the client's address.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select

from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.store.bulk import add_rows
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.ledger import DAILY_SUMS, daily_amounts, utc_day
from tokenrouter.store.schema import BALANCE_KEY, TOKEN_KINDS, tr_balances

CLOSED_UNTIL: Final = "ledger_closed_until_us"


@dataclass(frozen=True, slots=True)
class Balance:
    """What some rows of one month had used together.

    Attributes:
        period: the UTC month, `2026-02`.
        requests, failed, unpriced_requests: as in the daily sums.
        admitted: whether they got past their limits; those that did not use nothing of any.
        entry: their tokens and cost as one row, which began when the last of them did.
        first_us, last_us: when the first and the last of them began.
    """

    period: str
    requests: int
    failed: int
    unpriced_requests: int
    admitted: bool
    entry: LedgerEntry
    first_us: int
    last_us: int


def add_to_balances(
    connection: Connection, entries: Iterable[LedgerEntry], was_admitted: Callable[[LedgerEntry], bool]
) -> None:
    """Add `entries`, which the caller deletes in the same transaction, and note up to when rows may be missing."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    rest: dict[tuple[Any, ...], tuple[str, int, int]] = {}
    closed_until_us = closed_until(connection)
    for entry in entries:
        group = (*_group(entry), entry.count <= 1 and was_admitted(entry))
        amounts = daily_amounts(entry)
        sums[group] = list(map(int.__add__, sums.get(group, (0,) * len(amounts)), amounts))
        _, first_us, last_us = rest.get(group, ("", entry.started_us, entry.started_us))
        rest[group] = (entry.key_name, min(first_us, entry.started_us), max(last_us, entry.started_us))
        closed_until_us = max(closed_until_us, entry.started_us + 1)
    rows = [(*group, *total, *rest[group]) for group, total in sums.items()]
    bounds = {"least": ("first_us",), "most": ("last_us",)}
    add_rows(connection, tr_balances, BALANCE_KEY, DAILY_SUMS, rows, replaced=("key_name",), **bounds)
    write_fact(connection, CLOSED_UNTIL, str(closed_until_us))


def closed_until(connection: Connection) -> int:
    """Return the time in microseconds before which rows may be missing from the ledger; 0 where none are."""
    return int(read_fact(connection, CLOSED_UNTIL) or "0")


def balances_since(connection: Connection, since_us: int) -> Iterator[Balance]:
    """Yield the balances of which something began at `since_us` or later, in no order."""
    for row in connection.execute(select(tr_balances).where(tr_balances.c.last_us >= since_us)).mappings():
        yield _balance(row)


def _group(entry: LedgerEntry) -> tuple[str, ...]:
    """Return by whom and where `entry` was made, in the order of `BALANCE_KEY`."""
    return (
        utc_day(entry.started_us)[:7],
        entry.key_id,
        entry.user,
        entry.team,
        entry.provider,
        entry.model,
        entry.alias,
        json.dumps(entry.chain),
    )


def _balance(row: RowMapping) -> Balance:
    entry = LedgerEntry(
        id="",
        started_us=row["last_us"],
        operation="passthrough",
        **{name: row[name] for name in (*BALANCE_KEY[1:-2], "key_name")},
        chain=tuple(json.loads(row["chain"])),
        status=200,
        end_reason="completed",
        usage=Usage(**{kind: row[kind] for kind in TOKEN_KINDS}),
        cost_nano_usd=row["cost_nano_usd"],
    )
    figures = ("requests", "failed", "unpriced_requests", "admitted", "first_us", "last_us")
    return Balance(period=row["period"], entry=entry, **{name: row[name] for name in figures})
