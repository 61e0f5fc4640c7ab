"""What a ledger row uses of which limit, and what the counters in memory are restored to.

Sliding windows are kept in sixtieths of their length: what is restored is never less than what was used, so a restart
is never generous. Interval windows begin where the counter was first used, which the store remembers; a row that began
before (it was written later) belongs to the first of them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from tokenrouter.domain.ledger import IMPORTED, LedgerEntry
from tokenrouter.domain.limits import Amounts, CounterPast, Limit, LimitTable, PastByCounter, UsedByCounter
from tokenrouter.domain.windows import window_before, window_start
from tokenrouter.store.adjustments import adjustments_of, last_adjustment
from tokenrouter.store.balances import balances_since
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import single_rows
from tokenrouter.store.limit_use import (
    Coverage,
    LimitCharge,
    UseByWindow,
    add_first_uses,
    claim_first_uses,
    cover_limits,
    coverage_in,
    covered_in,
    first_use_of,
    first_uses,
    forget_windows,
    limit_use,
    limit_use_of,
)
from tokenrouter.store.row_sums import summed_rows

PARTS: Final = 60
FORGOTTEN_AT_ONCE: Final = 100
"""Limits of one deletion, so that others who write need not wait long."""
_NEVER_ASKED: Final = "client_error", "limit_reached", "gateway_error"
"""Endings without a provider: such rows use nothing when no provider status is in them."""

NameOfKey = Callable[[str], str]
FirstUse = Callable[[str, str, int], int]
"""(limit id, concrete scope, a time of use) → when the counter was first used; that time, if never before."""


MAX_REMEMBERED: Final = 10_000
"""Most answers to "which limits apply?" and "when did this window begin?" that are remembered."""


class FirstUses:
    """When counters were first used, as the store remembers it; read once, and for each counter that is new."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str], int] | None = None

    def __call__(self, limit_id: str, scope: str, used_us: int) -> int:
        """Return when the counter was first used: `used_us` where nothing is known, and remembered from then on.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        if self._known is None:
            with self._store.read() as connection:
                self._known = first_uses(connection)
        counter = (limit_id, scope)
        if counter not in self._known:
            claim_first_uses(self._store, {counter: used_us})
            with self._store.read() as connection:
                self._known[counter] = first_use_of(connection, counter)
        return self._known[counter]


def first_uses_in(connection: Connection) -> FirstUse:
    """Return what `FirstUses` does, in a transaction of `Store.write` that has begun."""
    known = first_uses(connection)

    def first_use(limit_id: str, scope: str, used_us: int) -> int:
        counter = (limit_id, scope)
        if counter not in known:
            add_first_uses(connection, {counter: used_us})
            known[counter] = used_us
        return known[counter]

    return first_use


class ChargeReader:
    """Says what ledger rows use of which limit, for one state of limits and names.

    Most rows of a batch are charged to the same limits and fall into the same windows, so both are remembered.
    """

    def __init__(
        self, limits: LimitTable, name_of_key: NameOfKey, first_use: FirstUse = lambda _limit, _scope, used_us: used_us
    ) -> None:
        self._limits = limits
        self._name_of_key = name_of_key
        self._first_use = first_use
        self._is_empty = not any(True for _ in limits)
        self._applicable: dict[tuple[object, ...], tuple[tuple[Limit, str], ...]] = {}
        self._starts: dict[tuple[str, int], int] = {}

    def with_first_use(self, first_use: FirstUse) -> "ChargeReader":
        """Return a reader of the same limits and names that asks `first_use`."""
        return ChargeReader(self._limits, self._name_of_key, first_use)

    def charges_of(self, entry: LedgerEntry, requests: int = 1) -> tuple[LimitCharge, ...]:
        """Return what `entry` uses of every limit that applies to it; a balance is one of many `requests`."""
        if self._is_empty or entry.count > 1 or not was_admitted(entry):
            return ()
        used = Amounts(
            requests * entry.count, entry.usage.input_tokens, entry.usage.output_tokens, entry.cost_nano_usd or 0
        )
        charges = []
        for limit, scope in self.limits_of(entry):
            amount = 0 if limit.metric == "concurrency" else used.of(limit.metric)
            if amount:
                charges.append(LimitCharge(limit.id, scope, self.window_of(limit, scope, entry.started_us), amount))
        return tuple(charges)

    def limits_of(self, entry: LedgerEntry) -> tuple[tuple[Limit, str], ...]:
        """Return every limit that applies to `entry`, with the concrete scope whose counter it is."""
        who = (entry.chain, entry.user, entry.team, entry.provider, entry.model, entry.alias, entry.client_ip)
        known = self._applicable.get(who)
        if known is None:
            if len(self._applicable) >= MAX_REMEMBERED:
                self._applicable.clear()
            scopes = _scopes(entry, self._name_of_key)
            known = tuple((limit, limit.counted_for(scope)) for scope in scopes for limit in self._limits.of(scope))
            self._applicable[who] = known
        return known

    def window_of(self, limit: Limit, scope: str, started_us: int) -> int:
        """Return when the window of a counter began in which something started.

        Only interval windows and parts of sliding ones begin in the middle of a second.
        """
        if limit.window.kind == "interval":
            return interval_start_us(limit, self._first_use(limit.id, scope, started_us), started_us)
        if limit.window.kind == "sliding":
            return part_start_us(limit, started_us)
        second = started_us // 1_000_000
        known = self._starts.get((limit.id, second))
        if known is None:
            if len(self._starts) >= MAX_REMEMBERED:
                self._starts.clear()
            known = self._starts[limit.id, second] = int(window_start(limit.window, second, second) * 1e6)
        return known


def was_admitted(entry: LedgerEntry) -> bool:
    """Return whether the request got past its limits; one that was refused has no tokens and no provider's status.

    One that another gateway has served got past the limits there, and used nothing of ours.
    """
    return entry.price_source != IMPORTED and (entry.latency_us > 0 or entry.end_reason not in _NEVER_ASKED)


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


def interval_start_us(limit: Limit, first_us: int, at_us: int) -> int:
    """Return when the interval began that holds `at_us`; what came before the first use belongs to the first."""
    length_us = limit.window.length_s * 1_000_000
    return first_us + max(0, (at_us - first_us) // length_us) * length_us


def part_start_us(limit: Limit, at_us: int) -> int:
    """Return when the part of a sliding window began that holds `at_us`; of a beginning, that beginning."""
    length_us = limit.window.length_s * 1_000_000
    return -(-(at_us * PARTS // length_us * length_us) // PARTS)


def follow_limits(
    store: Store, limits: LimitTable, reader: ChargeReader, now_s: float, gone: frozenset[str] | None = None
) -> Coverage:
    """Make the store keep the use of `limits`: what is new is read from ledger and adjustments. Return what it keeps.

    `reader` is that of `limits`. What is kept and not among `limits` stays, since another node may know it already,
    except for the ids `gone`; None is for a process that begins: nothing else stays.

    No node writes rows while a limit is filled, which on ten million of them takes seconds.
    """
    by_id = {limit.id: limit for limit in limits}
    with store.read() as connection:
        known = coverage_in(connection)
    if _kept(known.limit_ids, by_id, gone) == known.limit_ids and known.version:
        return known
    with store.write(may_take_long=True) as connection:
        covered = covered_in(connection)
        new = {limit_id: kept_since_us(by_id[limit_id], now_s) for limit_id in by_id.keys() - covered}
        sums = _use_of_new(connection, new, by_id, reader.with_first_use(first_uses_in(connection)))
        return cover_limits(connection, _kept(covered, by_id, gone), sums)


def _kept(covered: frozenset[str], wanted: Iterable[str], gone: frozenset[str] | None) -> frozenset[str]:
    return frozenset(wanted).union(() if gone is None else covered - gone)


def _use_of_new(
    connection: Connection, new: Mapping[str, int], by_id: Mapping[str, Limit], reader: ChargeReader
) -> list[LimitCharge]:
    """Return what was used of the limits `new`, each since its time, summed up by window."""
    if not new:
        return []
    intervals = {limit_id: since for limit_id, since in new.items() if by_id[limit_id].window.kind == "interval"}
    _note_first_uses(connection, intervals, reader)
    sums: dict[tuple[str, str, int], int] = {}
    for charge in _charges_of_new(connection, new, by_id, reader):
        counter = (charge.limit_id, charge.scope, charge.window_start_us)
        sums[counter] = sums.get(counter, 0) + charge.amount
    return [LimitCharge(*counter, used) for counter, used in sums.items()]


def _note_first_uses(connection: Connection, since_us: Mapping[str, int], reader: ChargeReader) -> None:
    """Let the interval windows of new limits begin with the oldest row that may still be in one of them."""
    first: dict[tuple[str, str], int] = {}
    for entry in single_rows(connection, min(since_us.values())) if since_us else ():
        for limit, scope in reader.limits_of(entry) if was_admitted(entry) else ():
            if entry.started_us >= since_us.get(limit.id, entry.started_us + 1):
                counter = (limit.id, scope)
                first[counter] = min(entry.started_us, first.get(counter, entry.started_us))
    add_first_uses(connection, first)


def _charges_of_new(
    connection: Connection, since_us: Mapping[str, int], by_id: Mapping[str, Limit], reader: ChargeReader
) -> Iterator[LimitCharge]:
    lifetimes = {limit_id: 0 for limit_id in since_us if by_id[limit_id].window.kind == "lifetime"}
    others = {limit_id: since for limit_id, since in since_us.items() if limit_id not in lifetimes}
    all_uses = _all_uses(connection) if lifetimes else ()
    recent_uses = _uses_since(connection, min(others.values())) if others else ()
    for uses, wanted in ((all_uses, lifetimes), (recent_uses, others)):
        for entry, requests in uses:
            for charge in reader.charges_of(entry, requests):
                if entry.started_us >= wanted.get(charge.limit_id, entry.started_us + 1):
                    yield charge
    adjustments = adjustments_of(connection, sorted(since_us))
    for one in adjustments:
        if one.used and one.at_us >= since_us[one.limit_id]:
            yield LimitCharge(
                one.limit_id, one.scope, reader.window_of(by_id[one.limit_id], one.scope, one.at_us), one.used
            )


@dataclass(frozen=True, slots=True)
class LimitFigures:
    """What all counters show by the books at one moment.

    Attributes:
        used: by requests that have ended and by adjustments, in the current window.
        held: what running requests may still use of it.
        past: what counters must know of the time before.
        adjusted: the number of the last adjustment that is in `used`.
    """

    limit_ids: frozenset[str] = frozenset()
    used: UsedByCounter = field(default_factory=dict)
    held: UsedByCounter = field(default_factory=dict)
    past: PastByCounter = field(default_factory=dict)
    adjusted: int = 0

    def together(self) -> UsedByCounter:
        """Return used and held, as one who begins to count takes them: it does not know the running requests."""
        both = {*self.used, *self.held}
        return {counter: self.used.get(counter, 0) + self.held.get(counter, 0) for counter in both}


def limit_figures(
    store: Store,
    limits: LimitTable,
    running: Iterable[LedgerEntry],
    reader: ChargeReader,
    now_s: float,
    *,
    wanted: Collection[str] | None = None,
) -> LimitFigures:
    """Return the figures of `limits`; `reader` is theirs, `running` are the requests that have not ended.

    `wanted` are the ids of those whose use is asked for; None is all of them.
    """
    running = list(running)
    held = held_use({}, running, reader)
    with store.read() as connection:
        use = limit_use(connection) if wanted is None else limit_use_of(connection, wanted)
        first_us = first_uses(connection)
        adjusted = last_adjustment(connection)
    return LimitFigures(
        limit_ids=frozenset(limit.id for limit in limits),
        used=limit_counters(use, limits, now_s),
        held=limit_counters(held, limits, now_s),
        past=counter_pasts(held_use(use, running, reader), first_us, limits, now_s),
        adjusted=adjusted,
    )


def _all_uses(connection: Connection) -> Iterator[tuple[LedgerEntry, int]]:
    """Yield rows that stand for all there ever were, with the number of requests of each."""
    for balance in balances_since(connection, 0):
        if balance.admitted:
            yield balance.entry, balance.requests
    yield from summed_rows(connection, _NEVER_ASKED)


def _uses_since(connection: Connection, since_us: int) -> Iterator[tuple[LedgerEntry, int]]:
    """Yield rows with the number of requests that each stands for: what is in the ledger, and what was deleted."""
    for balance in balances_since(connection, since_us):
        if balance.admitted:
            yield balance.entry, balance.requests
    for entry in single_rows(connection, since_us):
        yield entry, 1


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


def counter_pasts(
    use: UseByWindow, first_us: Mapping[tuple[str, str], int], limits: LimitTable, now_s: float
) -> PastByCounter:
    """Return what counters must know of the time before their window, where that is anything."""
    wanted = {limit.id: limit for limit in limits if limit.window.kind == "interval" or limit.carry_over}
    pasts = {}
    for counter in {*use, *first_us}:
        limit = wanted.get(counter[0])
        if limit is None:
            continue
        past = CounterPast(first_us.get(counter, 0) / 1e6, _used_before(limit, use.get(counter, {}), now_s))
        if any(past):
            pasts[counter] = past
    return pasts


def current_windows(limit: Limit, windows: Mapping[int, int], now_s: float) -> dict[int, int]:
    """Return those of a counter's `windows` (start → used) that count now: one, or the parts of a sliding one."""
    if limit.window.kind == "sliding":
        oldest_us = kept_since_us(limit, now_s)
        return {start_us: used for start_us, used in windows.items() if start_us > oldest_us}
    start_us = _current_start_us(limit, windows, now_s)
    return {start_us: windows[start_us]} if start_us in windows else {}


def _used_now(limit: Limit, windows: Mapping[int, int], now_s: float) -> int:
    return sum(current_windows(limit, windows, now_s).values())


def _used_before(limit: Limit, windows: Mapping[int, int], now_s: float) -> int:
    start_us = _current_start_us(limit, windows, now_s)
    before_s = window_before(limit.window, start_us / 1e6)
    if limit.window.kind == "interval":
        return windows.get(start_us - limit.window.length_s * 1_000_000, 0)
    return 0 if before_s is None else windows.get(int(before_s * 1e6), 0)


def _current_start_us(limit: Limit, windows: Mapping[int, int], now_s: float) -> int:
    """Return when the window of now began; intervals follow one another, so any of them says when the others did."""
    if limit.window.kind == "interval":
        return interval_start_us(limit, max(windows, default=0), int(now_s * 1e6))
    return int(window_start(limit.window, now_s, now_s) * 1e6)


def kept_since_us(limit: Limit, now_s: float) -> int:
    """Return the time before which no use matters any more, in microseconds: of fixed windows, one before counts."""
    window = limit.window
    match window.kind:
        case "lifetime":
            return 0
        case "interval":
            return int((now_s - window.length_s) * 1e6)
        case "sliding":
            return int((now_s - window.length_s - window.length_s / PARTS) * 1e6)
        case _:
            start_s = window_start(window, now_s, now_s)
            return int((window_before(window, start_s) or 0.0) * 1e6)


def forget_ended_windows(store: Store, limits: Iterable[Limit], now_s: float) -> None:
    """Delete windows of `limits` that nobody asks for any more; a window is asked for until the next one has ended."""
    ended = []
    for limit in limits:
        before_us = kept_since_us(limit, now_s)
        if limit.window.kind == "interval":
            before_us -= limit.window.length_s * 1_000_000
        ended.append((limit.id, before_us))
    for start in range(0, len(ended), FORGOTTEN_AT_ONCE):
        forget_windows(store, ended[start : start + FORGOTTEN_AT_ONCE])
