"""Limits: one type for every quota, budget, rate and cap.

Two counters a limit keeps: `used` (settled) and `held` (reserved by requests in flight). Under a hard
limit `used + held` never exceeds what it allows, whatever the interleaving; see `limits/` for the keepers.

What a limit allows is its amount, plus a boost until that ends, plus what the window before left unused where the
limit carries over. The first two are known from the limit alone (`amount_at`), the last from one number that every
counter keeps: what was used in the window before.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final, Literal, NamedTuple, get_args

Metric = Literal["requests", "tokens", "input_tokens", "output_tokens", "cost_usd", "concurrency"]
Mode = Literal["hard", "soft"]
WindowKind = Literal["lifetime", "sliding", "hour", "day", "week", "month", "interval"]

METRICS: Final[tuple[Metric, ...]] = ("requests", "tokens", "input_tokens", "output_tokens", "cost_usd", "concurrency")
ScopeKind = Literal["global", "provider", "model", "alias", "team", "user", "key", "ip"]
SCOPE_KINDS: Final[tuple[ScopeKind, ...]] = get_args(ScopeKind)
TEMPLATED: Final = ("key", "user", "team")
"""Kinds of scope of which `kind:*` stands for each: a counter of its own for everyone."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a counter starts again.

    Attributes:
        kind: `sliding` and `interval` use `length_s`; the calendar kinds use `tz` and `week_start`.
        length_s: seconds; 0 for the other kinds.
        tz: IANA zone name for calendar windows.
        week_start: 0 = Monday … 6 = Sunday.
    """

    kind: WindowKind
    length_s: int = 0
    tz: str = "UTC"
    week_start: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` of `metric` for `scope` in each `window`.

    Attributes:
        id: stable name of the counter, made of scope, metric and window.
        scope: `global` or `kind:name`; `key:*`, `user:*` and `team:*` are templates, a counter each.
        amount: ≥ 0; 0 blocks. For `cost_usd` in nano-dollars, else a plain count.
        mode: `hard` blocks; `soft` only tells.
        origin: where it was declared, for messages.
        boost: allowed on top of `amount` until `boost_until_s`, seconds since the epoch.
        carry_over: most that a window takes over from the one before it, of what that left unused; 0 for windows
            that do not follow one another.
    """

    id: str
    scope: str
    metric: Metric
    window: Window
    amount: int
    mode: Mode = "hard"
    origin: str = ""
    boost: int = 0
    boost_until_s: float = 0.0
    carry_over: int = 0

    def amount_at(self, now_s: float) -> int:
        """Return the amount with the boost, while there is one."""
        return self.amount + self.boost if now_s < self.boost_until_s else self.amount

    def holds_until_s(self, now_s: float) -> float:
        """Return when `amount_at` will say something else; infinite when it never will."""
        return self.boost_until_s if now_s < self.boost_until_s else math.inf

    def carried(self, used_before: int) -> int:
        """Return what a window takes over from the one before, in which `used_before` was used.

        One window back and no further: what a window took over itself is not handed on, and nor is a boost.
        """
        return min(self.carry_over, max(0, self.amount - used_before)) if self.carry_over else 0

    def counted_for(self, scope: str) -> str:
        """Return whose counter a request of `scope` is charged to: its own for a template, else the limit's one."""
        return scope if self.scope.endswith(":*") else self.scope


class Amounts(NamedTuple):
    """How much of each metric a request holds or used; money in nano-dollars.

    A named tuple because every request makes two of them: a frozen dataclass takes three times as long.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano_usd: int = 0

    def of(self, metric: Metric) -> int:
        """Return the count for `metric` (`concurrency` is always 1)."""
        match metric:
            case "requests":
                return self.requests
            case "tokens":
                return self.input_tokens + self.output_tokens
            case "input_tokens":
                return self.input_tokens
            case "output_tokens":
                return self.output_tokens
            case "cost_usd":
                return self.cost_nano_usd
            case "concurrency":
                return 1


@dataclass(frozen=True, slots=True)
class LimitState:
    """One counter as `/v1/usage`, errors and headers show it.

    Attributes:
        scope: the concrete scope (`key:alice`, never `key:*`).
        resets_in_s: seconds until the window ends, or None for `lifetime` and `concurrency`.
        extra: what a boost and the window before add to the limit's amount now.
    """

    limit: Limit
    scope: str
    used: int
    held: int
    resets_in_s: float | None
    extra: int = 0

    @property
    def amount(self) -> int:
        """What is allowed now."""
        return self.limit.amount + self.extra

    @property
    def left(self) -> int:
        """What is neither used nor held; never below zero."""
        return max(0, self.amount - self.used - self.held)


UsedByCounter = Mapping[tuple[str, str], int]
"""(limit id, concrete scope) → used in the current window: what a restart restores."""


class CounterPast(NamedTuple):
    """What a counter must know of the time before its window.

    Attributes:
        first_use_s: when it was first used, seconds since the epoch; 0 for never. `interval` windows begin there.
        used_before: in the window before the current one; matters where the limit carries over.
    """

    first_use_s: float = 0.0
    used_before: int = 0


PastByCounter = Mapping[tuple[str, str], CounterPast]
"""(limit id, concrete scope) → its past, for limits with an `interval` window or a `carry_over`; absent: none."""


def kind_of(limit: Limit) -> tuple[Metric, WindowKind, int, Mode]:
    """Return what two limits of one scope must not share, and by what a named limit replaces its template.

    The mode is in it, so that an alert may stand below a hard limit and never takes one away.
    """
    return limit.metric, limit.window.kind, limit.window.length_s, limit.mode


class LimitTable:
    """Which limits apply to a scope: its own, then those templates that none of its own replaces.

    Addresses are in no template but in networks: every `ip:` limit that holds the address applies.
    """

    __slots__ = ("_by_scope", "_networks")

    def __init__(self, limits: Iterable[Limit]) -> None:
        self._by_scope: dict[str, list[Limit]] = {}
        for limit in limits:
            self._by_scope.setdefault(limit.scope, []).append(limit)
        self._networks = {
            ip_network(scope.removeprefix("ip:"), strict=False): group
            for scope, group in self._by_scope.items()
            if scope.startswith("ip:")
        }

    def __iter__(self) -> Iterator[Limit]:
        for group in self._by_scope.values():
            yield from group

    def of(self, scope: str) -> Iterator[Limit]:
        """Yield the limits of one concrete scope."""
        kind, colon, name = scope.partition(":")
        if kind == "ip":
            yield from self._of_address(name)
            return
        own = self._by_scope.get(scope, [])
        yield from own
        if colon and kind in TEMPLATED:
            replaced = {kind_of(limit) for limit in own}
            for limit in self._by_scope.get(f"{kind}:*", []):
                if kind_of(limit) not in replaced:
                    yield limit

    def _of_address(self, text: str) -> Iterator[Limit]:
        if not self._networks:
            return
        try:
            address = ip_address(text)
        except ValueError:
            return
        for network, group in self._networks.items():
            if address in network:
                yield from group
