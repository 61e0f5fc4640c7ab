"""Telling of soft limits: once for each window, scope and threshold, on whichever node sees it first.

Soft limits refuse nobody, so nobody at the road of a request looks at them. What is used stands in the store a moment
after each request; it is compared there, now and then, and what was told is remembered there too, so that neither a
restart nor a second node tells it again. A counter that falls (by a reset, or as a sliding window goes on) may be told
of again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from tokenrouter.domain.alerts import Alert
from tokenrouter.domain.limits import Limit, LimitState, LimitTable
from tokenrouter.jobs.limit_states import limit_states
from tokenrouter.jobs.limit_use import LimitFigures, counter_pasts, current_windows
from tokenrouter.limits.words import show
from tokenrouter.store.engine import Store
from tokenrouter.store.facts import facts_under, read_fact, write_fact
from tokenrouter.store.limit_use import first_uses, limit_use_of

log = structlog.get_logger(__name__)

_MARK: Final = "alerted\t"
"""Names of limits and scopes may hold anything but control characters, so a tab parts them."""


@dataclass(frozen=True, slots=True)
class _Level:
    """How far a counter has come in the window that began at `start_us`; `percent` is a threshold, 0 below all."""

    start_us: int
    percent: int

    @classmethod
    def read(cls, text: str) -> "_Level":
        start_us, percent = text.split()
        return cls(int(start_us), int(percent))

    def __str__(self) -> str:
        return f"{self.start_us} {self.percent}"


_NOTHING: Final = _Level(0, 0)


class LimitAlerts:
    """Compares soft limits with their thresholds.

    Attributes:
        counts: how many alerts there were since the start, by (kind of scope, metric, threshold in percent).
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told: dict[tuple[str, str], _Level] | None = None
        self.counts: dict[tuple[str, str, int], int] = {}

    def look(self, limits: Iterable[Limit], thresholds: Sequence[int], now_s: float) -> list[Alert]:
        """Return, and log, every soft limit that has come to one of `thresholds` (percent) since the last look.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away; what was missed is told by a later look.
        """
        soft = {limit.id: limit for limit in limits if limit.mode == "soft" and limit.metric != "concurrency"}
        if not soft or not thresholds:
            return []
        if self._told is None:
            self._told = self._read_told()
        alerts: list[Alert] = []
        for state, start_us in self._states(soft, now_s):
            counter = (state.limit.id, state.scope)
            known = self._told.get(counter, _NOTHING)
            level = _Level(start_us, _reached(state, thresholds))
            if level != known and (level.percent or known.percent):
                is_news = self._note(counter, level)
                self._told[counter] = level
                if is_news:
                    alerts.append(self._tell(state, level.percent, now_s))
        return alerts

    def _read_told(self) -> dict[tuple[str, str], _Level]:
        with self._store.read() as connection:
            noted = facts_under(connection, _MARK)
        return {(limit_id, scope): _Level.read(text) for (limit_id, scope), text in _by_counter(noted)}

    def _states(self, soft: dict[str, Limit], now_s: float) -> Iterator[tuple[LimitState, int]]:
        """Yield each counter with the start of its window, 0 where windows slide."""
        with self._store.read() as connection:
            use, first_us = limit_use_of(connection, sorted(soft)), first_uses(connection)
        past = counter_pasts(use, first_us, LimitTable(soft.values()), now_s)
        counters: dict[str, dict[str, dict[int, int]]] = {limit_id: {} for limit_id in soft}
        for (limit_id, scope), windows in use.items():
            counters[limit_id][scope] = current_windows(soft[limit_id], windows, now_s)
        for limit_id, current in counters.items():
            used = {(limit_id, scope): sum(windows.values()) for scope, windows in current.items()}
            figures = LimitFigures(used=used, past={counter: past[counter] for counter in used if counter in past})
            for state in limit_states(soft[limit_id], figures, now_s):
                windows = current.get(state.scope, {})
                yield state, 0 if state.limit.window.kind == "sliding" else max(windows, default=0)

    def _note(self, counter: tuple[str, str], level: _Level) -> bool:
        """Write down how far a counter has come; return whether that is news in its window."""
        mark = _MARK + "\t".join(counter)
        with self._store.write() as connection:
            noted = read_fact(connection, mark)
            before = _Level.read(noted) if noted else _NOTHING
            write_fact(connection, mark, str(level))
        return level.percent > (before.percent if before.start_us == level.start_us else 0)

    def _tell(self, state: LimitState, percent: int, now_s: float) -> Alert:
        limit = state.limit
        kind = limit.scope.partition(":")[0]
        self.counts[kind, limit.metric, percent] = self.counts.get((kind, limit.metric, percent), 0) + 1
        log.warning(
            "soft limit passed" if percent >= 100 else "soft limit nearly used up",
            scope=state.scope,
            metric=limit.metric,
            window=limit.window.kind,
            percent=percent,
            used=state.used,
            amount=state.amount,
            declared_at=limit.origin,
        )
        used, amount = show(state.used, limit.metric), show(state.amount, limit.metric)
        facts = {"used": used, "amount": amount, "declared_at": limit.origin}
        return Alert("soft_limit.reached", state.scope, limit.metric, limit.window.kind, percent, now_s, facts)


def _by_counter(noted: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    for mark, text in noted.items():
        limit_id, _, scope = mark.removeprefix(_MARK).partition("\t")
        yield (limit_id, scope), text


def _reached(state: LimitState, thresholds: Sequence[int]) -> int:
    """Return the highest threshold that is reached, 0 for none; what allows nothing is passed by any use."""
    if state.used <= 0:
        return 0
    return max((one for one in thresholds if state.used * 100 >= state.amount * one), default=0)
