"""What the ledger's rows used of limits, for counters that lie elsewhere and know some of those rows already.

Whoever restores such counters names the requests that they have counted since; their rows are left out, so that no
request counts twice, whichever of the two was written first.
"""

from collections.abc import Collection, Iterable, Mapping

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.limits import LimitTable
from tokenrouter.jobs.limit_use import ChargeReader, counter_pasts, limit_counters
from tokenrouter.limits.redis_restore import LedgerUse
from tokenrouter.store.adjustments import last_adjustment
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import rows_of
from tokenrouter.store.limit_use import UseByWindow, first_uses, limit_use

Counted = Mapping[str, Collection[str]]
"""Limit id → ids of the requests that its counters know."""


def limit_sums(
    store: Store, limits: LimitTable, limit_ids: Collection[str], counted: Counted, reader: ChargeReader, now_s: float
) -> LedgerUse:
    """Return what was used of `limit_ids` in the windows of now, and the past of their counters."""
    wanted = LimitTable([limit for limit in limits if limit.id in limit_ids])
    named = {request_id for name in limit_ids for request_id in counted.get(name, ())}
    with store.read() as connection:
        use = limit_use(connection)
        first_us = first_uses(connection)
        known = list(rows_of(connection, named))
        adjusted = last_adjustment(connection)
    rest = _without(use, known, counted, reader)
    return LedgerUse(limit_counters(rest, wanted, now_s), counter_pasts(use, first_us, wanted, now_s), adjusted)


def _without(use: UseByWindow, known: Iterable[LedgerEntry], counted: Counted, reader: ChargeReader) -> UseByWindow:
    """Return `use` less what the rows `known` used of limits that have counted them."""
    rest = {counter: dict(windows) for counter, windows in use.items()}
    for entry in known:
        for charge in reader.charges_of(entry):
            if entry.id in counted.get(charge.limit_id, ()):
                windows = rest.get((charge.limit_id, charge.scope), {})
                windows[charge.window_start_us] = windows.get(charge.window_start_us, 0) - charge.amount
    return rest
