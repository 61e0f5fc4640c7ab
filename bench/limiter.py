"""What limits cost: `python -m bench.limiter` reserves and settles as a gateway does, in memory and in Valkey.

Three limits apply to each request (key, team, global), as in the bench of the whole gateway. Valkey runs on the same
machine and does its work on another core, so "CPU" is this process's alone; "latency" is how long `reserve` takes.
"""

import argparse
import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import uvloop

from tokenrouter.domain.limit_text import limit_id, parse_window
from tokenrouter.domain.limits import Amounts, Limit, Metric
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.limits.redis import RedisLimiter
from tokenrouter.limits.redis_restore import LedgerUse
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.testing.valkey import ValkeyServer

HELD: Final = Amounts(1, 500, 300, 4_000_000)
USED: Final = Amounts(1, 480, 210, 3_100_000)
KEYS: Final = 50
"""How many keys take part: each has a counter of its own."""


class NoLedger:
    """A ledger without a row."""

    async def drain(self) -> None:
        """There is nothing to write."""

    async def load_used(self, limit_ids: Collection[str], counted: Mapping[str, Collection[str]]) -> LedgerUse:
        """Nothing was ever used."""
        return LedgerUse({}, {})


def a_limit(scope: str, metric: Metric, window: str) -> Limit:
    """Return a hard limit that is never reached."""
    parsed = parse_window(window)
    return Limit(limit_id(scope, metric, parsed), scope, metric, parsed, 2**50)


LIMITS: Final = (
    a_limit("key:*", "requests", "60s"),
    a_limit("team:*", "cost_usd", "month"),
    a_limit("global", "tokens", "day"),
)


def scopes_of(number: int) -> tuple[str, ...]:
    """Return whom a request is charged to."""
    return f"key:k{number % KEYS}", "user:ann", f"team:t{number % 5}", "global"


def measure_memory(requests: int) -> float:
    """Return the CPU time of one request, in microseconds."""
    limiter = MemoryLimiter(LIMITS, restored=True)
    began_s = time.process_time()
    for number in range(requests):
        limiter.reserve(scopes_of(number), HELD).settle(USED)
    return (time.process_time() - began_s) / requests * 1e6


async def measure_redis(url: str, requests: int, at_once: int) -> tuple[float, float, list[float]]:
    """Return CPU time and real time of one request, and how long each `reserve` took, all in microseconds."""
    limiter = RedisLimiter(
        parse_redis_url(url), LIMITS, NoLedger(), node=f"bench-{at_once}-{time.time_ns()}", patience_s=0.0
    )
    running = asyncio.create_task(limiter.run())
    while not limiter.is_connected or limiter.unrestored:  # noqa: ASYNC110 (once, at the beginning)
        await asyncio.sleep(0.01)
    waits: list[float] = []
    numbers = iter(range(requests))

    async def client() -> None:
        for number in numbers:
            asked_s = time.perf_counter()
            reservation = await limiter.reserve(f"{at_once}-{number}", scopes_of(number), HELD)
            waits.append((time.perf_counter() - asked_s) * 1e6)
            reservation.settle(USED)

    cpu_s, real_s = time.process_time(), time.perf_counter()
    await asyncio.gather(*(client() for _ in range(at_once)))
    while limiter.unsettled:  # noqa: ASYNC110 (the last few)
        await asyncio.sleep(0)
    cpu_s, real_s = time.process_time() - cpu_s, time.perf_counter() - real_s
    await limiter.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return cpu_s / requests * 1e6, real_s / requests * 1e6, sorted(waits)


def show(name: str, cpu_us: float, real_us: float, waits: Sequence[float]) -> None:
    """Print one line."""
    at = {share: waits[int(len(waits) * share)] for share in (0.5, 0.99)} if waits else {0.5: 0.0, 0.99: 0.0}
    print(f"{name:22} {cpu_us:8.1f} {1e6 / real_us:12,.0f} {at[0.5]:10.0f} {at[0.99]:10.0f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=50_000)
    requests = parser.parse_args().requests
    print(f"{'reserve + settle':22} {'CPU µs':>8} {'requests/s':>12} {'p50 µs':>10} {'p99 µs':>10}")
    in_memory_us = measure_memory(requests)
    show("memory", in_memory_us, in_memory_us, ())
    with ValkeyServer() as server:
        for at_once in (1, 16, 64):
            show(f"Valkey, {at_once} at once", *uvloop.run(measure_redis(server.url, requests, at_once)))


if __name__ == "__main__":
    main()
