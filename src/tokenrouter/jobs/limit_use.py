"""What a ledger row uses of which limit, and what the counters in memory are restored to.

Sliding and interval windows are kept in sixtieths of their length: what is restored is never less than
what was used, so a restart is never generous.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.limits import Amounts, Limit, LimitTable, UsedByCounter
from tokenrouter.domain.windows import window_start
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import single_rows_since
from tokenrouter.store.limit_use import LimitCharge, UseByWindow, cover_limits, covered_limits

PARTS: Final = 60
_NEVER_ASKED: Final = "client_error", "limit_reached", "gateway_error"
"""Endings without a provider: such rows use nothing when no provider status is in them."""

NameOfKey = Callable[[str], str]


MAX_REMEMBERED: Final = 10_000
"""Most answers to "which limits apply?" and "when did this window begin?" that are remembered."""


class ChargeReader:
    """Says what ledger rows use of which limit, for one state of limits and names.

    Most rows of a batch are charged to the same limits and fall into the same windows, so both are remembered.
    """

    def __init__(self, limits: LimitTable, name_of_key: NameOfKey) -> None:
        self._limits = limits
        self._name_of_key = name_of_key
        self._is_empty = not any(True for _ in limits)
        self._applicable: dict[tuple[object, ...], tuple[tuple[Limit, str], ...]] = {}
        self._starts: dict[tuple[str, int], int] = {}

    def charges_of(self, entry: LedgerEntry) -> tuple[LimitCharge, ...]:
        """Return what `entry` uses of every limit that applies to it."""
        if self._is_empty or entry.count != 1 or not _was_admitted(entry):
            return ()
        used = Amounts(1, entry.usage.input_tokens, entry.usage.output_tokens, entry.cost_nano_usd or 0)
        charges = []
        for limit, scope in self._limits_of(entry):
            amount = 0 if limit.metric == "concurrency" else used.of(limit.metric)
            if amount:
                charges.append(LimitCharge(limit.id, scope, self._start_us(limit, entry.started_us), amount))
        return tuple(charges)

    def _limits_of(self, entry: LedgerEntry) -> tuple[tuple[Limit, str], ...]:
        who = (entry.chain, entry.user, entry.team, entry.provider, entry.model, entry.alias, entry.client_ip)
        known = self._applicable.get(who)
        if known is None:
            if len(self._applicable) >= MAX_REMEMBERED:
                self._applicable.clear()
            scopes = _scopes(entry, self._name_of_key)
            known = tuple((limit, limit.counted_for(scope)) for scope in scopes for limit in self._limits.of(scope))
            self._applicable[who] = known
        return known

    def _start_us(self, limit: Limit, started_us: int) -> int:
        """Return when the window of `limit` began; no window begins in the middle of a second."""
        second = started_us // 1_000_000
        known = self._starts.get((limit.id, second))
        if known is None:
            if len(self._starts) >= MAX_REMEMBERED:
                self._starts.clear()
            known = self._starts[limit.id, second] = _part_start_us(limit, started_us / 1e6)
        return known


def _was_admitted(entry: LedgerEntry) -> bool:
    """Whether the request got past its limits; one that was refused before has no tokens and no provider's status."""
    return entry.latency_us > 0 or entry.end_reason not in _NEVER_ASKED


def _scopes(entry: LedgerEntry, name_of_key: NameOfKey) -> Iterator[str]:
    for key_id in entry.chain:
        yield f"key:{name_of_key(key_id)}"
    if entry.user:
        yield f"user:{entry.user}"
    if entry.team:
        yield f"team:{entry.team}"
    yield "global"
    yield f"provider:{entry.provider}"
    yield f"model:{entry.provider}/{entry.model}"
    if entry.alias:
        yield f"alias:{entry.alias}"
    yield f"ip:{entry.client_ip}"


def _part_start_us(limit: Limit, started_s: float) -> int:
    if limit.window.kind in ("sliding", "interval"):
        part_s = limit.window.length_s / PARTS
        return int(started_s // part_s * part_s * 1e6)
    return int(window_start(limit.window, started_s, started_s) * 1e6)


def follow_limits(store: Store, limits: LimitTable, reader: ChargeReader, now_s: float) -> None:
    """Make the store keep the use of exactly `limits`: what is new is read from the ledger.

    `reader` is that of `limits`. No row may be written meanwhile, and every later one must be charged by `reader`.
    """
    by_id = {limit.id: limit for limit in limits}
    new = by_id.keys() - covered_limits(store)
    since_us = min((_oldest_us(by_id[limit_id], now_s) for limit_id in new), default=0)
    sums: dict[tuple[str, str, int], int] = {}
    for entry in single_rows_since(store, since_us) if new else ():
        for charge in reader.charges_of(entry):
            if charge.limit_id in new:
                counter = (charge.limit_id, charge.scope, charge.window_start_us)
                sums[counter] = sums.get(counter, 0) + charge.amount
    cover_limits(store, frozenset(by_id), [LimitCharge(*counter, used) for counter, used in sums.items()])


def held_use(use: UseByWindow, open_requests: Iterable[LedgerEntry], reader: ChargeReader) -> UseByWindow:
    """Return `use` with what running requests are allowed, as if they had used it."""
    together = {counter: dict(windows) for counter, windows in use.items()}
    for entry in open_requests:
        for charge in reader.charges_of(entry):
            windows = together.setdefault((charge.limit_id, charge.scope), {})
            windows[charge.window_start_us] = windows.get(charge.window_start_us, 0) + charge.amount
    return together


def limit_counters(use: UseByWindow, limits: LimitTable, now_s: float) -> UsedByCounter:
    """Return what every counter has used in its current window."""
    by_id = {limit.id: limit for limit in limits}
    counters = {}
    for (limit_id, scope), windows in use.items():
        limit = by_id.get(limit_id)
        if limit is not None and (used := _used_now(limit, windows, now_s)):
            counters[limit_id, scope] = used
    return counters


def _used_now(limit: Limit, windows: Mapping[int, int], now_s: float) -> int:
    window = limit.window
    if window.kind in ("sliding", "interval"):
        oldest_us = _oldest_us(limit, now_s)
        return sum(used for start_us, used in windows.items() if start_us > oldest_us)
    return windows.get(_oldest_us(limit, now_s), 0)


def _oldest_us(limit: Limit, now_s: float) -> int:
    """Return the time before which no use counts any more, in microseconds."""
    window = limit.window
    if window.kind in ("sliding", "interval"):
        return int((now_s - window.length_s - window.length_s / PARTS) * 1e6)
    return int(window_start(window, now_s, now_s) * 1e6)
