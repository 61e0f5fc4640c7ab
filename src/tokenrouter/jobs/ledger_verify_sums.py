"""The sums by month, compared with those by day that they are made of."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from tokenrouter.domain.periods import Period
from tokenrouter.jobs.ledger_verify_days import Difference
from tokenrouter.store.ledger import DAILY_SUMS
from tokenrouter.store.rollups import kept_months, monthly_sums, remake_month

TABLE: Final = "tr_usage_monthly"
LAST_DAY: Final = "9999-12-31"


def check_months(
    connection: Connection, period: Period, told: Collection[str] = (), *, repairs: bool = False
) -> Iterator[Difference]:
    """Yield every sum of a month in `period` that is not that of its days; `repairs` sets right what differs.

    Months of which days are wrong have been `told` already, and were set right with their days.
    """
    kept, counted = monthly_sums(connection), kept_months(connection, LAST_DAY)
    differing = sorted(key for key in kept.keys() | counted.keys() if kept.get(key) != counted.get(key))
    odd = [(month, group) for month, group in differing if month not in told and _lies_in(month, period)]
    for month, group in odd:
        of_month, of_days = kept.get((month, group)), counted.get((month, group))
        for index, field in enumerate(DAILY_SUMS):
            is_kept = None if of_month is None else of_month[index]
            is_counted = None if of_days is None else of_days[index]
            if (is_kept or 0) != (is_counted or 0):
                yield Difference(TABLE, " ".join((month, *filter(None, group))), field, is_kept, is_counted)
    for month in sorted({month for month, _ in odd}) if repairs else ():
        remake_month(connection, month)


def _lies_in(month: str, period: Period) -> bool:
    first = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)
    end = (first + timedelta(days=31)).replace(day=1)
    return first.timestamp() * 1e6 >= period.since_us and (
        period.until_us is None or end.timestamp() * 1e6 <= period.until_us
    )
