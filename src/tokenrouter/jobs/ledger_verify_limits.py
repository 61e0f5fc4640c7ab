"""What limits have used, counted again from rows, balances and adjustments, and compared with what is kept.

Only what still matters is looked at: windows from which counters are restored, of limits that are in force, whose rows
are all there. Where rows were deleted, balances no longer know when exactly something was used, and need not for a
lifetime. Counters that nobody is held to any more (of keys that are gone, of templates that another limit has
replaced) are counted as unchecked.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import Connection

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.limits import Limit, LimitTable
from tokenrouter.domain.periods import Period
from tokenrouter.jobs.ledger_verify_days import Difference
from tokenrouter.jobs.limit_use import ChargeReader, kept_since_us
from tokenrouter.store.adjustments import adjustments_of
from tokenrouter.store.balances import balances_since, closed_until
from tokenrouter.store.limit_use import LimitCharge, covered_in, first_uses, has_carried, limit_use
from tokenrouter.store.rollups import replace_limit_use

TABLE: Final = "tr_limit_use"

_REACH_BACK: Final = ("lifetime", "interval")
"""Windows that rows of any age may be in: the first interval has what came before it, too."""

Counter = tuple[str, str, int]
"""Limit id, concrete scope, start of the window in microseconds."""


class KeyNames:
    """What keys are called: as the Catalog says, and those that are gone as their rows say."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = dict(names)
        self._living = frozenset(names.values())

    def __call__(self, key_id: str) -> str:
        """Return the name of a key; its id where nobody knows it any more."""
        return self._names.get(key_id, key_id)

    def learn(self, entry: LedgerEntry) -> None:
        """Remember what the row calls its key."""
        if entry.key_id not in self._names:
            self._names[entry.key_id] = entry.key_name

    def is_gone(self, scope: str) -> bool:
        """Return whether `scope` is that of a key that is not in the Catalog."""
        kind, _, name = scope.partition(":")
        return kind == "key" and name not in self._living


class LimitCheck:
    """Counts what rows use of limits; `finish` compares, when every row was taken in.

    Attributes:
        counters: windows that were compared.
        unchecked: limits and counters that could not be compared.
    """

    def __init__(
        self, connection: Connection, limits: LimitTable, names: KeyNames, period: Period, now_s: float
    ) -> None:
        """Limits that need rows from outside of `period` are not compared."""
        self._connection = connection
        self._table = limits
        self._names = names
        closed_us = closed_until(connection)
        self._first_us = first_uses(connection)
        self._has_all_rows = not closed_us and not period.since_us
        self._reader = ChargeReader(limits, names, self._first_use)
        reaching_back = LimitTable(limit for limit in limits if limit.window.kind in _REACH_BACK)
        self._reader_of_old = ChargeReader(reaching_back, names, self._first_use)
        covered = covered_in(connection)
        counted = [limit for limit in limits if limit.metric != "concurrency"]
        self._limits = {
            limit.id: limit
            for limit in counted
            if limit.id in covered and _can_be_counted(limit, period, now_s, closed_us)
        }
        self._since_us = {
            limit.id: 0 if limit.window.kind == "lifetime" else max(kept_since_us(limit, now_s), closed_us)
            for limit in self._limits.values()
        }
        short = (self._since_us[limit.id] for limit in self._limits.values() if limit.window.kind not in _REACH_BACK)
        self._recent_us = min(short, default=sys.maxsize)
        self._used: dict[Counter, int] = {}
        self.counters = 0
        self.unchecked = len(counted) - len(self._limits)

    def add(self, entry: LedgerEntry) -> None:
        """Count a row."""
        self._names.learn(entry)
        if self._limits:
            reader = self._reader if entry.started_us >= self._recent_us else self._reader_of_old
            self._count(reader.charges_of(entry))

    def finish(self, *, repairs: bool = False) -> Iterator[Difference]:
        """Yield every counter that is not what was counted; `repairs` sets them right."""
        self._add_balances()
        self._add_adjustments()
        kept = self._kept()
        wrong: list[LimitCharge] = []
        for counter in sorted(kept.keys() | self._used.keys()):
            if not self._is_asked_for(counter) or not self._is_known(counter):
                self.unchecked += 1
                continue
            self.counters += 1
            counted = self._used.get(counter, 0)
            if kept.get(counter, 0) == counted:
                continue
            if has_carried(self._connection, counter[0], counter[1]):
                self.unchecked += 1
                continue
            wrong.append(LimitCharge(*counter, counted))
            yield Difference(TABLE, _subject(counter), "used", kept.get(counter), counted)
        if repairs:
            replace_limit_use(self._connection, wrong)

    def _add_balances(self) -> None:
        lifetimes = {limit.id for limit in self._limits.values() if limit.window.kind == "lifetime"}
        for balance in balances_since(self._connection, 0) if lifetimes else ():
            self._names.learn(balance.entry)
            charges = self._reader.charges_of(balance.entry, balance.admitted)
            self._count(charge for charge in charges if charge.limit_id in lifetimes)

    def _add_adjustments(self) -> None:
        for one in adjustments_of(self._connection, sorted(self._limits)):
            start_us = self._reader.window_of(self._limits[one.limit_id], one.scope, one.at_us)
            self._count([LimitCharge(one.limit_id, one.scope, start_us, one.used)])

    def _count(self, charges: Iterable[LimitCharge]) -> None:
        for charge in charges:
            if charge.window_start_us >= self._since_us.get(charge.limit_id, sys.maxsize):
                counter = (charge.limit_id, charge.scope, charge.window_start_us)
                self._used[counter] = self._used.get(counter, 0) + charge.amount

    def _kept(self) -> dict[Counter, int]:
        return {
            (limit_id, scope, start_us): used
            for (limit_id, scope), windows in limit_use(self._connection).items()
            for start_us, used in windows.items()
            if start_us >= self._since_us.get(limit_id, sys.maxsize)
        }

    def _is_asked_for(self, counter: Counter) -> bool:
        """Return whether somebody is held to a counter now."""
        limit, scope = self._limits[counter[0]], counter[1]
        if self._names.is_gone(scope):
            return False
        return not limit.scope.endswith(":*") or limit in self._table.of(scope)

    def _is_known(self, counter: Counter) -> bool:
        """Return whether all rows of a window are there; the first of an interval has those from before it too."""
        limit_id, scope, start_us = counter
        return self._has_all_rows or self._first_us.get((limit_id, scope)) != start_us

    def _first_use(self, limit_id: str, scope: str, used_us: int) -> int:
        return self._first_us.get((limit_id, scope), used_us)


def _can_be_counted(limit: Limit, period: Period, now_s: float, closed_us: int) -> bool:
    """Return whether the rows of `period`, and balances where rows are gone, say what a limit has used."""
    reaches_now = period.until_us is None or period.until_us > now_s * 1e6
    address_lost = closed_us > 0 and limit.window.kind == "lifetime" and limit.scope.startswith("ip:")
    return reaches_now and kept_since_us(limit, now_s) >= period.since_us and not address_lost


def _subject(counter: Counter) -> str:
    limit_id, scope, start_us = counter
    return f"{limit_id} of {scope}" + (f" since {start_us}" if start_us else "")
