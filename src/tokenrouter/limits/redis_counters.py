"""Counters in Redis as this process names them, and what is asked of them in a script.

The server knows nothing of calendars and time zones, so begin and end of a calendar window are computed here and
sent along; the server compares them with its own clock and says when they are those of another window.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tokenrouter.domain.limits import Amounts, Limit, LimitTable, Metric
from tokenrouter.domain.windows import window_end, window_start

MAX_REMEMBERED: Final = 20_000
"""Most combinations of scopes whose counters are remembered."""
LIFETIME, CALENDAR, INTERVAL, SLIDING, PLACES = range(5)
"""Kinds of counter, as `scripts/prelude.lua` numbers them."""
PARTS: Final = 60
METRIC_NUMBERS: Final[Mapping[Metric, int]] = {
    "requests": 0,
    "tokens": 1,
    "input_tokens": 2,
    "output_tokens": 3,
    "cost_usd": 4,
    "concurrency": 5,
}
_KINDS: Final = {"lifetime": LIFETIME, "interval": INTERVAL, "sliding": SLIDING}
_NEVER: Final = (0, 0, 0)


class RedisCounter:
    """One counter of one limit for one concrete scope.

    Attributes:
        key: its name on the server; "" while nobody knows under which generation it is counted.
        is_hard: whether it can refuse.
    """

    __slots__ = ("_window", "is_hard", "key", "kind", "limit", "metric", "scope")

    def __init__(self, limit: Limit, scope: str, key: str) -> None:
        self.limit = limit
        self.scope = scope
        self.key = key
        self.kind = kind_number(limit)
        self.metric = METRIC_NUMBERS[limit.metric]
        self.is_hard = limit.mode == "hard"
        length_ms = limit.window.length_s * 1000
        self._window = (length_ms, 0, 0) if self.kind in (INTERVAL, SLIDING) else _NEVER

    def ask(self, into: list[int], amount: int, now_s: float) -> None:
        """Append what `scripts/prelude.lua` calls "asked"."""
        limit = self.limit
        into += (self.kind, self.metric, amount, self.base(now_s), limit.amount, limit.carry_over)
        into += self.window(now_s)

    def base(self, now_s: float) -> int:
        """Return what is allowed before carry-over; -1 for soft limits."""
        return self.limit.amount_at(now_s) if self.is_hard else -1

    def window(self, now_s: float) -> tuple[int, int, int]:
        """Return the three figures of the window, in milliseconds."""
        if self.kind == CALENDAR and not self._window[0] <= now_s * 1000 < self._window[1]:
            self._window = _calendar(self.limit, now_s)
        return self._window

    def tally_at(self, at_s: float) -> int:
        """Return in which tally a request of `at_s` is; -1 where only the server knows."""
        if self.kind == CALENDAR:
            return round(window_start(self.limit.window, at_s, at_s) * 1000)
        if self.kind == SLIDING:
            return int(at_s * 1000) * PARTS // self._window[0]
        return -1


def kind_number(limit: Limit) -> int:
    """Return what kind of counter a limit needs."""
    return PLACES if limit.metric == "concurrency" else _KINDS.get(limit.window.kind, CALENDAR)


def _calendar(limit: Limit, now_s: float) -> tuple[int, int, int]:
    start_s = window_start(limit.window, now_s, now_s)
    end_s = window_end(limit.window, start_s) or start_s
    after_s = window_end(limit.window, end_s) or end_s
    return round(start_s * 1000), round(end_s * 1000), round(after_s * 1000)


class CounterTable:
    """Which counters a request is charged to.

    Attributes:
        limits: by id.
        looks_at_addresses: whether any limit has an `ip:` scope.
    """

    def __init__(self) -> None:
        self.limits: dict[str, Limit] = {}
        self.looks_at_addresses = False
        self._table = LimitTable(())
        self._base = ""
        self._generations: dict[str, int] = {}
        self._of: dict[tuple[str, ...], tuple[RedisCounter, ...]] = {}

    def reload(self, limits: Sequence[Limit]) -> frozenset[str]:
        """Follow a changed catalogue; return the ids of limits that are gone."""
        gone = self.limits.keys() - {limit.id for limit in limits}
        self.limits = {limit.id: limit for limit in limits}
        self.looks_at_addresses = any(limit.scope.startswith("ip:") for limit in limits)
        self._table = LimitTable(limits)
        self._generations = {name: number for name, number in self._generations.items() if name in self.limits}
        self._of.clear()
        return frozenset(gone)

    def begin_epoch(self, base: str) -> None:
        """Count below `base` from now on, where no limit is known yet."""
        self._base = base
        self._generations.clear()
        self._of.clear()

    def learn(self, generations: Mapping[str, int]) -> None:
        """Note under which generation limits are counted."""
        if any(self._generations.get(name) != number for name, number in generations.items()):
            self._generations.update(generations)
            self._of.clear()

    def generations(self, limit_ids: Iterable[str]) -> dict[str, int]:
        """Return those that are known."""
        return {name: self._generations[name] for name in limit_ids if name in self._generations}

    def of(self, scopes: tuple[str, ...]) -> tuple[RedisCounter, ...]:
        """Return the counters of every limit that applies to any of `scopes`."""
        counters = self._of.get(scopes)
        return self._remember(scopes) if counters is None else counters

    def counter(self, limit: Limit, scope: str) -> RedisCounter:
        """Return one counter."""
        return RedisCounter(limit, scope, self._key(limit.id, scope))

    def _remember(self, scopes: tuple[str, ...]) -> tuple[RedisCounter, ...]:
        if len(self._of) >= MAX_REMEMBERED:
            self._of.clear()
        found = {(limit.id, limit.counted_for(scope)): limit for scope in scopes for limit in self._table.of(scope)}
        counters = tuple(self.counter(limit, scope) for (_, scope), limit in found.items())
        self._of[scopes] = counters
        return counters

    def _key(self, limit_id: str, scope: str) -> str:
        number = self._generations.get(limit_id)
        return "" if number is None else f"{self._base}c:{number}:{limit_id}\n{scope}"


def limit_of_key(key: str) -> str:
    """Return the id of the limit whose counter has this name."""
    return key.split(":c:", 1)[1].split(":", 1)[1].rsplit("\n", 1)[0]


def amounts_by_metric(amounts: Amounts) -> tuple[int, int, int, int, int, int]:
    """Return the amounts in the order of `METRIC_NUMBERS`."""
    requests, input_tokens, output_tokens, cost_nano_usd = amounts
    return requests, input_tokens + output_tokens, input_tokens, output_tokens, cost_nano_usd, 1
