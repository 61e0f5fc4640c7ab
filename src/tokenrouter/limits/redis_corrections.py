"""Requests whose process died, set right in Redis when its journal is read.

A dead node's requests are charged what they held. Its journal knows better, a second or a month later, and whoever
reads it asks the server what is left of the node, and tells it before the ledger has the rows: told twice, or by two,
it counts once. A node is named like the writer of its journal, so the one is found by the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from tokenrouter.domain.limits import Amounts, Limit
from tokenrouter.domain.windows import window_end, window_start
from tokenrouter.limits.redis_counters import CALENDAR, METRIC_NUMBERS, amounts_by_metric, kind_number
from tokenrouter.limits.redis_node import META_KEY
from tokenrouter.limits.redis_scripts import load_scripts
from tokenrouter.redis.address import RedisAddress
from tokenrouter.redis.connection import RedisConnection

_encode: Final = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Correction:
    """What a request used whose process cannot say so any more.

    Attributes:
        request_id: as it was reserved.
        charged: the limits that apply, each with the concrete scope.
    """

    request_id: str
    started_s: float
    used: Amounts
    charged: Sequence[tuple[Limit, str]]


class Remains(NamedTuple):
    """What is left of a dead node.

    Attributes:
        was_here: whether it knew the server as it is now: then all that it ever counted there is settled, or left.
        request_ids: the requests that it has not settled.
    """

    was_here: bool
    request_ids: frozenset[str]


class RedisCorrections:
    """Tells the server of them, over a connection of its own: the process that reads journals counts nothing itself."""

    def __init__(self, address: RedisAddress, *, clock: Callable[[], float] | None = None) -> None:
        """`clock` gives seconds since the epoch instead of the server's own, for tests."""
        self._connection = RedisConnection(address)
        self._scripts = load_scripts()
        self._clock = clock

    async def run(self) -> None:
        """Stay connected until cancelled."""
        await self._connection.run()

    def _now_word(self) -> str:
        return "" if self._clock is None else str(int(self._clock() * 1000))

    async def bury(self, node: str) -> Remains:
        """End the lease of a node whose process is dead, and return what is left of it.

        Raises:
            RedisError: the server is away.
        """
        was_here, left = await self._connection.call(self._scripts.bury, 1, META_KEY, "", "", self._now_word(), node)
        return Remains(bool(was_here), frozenset(request_id.decode() for request_id in left))

    async def correct(self, correction: Correction) -> None:
        """Charge what was used instead of what was held.

        Raises:
            RedisError: the server is away. Tell it again before the row is in the ledger.
        """
        started_s = correction.started_s
        charges: list[object] = []
        for limit, scope in correction.charged:
            amount = correction.used.of(limit.metric)
            charges += (limit.id, scope, METRIC_NUMBERS[limit.metric], amount, *_window(limit, started_s))
        used = _encode(amounts_by_metric(correction.used))
        words = (correction.request_id, round(started_s * 1000), used, _encode(charges))
        await self._connection.call(self._scripts.correct, 1, META_KEY, "", "", self._now_word(), *words)


def _window(limit: Limit, started_s: float) -> tuple[int, int, int, int]:
    """Return kind, begin, end and length as `scripts/correct.lua` wants them."""
    kind, window = kind_number(limit), limit.window
    if kind != CALENDAR:
        return kind, 0, 0, window.length_s * 1000
    start_s = window_start(window, started_s, started_s)
    return kind, round(start_s * 1000), round((window_end(window, start_s) or start_s) * 1000), 0
