"""Ledger rows are kept for as many days as the operator wants, and summed up after that.

Whole UTC days go, oldest first, in small transactions with pauses between them: a gateway that was told today to keep
a month of its five years must not stand still for it.
"""

import time
from collections.abc import Callable
from typing import Final

from tokenrouter.jobs.limit_use import was_admitted
from tokenrouter.store.activity_books import trim_activity
from tokenrouter.store.engine import Store
from tokenrouter.store.retention import MAX_ROWS, delete_oldest_rows

PAUSE_S: Final = 0.05
"""Between two transactions, and at least as long as the one before took: others get half of the time or more."""
DAY_S: Final = 86_400


def delete_old_rows(
    store: Store,
    *,
    days: int,
    now_s: float,
    goes_on: Callable[[], bool] = lambda: True,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Delete rows that began more than `days` whole UTC days ago; 0 days keep all. Returns how many went.

    Sums that are kept for a while only go as well, whatever `days` says (`store/activity_books.py`).

    Blocks until all are gone, or until `goes_on`, asked before each transaction, says no; what was done stays done.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database is away; call again later.
    """
    if days <= 0:
        trim_activity(store, now_s=now_s)
        return 0
    before_us = (int(now_s) // DAY_S - days) * DAY_S * 1_000_000
    trim_activity(store, now_s=now_s, rows_since_s=before_us // 1_000_000)
    deleted = 0
    while goes_on():
        begun_s = time.monotonic()
        some = delete_oldest_rows(store, before_us, was_admitted)
        deleted += some
        if some < MAX_ROWS:
            break
        pause(max(PAUSE_S, time.monotonic() - begun_s))
    return deleted
