"""Limits kept in Redis or Valkey, for several processes and machines.

The same promises as in memory: one script call takes a share of every counter that applies, or of none. What is
settled is kept here until the server has said so, and told again after a lost connection; the server counts it once.

While the server is away, keys without hard limits are served and what they use is counted later. Hard limits admit
nobody (`redis_loss = "refuse"`); or rates, which last a minute, are kept in this process for its share of the nodes
(`"local"`), and only quotas admit nobody.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec
import structlog

from tokenrouter.domain.errors import CountersNotReady, LimitReached
from tokenrouter.domain.limits import Amounts, Limit, LimitState
from tokenrouter.limits.adjusting import Adjusted
from tokenrouter.limits.counters import CONCURRENCY_RETRY_S
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.limits.redis_alone import can_go_alone, keeper_of_shares
from tokenrouter.limits.redis_counters import PLACES, CounterTable, RedisCounter
from tokenrouter.limits.redis_node import LEASE_S, RENEW_S, STALE, Node, Renewed
from tokenrouter.limits.redis_requests import Requests
from tokenrouter.limits.redis_reservation import RedisReservation, states_of
from tokenrouter.limits.redis_restore import FIRST_S, PATIENCE_S, LedgerSums, Restorer
from tokenrouter.limits.redis_scripts import load_scripts
from tokenrouter.limits.refusals import refusal_of, slowest
from tokenrouter.redis.address import RedisAddress
from tokenrouter.redis.connection import DEADLINE_S, RedisAway, RedisConnection, RedisError, RedisRefused, Reply
from tokenrouter.redis.script import Script

Loss = Literal["refuse", "local"]
"""What hard limits do while the server is away."""
RETRY_S: Final = 2.0
PENDING_S: Final = 0.1
"""How often it is looked whether limits are ready that are not."""

log = structlog.get_logger(__name__)
_encode: Final = msgspec.msgpack.Encoder().encode
_THERE_IS_ROOM: Final = -2


class RedisLimiter:
    """Keeps every counter on a server that others share."""

    def __init__(
        self,
        address: RedisAddress,
        limits: Sequence[Limit],
        sums: LedgerSums,
        *,
        node: str,
        redis_loss: Loss = "refuse",
        deadline_s: float = DEADLINE_S,
        lease_s: float = LEASE_S,
        patience_s: float = PATIENCE_S,
        first_s: float = FIRST_S,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`node` is this process's name, never used before. `clock` replaces the server's time, for tests."""
        self._scripts = scripts = load_scripts()
        self._connection = RedisConnection(address, on_open=self._join, on_lost=self._lose, deadline_s=deadline_s)
        self._node = Node(node, self._connection, scripts, lease_s=lease_s, clock=clock)
        self._counters = CounterTable()
        self._restorer = Restorer(
            self._node, self._connection, scripts, self._counters, sums, patience_s=patience_s, first_s=first_s
        )
        self._deadline_s = deadline_s
        self._redis_loss = redis_loss
        self._joined = asyncio.Event()
        self._wake = asyncio.Event()
        self._away_since_s = time.monotonic()
        self._peers: frozenset[str] | None = None
        self._requests = Requests(
            self._node, scripts, self._counters, is_joined=self._joined.is_set, on_refusal=self._note_stale
        )
        self._gone: set[str] = set()
        self._local: MemoryLimiter | None = None
        self._catalogue = self._followed = 0
        self.reload(limits)

    @property
    def looks_at_addresses(self) -> bool:
        """Whether any limit has an `ip:` scope."""
        return self._counters.looks_at_addresses

    @property
    def unrestored(self) -> frozenset[str]:
        """Ids of the limits whose counters are not ready."""
        return self._restorer.pending if self._joined.is_set() else frozenset(self._counters.limits)

    @property
    def is_connected(self) -> bool:
        """Whether the server counts for us now."""
        return self._joined.is_set()

    @property
    def is_up_to_date(self) -> bool:
        """Whether the server follows our catalogue and knows of all our requests."""
        return self._joined.is_set() and self._followed == self._catalogue and not self._requests.has_strays

    @property
    def unsettled(self) -> int:
        """How many endings the server has not confirmed."""
        return self._requests.unsettled

    async def run(self) -> None:
        """Stay connected, renew the lease and restore what is missing, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._connection.run(), name="redis connection")
            tasks.create_task(self._keep_lease(), name="redis lease")
            tasks.create_task(self._keep_ready(), name="redis counters")

    async def close(self) -> None:
        """Leave: call before cancelling `run`, when nothing is in flight any more."""
        if self._joined.is_set():
            try:
                await self._node.leave()
            except RedisError as error:
                log.warning("the lease will end by itself", reason=str(error))

    def reload(self, limits: Sequence[Limit]) -> None:
        """Follow a changed catalogue; counters of limits that stay are kept."""
        self._gone |= self._counters.reload(limits)
        self._local = None
        self._catalogue += 1
        self._wake.set()

    async def reserve(self, request_id: str, scopes: Sequence[str], amounts: Amounts) -> RedisReservation:
        """Hold `amounts` in every limit that applies to any of `scopes`, or in none.

        `request_id` names this reservation for ever. Without a limit that applies nobody is asked.

        Raises:
            RateLimited, QuotaReserved, QuotaExceeded
            CountersNotReady: a hard limit applies, and the server is away or its counters are being restored.
        """
        named = tuple(scopes)
        counters = self._counters.of(named)
        reservation = RedisReservation(self, request_id, named, amounts, counters, 0.0)
        if not counters:
            reservation.reserved_s = self._node.now_s()
            self._requests.add(reservation)
            return reservation
        if self._joined.is_set() or await asyncio.create_task(self._is_back(counters)):
            reservation.counters = self._counters.of(named)  # who waited for the server had none of its counters yet
            if self._restorer.pending or self._followed != self._catalogue:
                reservation.counters = self._ready_ones(reservation.counters)
            try:
                return await self._reserve(reservation)
            except RedisError as error:
                self._note_stale(error)
            except asyncio.CancelledError:
                self._requests.cancel(request_id)
                raise
            # Whether the server has it nobody knows, so that one is given back and another goes on.
            self._requests.cancel(request_id)
            reservation = RedisReservation(self, f"{request_id}+", named, amounts, counters, 0.0)
        return self._reserve_alone(reservation)

    async def states(self, scopes: Sequence[str]) -> list[LimitState]:
        """Return the counters of every limit that applies to any of `scopes`; none while the server is away."""
        counters = self._counters.of(tuple(scopes))
        if not counters or not self._joined.is_set() or not all(counter.key for counter in counters):
            return []
        try:
            answer = await self._ask_counters(self._scripts.states, counters, [0] * len(counters))
        except RedisError as error:
            self._note_stale(error)
            return []
        return states_of(counters, answer[2:], answer[1] / 1000)

    async def adjust(self, adjusted: Adjusted) -> bool:
        """Count as used what no request did; once, whichever nodes are told of it. False: tell it again later.

        Each limit's adjustments must be told in the order of their numbers.
        """
        limit = self._counters.limits.get(adjusted.limit_id)
        if limit is None:
            return True  # it counts nothing here; should it come back, so do the ledger's sums
        counter = self._counters.counter(limit, adjusted.scope)
        if limit.id in self.unrestored or not counter.key:
            return False
        words = str(adjusted.number), limit.id, str(adjusted.amount)
        try:
            answer = await self._ask_counters(self._scripts.adjust, (counter,), [0], *words)
        except RedisError as error:
            self._note_stale(error)
            return False
        return answer[0] == 1

    async def extend(self, reservation: RedisReservation, amounts: Amounts) -> bool:
        """See `RedisReservation.extend`."""
        local = reservation.local
        if local is not None and not local.extend(amounts):
            return False
        if self._requests.is_registered(reservation):
            if any(counter.is_hard for counter in reservation.counters):
                if not self._joined.is_set() or not await self._extend(reservation, amounts):
                    return False
            elif self._joined.is_set():
                self._node.tell(self._scripts.extend, _ignore, reservation.id, self._wanted(reservation, amounts))
        reservation.held = amounts
        return True

    def settle(self, reservation: RedisReservation, used: Amounts) -> None:
        """See `RedisReservation.settle`."""
        if reservation.local is not None:
            reservation.local.settle(used)
        self._requests.end(reservation, used)

    async def _reserve(self, reservation: RedisReservation) -> RedisReservation:
        counters, held = reservation.counters, reservation.held
        amounts = [held.of(counter.limit.metric) for counter in counters]
        answer = await self._ask_counters(self._scripts.reserve, counters, amounts, reservation.id)
        reservation.reserved_s = answer[1] / 1000
        if answer[0] == 0:
            raise _refusal(counters, amounts, answer)
        reservation.tallies = answer[2::5]
        shown = answer[2:]
        del shown[::5]
        reservation.shown = shown
        reservation.registered_in = self._node.epoch
        self._requests.add(reservation)
        return reservation

    async def _ask_counters(
        self, script: Script, counters: tuple[RedisCounter, ...], amounts: Sequence[int], *words: str
    ) -> list[int]:
        """Run a script on counters, again if the server's calendar is on another page."""
        keys = tuple(counter.key for counter in counters)
        for _ in range(3):
            now_s = self._node.now_s()
            asked: list[int] = []
            for counter, amount in zip(counters, amounts, strict=True):
                counter.ask(asked, amount, now_s)
            answer: list[int] = await self._node.call(script, *words, _encode(asked), keys=keys)
            if answer[0] != 2:
                return answer
            self._node.note_time(answer[1])
        raise RedisRefused("the server's clock is not to be followed")

    async def _is_back(self, counters: tuple[RedisCounter, ...]) -> bool:
        """Wait for a server that has just gone, if it matters."""
        if not any(counter.is_hard for counter in counters) or self._can_go_alone(counters):
            return False
        left_s = self._away_since_s + self._deadline_s - time.monotonic()
        if left_s <= 0:
            return False
        try:
            async with asyncio.timeout(left_s):
                await self._joined.wait()
        except TimeoutError:
            return False
        return True

    def _ready_ones(self, counters: tuple[RedisCounter, ...]) -> tuple[RedisCounter, ...]:
        """Return those that the server can count; hard ones must be ready, soft ones are announced later."""
        pending = self._restorer.pending
        for counter in counters:
            if counter.is_hard and (not counter.key or counter.limit.id in pending):
                raise CountersNotReady(
                    f"What {counter.scope} has used is still being read; try again shortly.", retry_after_s=RETRY_S
                )
        return tuple(counter for counter in counters if counter.key)

    def _can_go_alone(self, counters: tuple[RedisCounter, ...]) -> bool:
        return self._redis_loss == "local" and can_go_alone(counters)

    def _reserve_alone(self, reservation: RedisReservation) -> RedisReservation:
        """Go on without the server, where that is allowed."""
        hard = [counter for counter in reservation.counters if counter.is_hard]
        if hard:
            if not self._can_go_alone(reservation.counters):
                raise CountersNotReady(
                    f"What {hard[0].scope} has used cannot be read now; try again shortly.", retry_after_s=RETRY_S
                )
            reservation.local = self._local_limiter().reserve(reservation.scopes, reservation.held)
        reservation.reserved_s = self._node.now_s()
        self._requests.add(reservation)
        return reservation

    def _local_limiter(self) -> MemoryLimiter:
        """Return a keeper of this process's share of the rates; it begins empty with each loss."""
        if self._local is None:
            self._local = keeper_of_shares(self._counters.limits.values(), len(self._peers or ()) + 1)
        return self._local

    async def _extend(self, reservation: RedisReservation, amounts: Amounts) -> bool:
        wanted = self._wanted(reservation, amounts)
        try:
            return bool(await self._node.call(self._scripts.extend, reservation.id, wanted))
        except RedisError as error:
            self._note_stale(error)
            return False

    def _wanted(self, reservation: RedisReservation, amounts: Amounts) -> bytes:
        now_s = self._node.now_s()
        wanted: list[int] = []
        for counter in reservation.counters:
            limit = counter.limit
            wanted += (amounts.of(limit.metric), counter.base(now_s), limit.amount, limit.carry_over)
        return _encode(wanted)

    def _lose(self) -> None:
        """The connection is gone."""
        if self._joined.is_set():
            self._joined.clear()
            self._away_since_s = time.monotonic()
            self._local = None
        self._wake.set()

    def _note_stale(self, error: RedisError) -> None:
        """Begin again when the server does not know us any more; everything else begins again by itself."""
        if isinstance(error, RedisAway):
            return
        if str(error).startswith(STALE):
            self._connection.abort("the server has forgotten this node")
        else:
            log.error("a script of ours was refused", reason=str(error))

    async def _join(self) -> None:
        """Become known to the server, and tell it what it does not know."""
        joined = await self._node.join()
        if joined.is_new_to_us:
            self._counters.begin_epoch(self._node.base)
            self._restorer.begin(joined, self._peers)
        await self._follow()
        await self._requests.meet(joined.open_ids)
        self._joined.set()
        self._requests.tell_endings()
        self._wake.set()

    async def _follow(self) -> None:
        """Make the server follow our catalogue."""
        catalogue = self._catalogue
        gone = set(self._counters.limits) if self._requests.has_lost_endings else self._gone
        if gone:
            await self._restorer.forget(gone)
        self._gone -= gone
        self._requests.has_lost_endings = False
        await self._restorer.follow()
        self._followed = catalogue

    async def _keep_lease(self) -> None:
        while True:
            if self._joined.is_set():
                try:
                    await self.renew()
                except RedisError as error:
                    self._note_stale(error)
            await asyncio.sleep(RENEW_S)

    async def _keep_ready(self) -> None:
        """Look after limits that are new or not ready, beside the lease: the ledger may take its time."""
        last_s = time.monotonic()
        while True:
            self._wake.clear()
            now_s = time.monotonic()
            if self._joined.is_set():
                try:
                    await self.catch_up(now_s - last_s)
                except RedisError as error:
                    self._note_stale(error)
            last_s = now_s
            try:
                async with asyncio.timeout(PENDING_S if self._restorer.pending else RENEW_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def renew(self) -> Renewed:
        """Renew the lease; `run` does it every second.

        Raises:
            RedisError: the server is away.
        """
        renewed = await self._node.renew(self._restorer.told)
        if renewed.dead:
            log.warning("nodes are gone; what they held is charged", nodes=renewed.dead)
        self._peers = renewed.live - {self._node.name}
        return renewed

    async def catch_up(self, passed_s: float) -> None:
        """Take one step towards counters that are ready; `run` does it often enough.

        `passed_s`: how long ago the last step was.

        Raises:
            RedisError: the server is away.
        """
        if self._followed != self._catalogue:
            await self._follow()
            await self._requests.announce()
        elif self._requests.has_strays:
            await self._requests.announce()
        elif self._restorer.pending:
            await self._restorer.follow()
        if self._restorer.pending and await self._restorer.tell():
            await self._restorer.advance(await self.renew(), passed_s)
        else:
            self._restorer.wait(passed_s)
        await self._restorer.clear()


def _refusal(counters: tuple[RedisCounter, ...], amounts: Sequence[int], answer: list[int]) -> LimitReached:
    """Return what to tell of the limits in the way, and how all that apply stand."""
    refusals: list[LimitReached] = []
    for counter, asked, at in zip(counters, amounts, range(2, len(answer), 5), strict=True):
        used, held, allowed, _, back_in_ms = answer[at : at + 5]
        if back_in_ms == _THERE_IS_ROOM:
            continue
        back_in_s = back_in_ms / 1000 if back_in_ms >= 0 else None
        if counter.kind == PLACES and asked <= allowed:
            back_in_s = CONCURRENCY_RETRY_S
        figures = {"used": used, "held": held, "asked": asked, "allowed": allowed}
        refusals.append(refusal_of(counter.limit, counter.scope, **figures, back_in_s=back_in_s))
    shown = answer[2:]
    del shown[4::5]
    refusal = slowest(refusals)
    refusal.states = states_of(counters, shown, answer[1] / 1000)
    return refusal


def _ignore(answer: Reply) -> None:
    """Soft limits do not wait for an answer."""
