"""What this process has reserved and settled, for as long as the server may not know of it.

A connection that breaks leaves open what the server has done of the last commands; a server that lost everything knows
of nothing. So every open request and every ending that was not confirmed is kept here, and announced or told again when
the server is there: it counts each once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Final

import msgspec

from tokenrouter.domain.limits import Amounts
from tokenrouter.limits.redis_counters import CounterTable, RedisCounter, amounts_by_metric
from tokenrouter.limits.redis_node import Node
from tokenrouter.limits.redis_reservation import RedisReservation
from tokenrouter.limits.redis_scripts import LimitScripts
from tokenrouter.redis.connection import RedisError, Reply

MAX_UNSETTLED: Final = 100_000
"""Most endings that are kept for a server that is away; beyond it the counters are read from the ledger again."""
AT_ONCE: Final = 500
"""Most requests that are announced in one go."""

Work = Callable[[], Awaitable[None]]
_encode: Final = msgspec.msgpack.Encoder().encode
_NOTHING: Final = Amounts()


class Requests:
    """The requests of one node.

    Attributes:
        has_strays: whether there may be requests that the server knows nothing of.
        has_lost_endings: whether some ended of which it will never hear, so that the ledger must be asked.
    """

    def __init__(
        self,
        node: Node,
        scripts: LimitScripts,
        counters: CounterTable,
        *,
        is_joined: Callable[[], bool],
        on_refusal: Callable[[RedisError], None],
    ) -> None:
        """`is_joined` says whether the server can be told now, `on_refusal` hears why it did not take an ending."""
        self._node = node
        self._scripts = scripts
        self._counters = counters
        self._is_joined = is_joined
        self._on_refusal = on_refusal
        self._open: dict[str, RedisReservation] = {}
        self._unsettled: dict[str, tuple[RedisReservation | None, Amounts]] = {}
        self.has_strays = False
        self.has_lost_endings = False

    @property
    def unsettled(self) -> int:
        """How many endings the server has not confirmed."""
        return len(self._unsettled)

    def is_registered(self, reservation: RedisReservation) -> bool:
        """Whether the server knows of it, in the epoch of now."""
        return reservation.registered_in == self._node.epoch

    def add(self, reservation: RedisReservation) -> None:
        """Note that a request runs."""
        self._open[reservation.id] = reservation
        if reservation.counters and not self.is_registered(reservation):
            self.has_strays = True

    def end(self, reservation: RedisReservation, used: Amounts) -> None:
        """Note what a request used, and tell the server if it is there."""
        self._open.pop(reservation.id, None)
        if reservation.counters:
            self._keep(reservation.id, reservation, used)

    def cancel(self, request_id: str) -> None:
        """Give back what may have been reserved without our hearing of it."""
        self._keep(request_id, None, _NOTHING)

    async def meet(self, known_ids: Collection[str]) -> None:
        """Make the server's requests of this node, `known_ids`, those that there are.

        Raises:
            RedisError
        """
        ours = self._open.keys() | self._unsettled.keys()
        await _in_parts([partial(self._settle, name, _NOTHING) for name in known_ids if name not in ours])
        for name in self._open.keys() - known_ids:
            self._open[name].registered_in = ""
        self.has_strays = True
        while self.has_strays:
            await self.announce()

    async def announce(self) -> None:
        """Register what runs, and settle what has ended, as far as the server does not know it.

        Raises:
            RedisError
        """
        self.has_strays = False
        ended = list(self._unsettled.items())
        await _in_parts([partial(self._end, name, reservation, used) for name, (reservation, used) in ended])
        changed: list[Work] = []
        for reservation in list(self._open.values()):
            counters = self._known_counters(reservation)
            if [c.key for c in counters] != [c.key for c in reservation.counters] or (
                counters and not self.is_registered(reservation)
            ):
                changed.append(partial(self._register, reservation, counters, None))
        await _in_parts(changed)

    def tell_endings(self) -> None:
        """Tell again what has not been confirmed."""
        for name, (_, used) in self._unsettled.items():
            self._tell(name, used)

    def _keep(self, request_id: str, reservation: RedisReservation | None, used: Amounts) -> None:
        if len(self._unsettled) >= MAX_UNSETTLED:
            del self._unsettled[next(iter(self._unsettled))]
            self.has_lost_endings = True
        self._unsettled[request_id] = reservation, used
        if self._is_joined() and (reservation is None or self.is_registered(reservation)):
            self._tell(request_id, used)

    def _tell(self, request_id: str, used: Amounts) -> None:
        def confirm(answer: Reply) -> None:
            if isinstance(answer, RedisError):
                self._on_refusal(answer)
            else:
                self._unsettled.pop(request_id, None)

        self._node.tell(self._scripts.settle, confirm, request_id, _encode(amounts_by_metric(used)))

    def _known_counters(self, reservation: RedisReservation) -> tuple[RedisCounter, ...]:
        return tuple(counter for counter in self._counters.of(reservation.scopes) if counter.key)

    async def _end(self, request_id: str, reservation: RedisReservation | None, used: Amounts) -> None:
        """Settle what has ended; where the server cannot know of it, register it first."""
        if reservation is not None and not self.is_registered(reservation):
            await self._register(reservation, self._known_counters(reservation), used)
        else:
            await self._settle(request_id, used)
        self._unsettled.pop(request_id, None)

    async def _settle(self, request_id: str, used: Amounts) -> None:
        await self._node.call(self._scripts.settle, request_id, _encode(amounts_by_metric(used)))

    async def _register(
        self, reservation: RedisReservation, counters: tuple[RedisCounter, ...], used: Amounts | None
    ) -> None:
        """Make the server know that a request holds what it holds, or, with `used`, that it held and used it."""
        held = reservation.held
        tallies = _tallies(reservation, counters)
        ended = b"" if used is None else _encode(amounts_by_metric(used))
        keys = tuple(counter.key for counter in counters)
        for _ in range(3):
            now_s = self._node.now_s()
            asked: list[int] = []
            for counter in counters:
                counter.ask(asked, held.of(counter.limit.metric), now_s)
            words = (reservation.id, _encode(asked), _encode(tallies), ended)
            if await self._node.call(self._scripts.announce, *words, keys=keys) == 1:
                break
        reservation.counters, reservation.tallies = counters, tallies
        reservation.registered_in = self._node.epoch
        if used is None and reservation.id not in self._open:
            # It ended while the server was told that it runs.
            self.has_strays = True
            self._unsettled.setdefault(reservation.id, (reservation, reservation.used or _NOTHING))


def _tallies(reservation: RedisReservation, counters: tuple[RedisCounter, ...]) -> list[int]:
    """Return in which tally of each counter a request is: the one it was given, else that of its time."""
    names = [(counter.limit.id, counter.scope) for counter in reservation.counters]
    given = dict(zip(names, reservation.tallies, strict=False))
    tallies = []
    for counter in counters:
        tally = given.get((counter.limit.id, counter.scope), -1)
        tallies.append(tally if tally >= 0 else counter.tally_at(reservation.reserved_s))
    return tallies


async def _in_parts(work: Sequence[Work]) -> None:
    """Do all of `work`, a bounded number of things at a time."""
    for at in range(0, len(work), AT_ONCE):
        await asyncio.gather(*(start() for start in work[at : at + AT_ONCE]))
