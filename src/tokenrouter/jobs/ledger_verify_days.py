"""The daily sums, worked out again from the ledger's rows and compared with those that are kept.

Rows come in the order of time, so one day is summed up at once, and no more than its groups are held. Where rows were
deleted, days cannot be told apart any more: there the sums of a month are compared with its balance.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import Connection

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.periods import Period
from tokenrouter.store.balances import balances_since
from tokenrouter.store.ledger import DAILY_SUMS, daily_amounts, daily_group, utc_day
from tokenrouter.store.rollups import DaySums, Group, kept_days, kept_months, kept_sums, replace_sums

TABLE: Final = "tr_usage_daily"
DAY_US: Final = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is not what the rows say.

    Attributes:
        table: the table that keeps it.
        subject: the row or counter, in words.
        field: the column.
        kept: None where there is no such row.
        counted: None where the rows say that there is none.
        is_derived: whether it can be set right: rows are never changed, and of days without rows nobody knows enough.
    """

    table: str
    subject: str
    field: str
    kept: int | None
    counted: int | None
    is_derived: bool = True


class DaySum:
    """The sums of one day as the rows say."""

    def __init__(self) -> None:
        self.day = ""
        self.number = -1
        self.sums: dict[Group, list[int]] = {}
        self.key_names: dict[Group, str] = {}

    def begin(self, day: str, number: int = -1) -> None:
        """Forget all, and be the sums of another day, the `number`th since 1970."""
        self.day = day
        self.number = number
        self.sums.clear()
        self.key_names.clear()

    def add(self, entry: LedgerEntry) -> None:
        """Add a row of the day."""
        group: Group = daily_group(entry)
        amounts = daily_amounts(entry)
        total = self.sums.get(group)
        self.sums[group] = list(amounts) if total is None else list(map(int.__add__, total, amounts))
        self.key_names[group] = entry.key_name


class DayCheck:
    """Compares day after day. Rows must come in the order of time; `finish` ends the last day."""

    def __init__(self, connection: Connection, period: Period, closed_us: int, *, repairs: bool = False) -> None:
        """Only days that lie in `period` as a whole are looked at, and that begin at `closed_us` or later.

        `repairs` sets right what differs.
        """
        self._connection = connection
        self._period = replace(period, since_us=max(period.since_us, closed_us))
        self._repairs = repairs
        self._kept = iter(kept_days(connection, *_bounds(self._period)))
        self._next = next(self._kept, None)
        self._sum = DaySum()
        self.odd_months: set[str] = set()
        self.days = 0

    def add(self, entry: LedgerEntry) -> Iterator[Difference]:
        """Take in a row; yield what is wrong with the days before it, once they are complete."""
        number = entry.started_us // DAY_US
        if number != self._sum.number:
            day = utc_day(entry.started_us)
            yield from self._end_day()
            yield from self._unsupported_before(day)
            self._sum.begin(day, number)
        self._sum.add(entry)

    def finish(self) -> Iterator[Difference]:
        """Yield what is wrong with the last day, and with those after it that have no rows."""
        yield from self._end_day()
        yield from self._unsupported_before("9999-99-99")

    def _end_day(self) -> Iterator[Difference]:
        day = self._sum.day
        if day:
            if self._next == day:
                self._next = next(self._kept, None)
            yield from self._compare(day, {group: tuple(sums) for group, sums in self._sum.sums.items()})

    def _unsupported_before(self, day: str) -> Iterator[Difference]:
        """Yield what is kept of days that have no row."""
        while self._next is not None and self._next < day:
            gone, self._next = self._next, next(self._kept, None)
            self._sum.begin("")
            yield from self._compare(gone, {})

    def _compare(self, day: str, counted: DaySums) -> Iterator[Difference]:
        if not _lies_in(day, self._period):
            return
        self.days += 1
        kept = kept_sums(self._connection, day)
        if kept == counted:
            return
        self.odd_months.add(day[:7])
        for group in sorted(kept.keys() | counted.keys()):
            yield from differences(_subject(day, group), kept.get(group), counted.get(group))
        if self._repairs:
            replace_sums(self._connection, day, counted, self._sum.key_names)


class MonthCheck:
    """Compares months of which rows were deleted: their balances and what is left of their rows, with their days."""

    def __init__(self, connection: Connection, period: Period, closed_us: int) -> None:
        """Only days that begin before `closed_us` are looked at, and none if `period` does not hold them all."""
        self._connection = connection
        self._last_day = utc_day(closed_us - 1) if closed_us else ""
        self._until_us = -(-closed_us // DAY_US) * DAY_US
        self._is_whole = period.since_us == 0 and (period.until_us is None or period.until_us >= closed_us)
        self._sums: dict[tuple[str, Group], tuple[int, ...]] = {}
        self.months = 0

    def takes(self, entry: LedgerEntry) -> bool:
        """Take in a row if it is one of these days; return whether it is."""
        if entry.started_us >= self._until_us:
            return False
        self._add(utc_day(entry.started_us)[:7], daily_group(entry), daily_amounts(entry))
        return True

    def finish(self) -> Iterator[Difference]:
        """Yield what is wrong with the months."""
        if not self._last_day or not self._is_whole:
            return
        for balance in balances_since(self._connection, 0):
            amounts = (balance.requests, balance.failed, *daily_amounts(balance.entry)[2:-1], balance.unpriced_requests)
            self._add(balance.period, daily_group(balance.entry), amounts)
        kept = kept_months(self._connection, self._last_day)
        self.months = len({month for month, _ in kept.keys() | self._sums.keys()})
        for month, group in sorted(kept.keys() | self._sums.keys()):
            subject = _subject(f"{month} (to {self._last_day}, rows are deleted)", group)
            for one in differences(subject, kept.get((month, group)), self._sums.get((month, group))):
                yield replace(one, is_derived=False)

    def _add(self, month: str, group: Group, amounts: tuple[int, ...]) -> None:
        total = self._sums.get((month, group))
        self._sums[month, group] = amounts if total is None else tuple(map(int.__add__, total, amounts))


def differences(subject: str, kept: tuple[int, ...] | None, counted: tuple[int, ...] | None) -> Iterator[Difference]:
    """Yield every sum that is not what was counted; None is no row, and says as much as zeros."""
    for index, field in enumerate(DAILY_SUMS):
        is_kept = None if kept is None else kept[index]
        is_counted = None if counted is None else counted[index]
        if (is_kept or 0) != (is_counted or 0):
            yield Difference(TABLE, subject, field, is_kept, is_counted)


def _subject(day: str, group: Group) -> str:
    key_id, user, team, provider, model = group
    parts = {"key": key_id, "user": user, "team": team, "model": f"{provider}/{model}"}
    return " ".join([day, *(f"{name} {value}" for name, value in parts.items() if value.strip("/"))])


def _bounds(period: Period) -> tuple[str, str]:
    since = utc_day(period.since_us) if period.since_us else ""
    until = "" if period.until_us is None else utc_day(period.until_us - 1)
    return since, until


def _lies_in(day: str, period: Period) -> bool:
    start_us = (date.fromisoformat(day) - date(1970, 1, 1)).days * DAY_US
    ends_in = period.until_us is None or start_us + DAY_US <= period.until_us
    return period.since_us <= start_us and ends_in
