"""Telling of providers' quotas that come to an end: each threshold once, until there is more again.

Limits of a minute are used up and full again all day long, so only windows of a certain length are told of. What was
told is remembered in the store, as with soft limits, so that a restart does not tell it again.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import structlog

from tokenrouter.domain.alerts import Alert, AlertKind
from tokenrouter.domain.quotas import QuotaMetric, QuotaSnapshot
from tokenrouter.store.engine import Store
from tokenrouter.store.facts import facts_under, read_fact, write_fact

log = structlog.get_logger(__name__)

_MARK: Final = "quota alerted\t"
_WELL: Final = 101
"""The level of what is above every threshold."""


class QuotaAlerts:
    """Compares what is left with the thresholds.

    Attributes:
        counts: how many alerts there were since the start, by (provider, threshold in percent).
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told: dict[tuple[str, str], int] | None = None
        self.counts: dict[tuple[str, int], int] = {}

    def look(
        self, snapshots: Iterable[QuotaSnapshot], thresholds: Sequence[int], shortest_window_s: float, now_s: float
    ) -> list[Alert]:
        """Return, and log, what has come to one of `thresholds` (percent left) since the last look.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away; what was missed is told by a later look.
        """
        if self._told is None:
            self._told = self._read_told()
        levels = {
            (snapshot.provider, metric.key): (_level(metric, thresholds), snapshot, metric)
            for snapshot in snapshots
            for metric in lasting(snapshot, shortest_window_s)
        }
        for counter in [counter for counter in self._told if counter not in levels]:
            self._note(counter, _WELL)
        return [
            self._tell(snapshot, metric, level, now_s)
            for counter, (level, snapshot, metric) in levels.items()
            if level != self._told.get(counter, _WELL) and self._note(counter, level)
        ]

    def _read_told(self) -> dict[tuple[str, str], int]:
        with self._store.read() as connection:
            noted = facts_under(connection, _MARK)
        counters = ((mark.removeprefix(_MARK).partition("\t"), text) for mark, text in noted.items())
        return {(provider, key): int(text) for (provider, _, key), text in counters if int(text) != _WELL}

    def _note(self, counter: tuple[str, str], level: int) -> bool:
        """Write down a changed level; return whether it is lower than what was told."""
        mark = _MARK + "\t".join(counter)
        with self._store.write() as connection:
            noted = read_fact(connection, mark)
            write_fact(connection, mark, str(level))
        if self._told is not None:
            self._told[counter] = level
            if level == _WELL:
                del self._told[counter]
        return level < (_WELL if noted is None else int(noted))

    def _tell(self, snapshot: QuotaSnapshot, metric: QuotaMetric, level: int, now_s: float) -> Alert:
        counted = (snapshot.provider, level)
        self.counts[counted] = self.counts.get(counted, 0) + 1
        is_empty = not metric.left_percent
        facts: dict[str, str | float | None] = {
            "left_percent": metric.left_percent,
            "remaining": metric.remaining_value,
            "limit": metric.limit_value,
            "unit": metric.unit,
            "reset_at_s": metric.reset_at_s,
        }
        text = "a provider's quota is used up" if is_empty else "a provider's quota is nearly used up"
        log.warning(text, provider=snapshot.provider, metric=metric.key, threshold=level, **facts)
        kind: AlertKind = "provider_quota.empty" if is_empty else "provider_quota.low"
        return Alert(kind, snapshot.provider, metric.key, metric.window, level, now_s, facts)


def lasting(snapshot: QuotaSnapshot, shortest_window_s: float) -> Iterator[QuotaMetric]:
    """Yield the metrics with a share whose window is at least so long; not of providers that nobody looks at."""
    for metric in snapshot.metrics:
        is_long = (metric.length_s or 0.0) >= shortest_window_s
        if is_long and metric.left_percent is not None and snapshot.status != "disabled":
            yield metric


def needs_attention(snapshot: QuotaSnapshot, shortest_window_s: float) -> bool:
    """Whether a page should say so: a question fails, nothing is left at all, or nothing of something that lasts."""
    if snapshot.status == "disabled":
        return False
    is_empty = any(metric.left_percent == 0 for metric in lasting(snapshot, shortest_window_s))
    return snapshot.status == "error" or snapshot.is_used_up or is_empty


def _level(metric: QuotaMetric, thresholds: Sequence[int]) -> int:
    """Return the lowest threshold that is reached, `_WELL` for none."""
    left = 100.0 if metric.left_percent is None else metric.left_percent
    return min((one for one in thresholds if left <= one), default=_WELL)
