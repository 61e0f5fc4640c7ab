"""Answer times at a fixed rate, without coordinated omission.

An open loop: requests fall due on a schedule (Poisson, from a fixed seed, so the same for every target)
whether or not earlier ones were answered, and each is timed from the moment it was *due*. When all
connections are busy it waits for one, and that wait counts. The loop never sleeps, because uvloop's
timers are no finer than a millisecond; so this program fills the core it is given.

Run as a program of its own: prints one JSON document.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import ssl
import time
from collections import deque
from itertools import accumulate
from typing import Any, Final

import uvloop

from bench.bodies import http_request, request_body
from bench.client import Connection, connect, unverified_tls
from bench.figures import Latency, percentile
from bench.processes import RunFailed, output_of, python, running
from bench.targets import Target

CONNECTIONS: Final = 64
WARM_UP_S: Final = 0.5
DRAIN_S: Final = 10.0
"""How long the last answers may take before they count as failed."""
SEED: Final = 20240607


def schedule(rate: float, seconds: float) -> list[float]:
    """Return when requests are due, in seconds from the start, `rate` a second on average."""
    source = random.Random(SEED)
    return list(accumulate(source.expovariate(rate) for _ in range(int(rate * seconds))))


class OpenLoop:
    """Sends what is due and notes how long each answer took from then."""

    def __init__(self, request: bytes, due_s: list[float], tls: ssl.SSLContext | None = None) -> None:
        self._request = request
        self._tls = tls
        self._due_s = due_s
        self._next = 0
        self._answered = 0
        self._idle: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._under_way: dict[Connection, float] = {}
        self.taken_s: list[float] = []
        self.late_s: list[float] = []
        self.failed = 0

    async def run(self, port: int, drain_s: float = DRAIN_S) -> None:
        """Return when all is answered, or `drain_s` after the last was due."""
        self._end_s = self._due_s[-1] + drain_s
        for _ in range(CONNECTIONS):
            self._idle.append(await connect(port, lambda: self, self._tls))
        gc.disable()
        loop = asyncio.get_running_loop()
        self._over = loop.create_future()
        self._begin_s = time.perf_counter()
        loop.call_soon(self._send_due)
        await self._over
        self.failed += len(self._due_s) - self._answered

    def on_piece(self, connection: Connection, data: bytes) -> None:
        """Only the end of an answer matters here."""

    def on_answer(self, connection: Connection, status: int) -> None:
        due_s = self._under_way.pop(connection)
        if due_s >= WARM_UP_S:
            self.taken_s.append(self._now_s() - due_s)
        self._answered += 1
        if status != 200:
            self.failed += 1
        if self._waiting:
            self._send(connection, self._waiting.popleft())
        else:
            self._idle.append(connection)

    def on_lost(self, connection: Connection) -> None:
        """What was under way on it stays unanswered."""
        self._under_way.pop(connection, None)
        if connection in self._idle:
            self._idle.remove(connection)

    def _now_s(self) -> float:
        return time.perf_counter() - self._begin_s

    def _send_due(self) -> None:
        now_s = self._now_s()
        while self._next < len(self._due_s) and self._due_s[self._next] <= now_s:
            due_s = self._due_s[self._next]
            self._next += 1
            self.late_s.append(now_s - due_s)
            if self._idle:
                self._send(self._idle.popleft(), due_s)
            else:
                self._waiting.append(due_s)
        if self._answered == len(self._due_s) or now_s > self._end_s:
            self._over.set_result(None)
        else:
            os.sched_yield()  # where the provider shares this core, it goes first
            asyncio.get_running_loop().call_soon(self._send_due)

    def _send(self, connection: Connection, due_s: float) -> None:
        self._under_way[connection] = due_s
        connection.send(self._request)


def measure(target: Target, size_kb: float, rate: float, seconds: float, core: int) -> Latency:
    """Time answers of `target` at `rate` requests a second.

    Raises:
        RunFailed: a request was not answered with 200, or the target's process ended.
    """
    wanted = ["--port", str(target.port), "--size-kb", str(size_kb), "--rate", str(rate), "--seconds", str(seconds)]
    if target.is_secure:
        wanted.append("--tls")
    with running(python("bench.paced", *wanted), on_cores=(core,)) as process:
        output = output_of(process, seconds + DRAIN_S + 30.0, f"{target.name} at {rate:.0f} requests a second")
    target.check()
    found: dict[str, Any] = json.loads(output)
    if found.pop("failed"):
        raise RunFailed(f"{target.name}: not every request at {rate:.0f} a second was answered with 200")
    return Latency(target=target.name, size_kb=size_kb, rate=rate, **found)


def report(loop: OpenLoop) -> dict[str, float]:
    """Return what `measure` reads."""
    taken_us = sorted(s * 1e6 for s in loop.taken_s) or [0.0]
    late_us = sorted(s * 1e6 for s in loop.late_s)
    shares = {"p50_us": 0.5, "p90_us": 0.9, "p99_us": 0.99}
    found = {name: percentile(taken_us, share) for name, share in shares.items()}
    return {**found, "late_us": percentile(late_us, 0.99), "failed": loop.failed}


def main() -> None:
    """Run one open loop as the options say."""
    options = argparse.ArgumentParser(prog="python -m bench.paced", description=__doc__.split("\n", 1)[0])
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--size-kb", type=float, required=True)
    options.add_argument("--rate", type=float, required=True)
    options.add_argument("--seconds", type=float, required=True)
    options.add_argument("--tls", action="store_true")
    wanted = options.parse_args()
    request = http_request(request_body("bench/small", int(wanted.size_kb * 1000)), wanted.port)
    tls = unverified_tls() if wanted.tls else None
    loop = OpenLoop(request, schedule(wanted.rate, WARM_UP_S + wanted.seconds), tls)
    uvloop.run(loop.run(wanted.port))
    print(json.dumps(report(loop)))


if __name__ == "__main__":
    main()
