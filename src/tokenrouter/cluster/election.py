"""One node of all does what only one may do: background jobs like pruning, price updates and reports.

A lock with a lease on the server that all nodes share. Whoever has it renews it three times per lease and stops
believing in it before the server gives it away. A job that takes longer than a lease, or a process that was paused, may
still act late; so each term has a fencing number that only rises, for those who write to carry along and compare.
"""

import asyncio
import time
from typing import Final

import structlog

from tokenrouter.redis.connection import RedisConnection, RedisError
from tokenrouter.redis.script import Script

LEASE_S: Final = 5.0

log = structlog.get_logger(__name__)

_ELECT: Final = """
-- KEYS: the lock, its last fencing number. ARGV: who asks, length of a lease in milliseconds.
-- Answers the fencing number of the asker's term, or 0 while it is somebody else's.
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return tonumber(redis.call('GET', KEYS[2]) or 0)
end
if holder then return 0 end
-- Numbers rise with the time, so that they go on rising on a server that has lost everything.
local now = redis.call('TIME')
local number = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
number = math.max(number, tonumber(redis.call('GET', KEYS[2]) or 0) + 1)
redis.call('SET', KEYS[2], string.format('%.0f', number))
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return number
"""
_RESIGN: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Election:
    """One candidate for one office."""

    def __init__(self, connection: RedisConnection, node: str, office: str, *, lease_s: float = LEASE_S) -> None:
        """`connection` is kept open by somebody else; `node` is this candidate's name, `office` what is elected."""
        self._connection = connection
        self._node = node
        self._office = office
        self._keys = f"{{tr}}:office:{office}", f"{{tr}}:office:{office}:number"
        self._lease_s = lease_s
        self._elect, self._resign = Script.of("elect", _ELECT), Script.of("resign", _RESIGN)
        self._until_s = 0.0
        self._number = 0

    @property
    def is_elected(self) -> bool:
        """Whether this node may act now. False as soon as another could have been elected."""
        return time.monotonic() < self._until_s

    @property
    def number(self) -> int:
        """The fencing number of the present term: higher than that of every former one; 0 out of office."""
        return self._number if self.is_elected else 0

    async def run(self) -> None:
        """Stand for election, for ever; gives the office back when cancelled."""
        try:
            while True:
                await self.stand()
                await asyncio.sleep(self._lease_s / 3)
        finally:
            await self.resign()

    async def stand(self) -> bool:
        """Take the office if it is free, or keep it; False when it is somebody else's or nobody can say."""
        asked_s = time.monotonic()
        try:
            number = await self._connection.call(self._elect, 2, *self._keys, self._node, round(self._lease_s * 1000))
        except RedisError as error:
            log.debug("no election", office=self._office, reason=str(error))
            return False
        was_elected = self.is_elected
        self._number = number
        # Counted from before we asked, so we stop before the server does.
        self._until_s = asked_s + self._lease_s if number else 0.0
        if self.is_elected and not was_elected:
            log.info("this node was elected", office=self._office, number=number)
        return self.is_elected

    async def resign(self) -> None:
        """Leave the office to others at once; harmless when it is not ours."""
        was_elected, self._until_s = self.is_elected, 0.0
        if was_elected:
            try:
                await self._connection.call(self._resign, 1, self._keys[0], self._node)
            except RedisError as error:
                log.debug("the office will be free by itself", office=self._office, reason=str(error))
