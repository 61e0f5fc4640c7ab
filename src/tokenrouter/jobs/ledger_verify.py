"""Whether everything that is derived from the ledger still says what the ledger's rows say.

One pass over the rows, in the order of time and in one snapshot, works out again what they cost, what their days sum up
to, and what limits have used of them. What runs beside does no harm: rows and what follows from them are written in one
transaction, so a snapshot has both or neither, and what is still in a journal is in none of them.

Rows themselves are never changed, so a wrong cost stays told until its row is old.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from sqlalchemy import Connection

from tokenrouter.domain.catalog import Catalog
from tokenrouter.domain.limits import LimitTable
from tokenrouter.domain.periods import ALWAYS, Period
from tokenrouter.jobs.ledger_verify_activity import ActivityCheck
from tokenrouter.jobs.ledger_verify_costs import CostCheck, PriceOf
from tokenrouter.jobs.ledger_verify_days import DayCheck, Difference, MonthCheck
from tokenrouter.jobs.ledger_verify_limits import KeyNames, LimitCheck
from tokenrouter.jobs.ledger_verify_sums import check_months
from tokenrouter.store.balances import closed_until
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter
from tokenrouter.store.ledger_rows import snapshot_pages

MAX_TOLD: Final = 10_000
"""Differences that are kept to be told; all are counted."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the ledger is checked by: prices, limits and names of keys as they are now."""

    limits: LimitTable
    key_names: Mapping[str, str]
    price_of: PriceOf


@dataclass(slots=True)
class Findings:
    """What was found, and how much was looked at.

    Attributes:
        differences: the first `MAX_TOLD` of `count`.
        lasting: how many of `count` no repair sets right.
        unpriced_rows: rows that used tokens for which no price was known.
        priced_otherwise: rows whose cost cannot be worked out any more (`ledger_verify_costs.py`).
        unchecked_limits: limits and counters that could not be compared.
        is_complete: whether everything in the period was looked at; if not, time was up.
    """

    differences: list[Difference] = field(default_factory=list)
    count: int = 0
    lasting: int = 0
    rows: int = 0
    days: int = 0
    months: int = 0
    counters: int = 0
    costs: int = 0
    unpriced_rows: int = 0
    priced_otherwise: int = 0
    unchecked_limits: int = 0
    is_complete: bool = True

    def add(self, found: Iterable[Difference]) -> None:
        """Count what was found, and keep some of it."""
        for difference in found:
            self.count += 1
            self.lasting += not difference.is_derived
            if len(self.differences) < MAX_TOLD:
                self.differences.append(difference)


def rules_of(catalog: Catalog, price_of: PriceOf) -> Rules:
    """Return the rules of a Catalog, whose prices `price_of` finds."""
    return Rules(LimitTable(catalog.limits), {key.id: key.name for key in catalog.keys}, price_of)


def verify(
    store: Store, rules: Rules, period: Period = ALWAYS, *, now_s: float, longest_s: float = float("inf")
) -> Findings:
    """Compare, changing nothing; after `longest_s` seconds with what there was time for.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database is away.
    """
    with store.read() as connection:
        return _Check(connection, rules, period, now_s, time.monotonic() + longest_s, repairs=False).run()


def repair(store: Store, rules: Rules, period: Period = ALWAYS, *, now_s: float) -> Findings:
    """Set sums and use of limits right, in one transaction; return what differed before, wrong costs included.

    Nothing else is written meanwhile: journals wait. Counters of running processes follow at their next start.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database is away; nothing was changed.
    """
    with store.write() as connection:
        return _Check(connection, rules, period, now_s, float("inf"), repairs=True).run()


class _Check:
    """One pass."""

    def __init__(
        self, connection: Connection, rules: Rules, period: Period, now_s: float, until_s: float, *, repairs: bool
    ) -> None:
        closed_us = closed_until(connection)
        self._connection = connection
        self._period = period
        self._until_s = until_s
        self._repairs = repairs
        self._days = DayCheck(connection, period, closed_us, repairs=repairs)
        self._months = MonthCheck(connection, period, closed_us)
        self._activity = ActivityCheck(connection, period, closed_us, repairs=repairs)
        self._costs = CostCheck(rules.price_of)
        self._limits = LimitCheck(connection, rules.limits, KeyNames(dict(rules.key_names)), period, now_s)
        self._findings = Findings()

    def run(self) -> Findings:
        """Look at every row, then at what is kept without one."""
        findings = self._findings
        wanted = LedgerFilter(since_us=self._period.since_us, until_us=self._period.until_us)
        for page in snapshot_pages(self._connection, wanted):
            for entry in page:
                if not self._months.takes(entry):
                    findings.add(self._days.add(entry))
                findings.add(self._activity.add(entry))
                self._limits.add(entry)
                findings.add(self._costs.add(entry))
            findings.rows += len(page)
            if time.monotonic() > self._until_s:
                findings.is_complete = False
                break
        else:
            findings.add(self._rest())
        return self._counted(findings)

    def _rest(self) -> Iterator[Difference]:
        return chain(
            self._days.finish(),
            self._months.finish(),
            check_months(self._connection, self._period, self._days.odd_months, repairs=self._repairs),
            self._activity.finish(),
            self._limits.finish(repairs=self._repairs),
        )

    def _counted(self, findings: Findings) -> Findings:
        findings.days, findings.months = self._days.days, self._months.months
        findings.counters, findings.unchecked_limits = self._limits.counters, self._limits.unchecked
        findings.costs, findings.priced_otherwise = self._costs.checked, self._costs.otherwise
        findings.unpriced_rows = self._costs.unpriced
        return findings
