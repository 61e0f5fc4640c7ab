"""How much of each limit is used, by window: what the counters in memory are restored from.

Rows are only ever added to, in the transaction that writes the ledger rows they come from, so they
equal the ledger whatever happens in between. That holds for the limits that are *covered*: a limit that is
new is filled from the ledger once, and one that is gone is forgotten, since its rows would not grow.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from tokenrouter.store.engine import Store
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.schema import tr_limit_use, tr_settings

_COVERED: Final = "covered_limits"
_CARRIED: Final = "carried_use"


@dataclass(frozen=True, slots=True)
class LimitCharge:
    """`amount` used of one counter, in the window that starts at `window_start_us` (0 for lifetime)."""

    limit_id: str
    scope: str
    window_start_us: int
    amount: int


UseByWindow = Mapping[tuple[str, str], Mapping[int, int]]
"""(limit id, concrete scope) → window start in microseconds → used."""


def add_limit_use(connection: Connection, charges: Iterable[LimitCharge]) -> None:
    """Add `charges` to their counters."""
    sums: dict[tuple[str, str, int], int] = {}
    for charge in charges:
        counter = (charge.limit_id, charge.scope, charge.window_start_us)
        sums[counter] = sums.get(counter, 0) + charge.amount
    for (limit_id, scope, start_us), amount in sums.items():
        counter_row = and_(
            tr_limit_use.c.limit_id == limit_id,
            tr_limit_use.c.scope == scope,
            tr_limit_use.c.window_start_us == start_us,
        )
        raised = connection.execute(update(tr_limit_use).where(counter_row).values(used=tr_limit_use.c.used + amount))
        if raised.rowcount == 0:
            connection.execute(
                insert(tr_limit_use).values(limit_id=limit_id, scope=scope, window_start_us=start_us, used=amount)
            )


def limit_use(connection: Connection) -> UseByWindow:
    """Return every counter that is kept, with all its windows."""
    use: dict[tuple[str, str], dict[int, int]] = {}
    for row in connection.execute(select(tr_limit_use)):
        use.setdefault((row.limit_id, row.scope), {})[row.window_start_us] = row.used
    return use


def carry_use(store: Store, charges: Iterable[LimitCharge], *, now_s: float) -> None:
    """Apply use that an older configuration brings along: each counter once in the life of the database."""
    with store.write() as connection:
        for charge in charges:
            mark = f"{_CARRIED}/{charge.limit_id}/{charge.scope}"
            if read_fact(connection, mark) is None:
                add_limit_use(connection, [charge])
                write_fact(connection, mark, str(int(now_s)))


def covered_limits(store: Store) -> frozenset[str]:
    """Return the ids of the limits whose rows equal the ledger."""
    with store.read() as connection:
        noted = read_fact(connection, _COVERED)
        if noted is not None:
            return frozenset(json.loads(noted))
        return frozenset(connection.execute(select(tr_limit_use.c.limit_id).distinct()).scalars())


def cover_limits(store: Store, limit_ids: frozenset[str], charges: Iterable[LimitCharge]) -> None:
    """Note that exactly `limit_ids` are covered from now on, and add `charges`, the use of those that are new.

    What was carried over to a limit that is gone may be carried over again should it come back.
    """
    gone = covered_limits(store) - limit_ids
    with store.write() as connection:
        for limit_id in gone:
            connection.execute(delete(tr_limit_use).where(tr_limit_use.c.limit_id == limit_id))
            marks = tr_settings.c.key.startswith(f"{_CARRIED}/{limit_id}/", autoescape=True)
            connection.execute(delete(tr_settings).where(marks))
        add_limit_use(connection, charges)
        write_fact(connection, _COVERED, json.dumps(sorted(limit_ids)))


def forget_windows(store: Store, ended: Iterable[tuple[str, int]]) -> None:
    """Delete windows that nobody asks for any more: for each (limit id, start) what began before `start`.

    Lifetime windows (start 0) are never deleted.
    """
    use = tr_limit_use.c
    old = [and_(use.limit_id == limit_id, use.window_start_us < start) for limit_id, start in ended]
    if not old:
        return
    with store.write() as connection:
        connection.execute(delete(tr_limit_use).where(use.window_start_us > 0, or_(*old)))
