"""What one request holds of counters in Redis, as its own process knows it."""

from typing import Protocol

from tokenrouter.domain.limits import Amounts, LimitState
from tokenrouter.limits.memory import MemoryReservation, Unlimited
from tokenrouter.limits.redis_counters import RedisCounter


class Keeper(Protocol):
    """Who reserves, as far as a reservation needs it."""

    async def extend(self, reservation: "RedisReservation", amounts: Amounts) -> bool: ...

    def settle(self, reservation: "RedisReservation", used: Amounts) -> None: ...


class RedisReservation:
    """A share of each counter that applies to a request.

    Attributes:
        id: the request's; no other reservation ever has it.
        counters: those that hold a share, in the order in which the server has them.
        reserved_s: when it was reserved, by the server's clock.
        tallies: in which tally of each counter, -1 where that is not known.
        registered_in: the epoch in which the server knows of it, or "".
        used: what it used, once it is settled.
        local: what it holds in this process while the server is away.
        shown: used, held, allowed and end of each counter as they were when it was reserved.
    """

    __slots__ = (
        "_keeper",
        "counters",
        "held",
        "id",
        "local",
        "registered_in",
        "reserved_s",
        "scopes",
        "shown",
        "tallies",
        "used",
    )

    def __init__(
        self,
        keeper: Keeper,
        request_id: str,
        scopes: tuple[str, ...],
        held: Amounts,
        counters: tuple[RedisCounter, ...],
        reserved_s: float,
    ) -> None:
        self._keeper = keeper
        self.id = request_id
        self.scopes = scopes
        self.held = held
        self.counters = counters
        self.reserved_s = reserved_s
        self.tallies: list[int] = [-1] * len(counters)
        self.shown: list[int] = []
        self.registered_in = ""
        self.used: Amounts | None = None
        self.local: MemoryReservation | Unlimited | None = None

    async def extend(self, amounts: Amounts) -> bool:
        """Hold `amounts` instead; False when a hard limit forbids it or nobody can say, and nothing changes."""
        return await self._keeper.extend(self, amounts)

    def settle(self, used: Amounts) -> None:
        """Turn what was held into `used`, now or as soon as the server is there; later calls do nothing."""
        if self.used is None:
            self.used = used
            self._keeper.settle(self, used)

    def states(self) -> list[LimitState]:
        """Return the counters as they were right after this was reserved: for headers, without asking again."""
        return states_of(self.counters, self.shown, self.reserved_s)


def states_of(counters: tuple[RedisCounter, ...], shown: list[int], now_s: float) -> list[LimitState]:
    """Return what (used, held, allowed, end) of each counter, in milliseconds, say at `now_s`."""
    states = []
    for number, counter in enumerate(counters[: len(shown) // 4]):
        used, held, allowed, ends_ms = shown[4 * number : 4 * number + 4]
        allowed_now = allowed if allowed >= 0 else counter.limit.amount_at(now_s)
        resets_in_s = max(0.0, ends_ms / 1000 - now_s) if ends_ms else None
        states.append(
            LimitState(counter.limit, counter.scope, used, held, resets_in_s, allowed_now - counter.limit.amount)
        )
    return states
