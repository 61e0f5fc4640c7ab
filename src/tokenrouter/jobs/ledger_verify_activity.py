"""The sums by hour, day and month of one dimension at a time, worked out again from the ledger's rows and compared.

Rows come in the order of time, so no more than one day is summed up at once. Days whose rows are deleted are left as
they are: what is left of those rows knows neither hours nor addresses. Months are compared with their days.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.periods import Period
from tokenrouter.jobs.ledger_verify_days import Difference
from tokenrouter.store.activity_books import (
    is_kept,
    kept_days,
    kept_months,
    kept_of_day,
    month_and_its_days,
    next_month,
    remake_month,
    replace_day,
    speeds_of_day,
)
from tokenrouter.store.activity_sums import ActivitySums, Amounts, Slot, month_of
from tokenrouter.store.schema import ACTIVITY_SUMS, SPEED_SUMS

TABLE: Final = "tr_activity"
SPEEDS: Final = "tr_speeds"
DAY_US: Final = 86_400_000_000


class ActivityCheck:
    """Compares day after day. Rows must come in the order of time; `finish` ends the last day, and looks at months."""

    def __init__(self, connection: Connection, period: Period, closed_us: int, *, repairs: bool = False) -> None:
        """Only days and months that lie in `period` as a whole are looked at, days if they begin after `closed_us`.

        `repairs` sets right what differs.
        """
        self._connection = connection
        self._period = period
        self._with_rows = replace(period, since_us=max(period.since_us, closed_us))
        self._repairs = repairs
        self._is_kept = is_kept(connection)
        until_s = None if period.until_us is None else period.until_us // 1_000_000
        days = kept_days(connection, self._with_rows.since_us // 1_000_000, until_s)
        self._kept = iter(days)
        self._next = next(self._kept, None)
        self._day_s = -1
        self._sums = ActivitySums()
        self._odd_months: set[int] = set()

    def add(self, entry: LedgerEntry) -> Iterator[Difference]:
        """Take in a row; yield what is wrong with the days before it, once they are complete."""
        day_s = entry.started_us // DAY_US * 86_400
        if day_s != self._day_s:
            yield from self._end_day()
            yield from self._unsupported_before(day_s)
            self._day_s = day_s
        self._sums.add(entry)

    def finish(self) -> Iterator[Difference]:
        """Yield what is wrong with the last day, with those after it that have no rows, and with months."""
        yield from self._end_day()
        yield from self._unsupported_before(None)
        yield from self._months()

    def _end_day(self) -> Iterator[Difference]:
        if self._day_s < 0:
            return
        if self._next == self._day_s:
            self._next = next(self._kept, None)
        found, self._sums = self._sums, ActivitySums()
        yield from self._compare(self._day_s, found)

    def _unsupported_before(self, day_s: int | None) -> Iterator[Difference]:
        """Yield what is kept of days that have no row."""
        while self._next is not None and (day_s is None or self._next < day_s):
            gone, self._next = self._next, next(self._kept, None)
            yield from self._compare(gone, ActivitySums())

    def _compare(self, day_s: int, found: ActivitySums) -> Iterator[Difference]:
        if not _lies_in(day_s, day_s + 86_400, self._with_rows):
            return
        counted = found.finish().without(lambda slot: slot[0] == "month" or not self._is_kept(slot))
        speeds = {slot: tuple(counts) for slot, counts in counted.speeds.items()}
        kept = {slot: sums for slot, sums in kept_of_day(self._connection, day_s).items() if self._is_kept(slot)}
        told = [
            *_differences(TABLE, ACTIVITY_SUMS, kept, counted.sums),
            *_differences(SPEEDS, SPEED_SUMS, speeds_of_day(self._connection, day_s), speeds),
        ]
        yield from told
        if told:
            self._odd_months.add(month_of(day_s))
        if told and self._repairs:
            replace_day(self._connection, day_s, counted)

    def _months(self) -> Iterator[Difference]:
        """Yield months that are not what their days are; those of which days are wrong are set right with them."""
        for month_s in kept_months(self._connection):
            if month_s in self._odd_months or not _lies_in(month_s, next_month(month_s), self._period):
                continue
            told = list(_differences(TABLE, ACTIVITY_SUMS, *month_and_its_days(self._connection, month_s)))
            yield from told
            if told and self._repairs:
                remake_month(self._connection, month_s)


def _differences(
    table: str, fields: tuple[str, ...], kept: Mapping[Slot, Amounts], counted: Mapping[Slot, Amounts]
) -> Iterator[Difference]:
    """Yield every sum that is not what was counted; no row says as much as zeros."""
    for slot in sorted(slot for slot in kept.keys() | counted.keys() if kept.get(slot) != counted.get(slot)):
        is_kept, said = kept.get(slot), counted.get(slot)
        for index, field in enumerate(fields):
            here = None if is_kept is None else is_kept[index]
            there = None if said is None else said[index]
            if (here or 0) != (there or 0):
                yield Difference(table, _subject(slot), field, here, there)


def _subject(slot: Slot) -> str:
    step, dimension, slot_s, name = slot
    start = datetime.fromtimestamp(slot_s, UTC).isoformat(timespec="minutes")
    return f"{step} {start.replace('+00:00', 'Z')} {dimension} {name}".rstrip()


def _lies_in(since_s: int, until_s: int, period: Period) -> bool:
    ends_in = period.until_us is None or until_s * 1_000_000 <= period.until_us
    return period.since_us <= since_s * 1_000_000 and ends_in
