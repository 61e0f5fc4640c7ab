"""Answers that are given again, put together: where they lie, the layers that give them, and their figures."""

import asyncio

from tokenrouter.config.keyfile import answers_key
from tokenrouter.config.settings import KeptRoom, Settings
from tokenrouter.gateway.borrowed import BorrowedBooks
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.flights import Flights
from tokenrouter.gateway.idempotency import Idempotency
from tokenrouter.gateway.layers import Layer
from tokenrouter.gateway.ports import Source
from tokenrouter.gateway.recording import Room
from tokenrouter.gateway.response_cache import ResponseCache
from tokenrouter.keeping.memory import MemoryAnswers
from tokenrouter.keeping.redis import RedisAnswers
from tokenrouter.redis.address import parse_redis_url


class Answers:
    """What one data process keeps.

    Attributes:
        first, last: layers, the ones that come before those that change a request, and after them.
    """

    def __init__(self, settings: Settings, secret: bytes, source: Source, ports: Ports) -> None:
        self._secret = secret
        self._redis_url = settings.redis_url
        self._servers: list[RedisAnswers] = []
        self._memories: list[MemoryAnswers] = []
        self._books = BorrowedBooks(source, ports)
        repeats, cache = settings.idempotency, settings.cache
        self._rooms = (Room(repeats.room.max_bytes), Room(cache.max_bytes))
        repeated = Flights(self._rooms[0], repeats.room.max_entry_bytes)
        shared = Flights(self._rooms[1], cache.max_entry_bytes)
        self.first: tuple[Layer, ...] = ()
        if repeats.enabled:
            store = self._store(repeats.room)
            self.first = (Idempotency(source, store, repeated, self._books, keep_s=repeats.keep_s),)
        self.last: tuple[Layer, ...] = (ResponseCache(source, self._store(cache), shared, self._books),)

    async def run(self) -> None:
        """Stay connected to the servers on which answers lie, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for server in self._servers:
                tasks.create_task(server.run(), name="kept answers")

    def gauges(self) -> dict[str, float]:
        """Return how many were given again, and what is kept."""
        used_bytes = sum(memory.used_bytes for memory in self._memories)
        used_bytes += sum(server.used_bytes for server in self._servers)
        return {
            **{f"answers_from_{how}": float(count) for how, count in self._books.answered.items()},
            "answers_saved_usd": self._books.saved_nano_usd / 1e9,
            "kept_answers": float(sum(map(len, self._memories))),
            "kept_answers_bytes": float(used_bytes),
            "kept_answers_evicted": float(sum(memory.evicted for memory in self._memories)),
            "kept_answers_connections": float(sum(server.is_open for server in self._servers)),
            "kept_answers_failures": float(sum(server.failures for server in self._servers)),
            "recorded_bytes": float(sum(room.used_bytes for room in self._rooms)),
        }

    def _store(self, room: KeptRoom) -> MemoryAnswers | RedisAnswers:
        if room.backend == "redis":
            address = parse_redis_url(self._redis_url)
            server = RedisAnswers(address, answers_key(self._secret), room.max_bytes, room.max_entry_bytes)
            self._servers.append(server)
            return server
        memory = MemoryAnswers(room.max_bytes, room.max_entry_bytes)
        self._memories.append(memory)
        return memory
