"""Whether the gateway stays as small as it starts: memory over many requests, one in a hundred aborted.

An aborted request is a stream whose reader leaves in the middle; those take the paths on which things
are forgotten. As a program of its own this sends the requests and prints a line at each step; `measure` runs
it and reads the memory of every process of the gateway at those moments.
"""

import argparse
import asyncio
from dataclasses import dataclass
from typing import Final

import uvloop

from bench import procfs
from bench.bodies import http_request, request_body
from bench.client import Connection, connect
from bench.figures import Memory
from bench.processes import RunFailed, python, running
from bench.targets import Target, wait_until_quiet

CONNECTIONS: Final = 64
ABORT_EVERY: Final = 100
ABORTED_MODEL: Final = "bench/stream-200-20"
"""Four seconds long: nobody reads it to the end here."""
REQUEST_BYTES: Final = 2000
STEPS: Final = 10
SLOWEST_PER_S: Final = 1000


@dataclass(slots=True)
class Count:
    """How far the soak has come, all connections together."""

    wanted: int
    step: int
    begun: int = 0
    done: int = 0
    aborted: int = 0
    failed: int = 0

    def one_done(self) -> None:
        """Tell the driver at each step."""
        self.done += 1
        if self.done % self.step == 0 or self.done == self.wanted:
            print(self.done, self.aborted, self.failed, flush=True)


class User:
    """A client that asks again as soon as it is answered, and now and then leaves in the middle."""

    def __init__(self, port: int, count: Count) -> None:
        self._port = port
        self._count = count
        self._whole = http_request(request_body("bench/small", REQUEST_BYTES), port)
        self._stream = http_request(request_body(ABORTED_MODEL, REQUEST_BYTES, stream=True), port)
        self._aborting = False
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self) -> None:
        """Open a connection and send the next request on it."""
        self._ask(await connect(self._port, lambda: self))

    def on_piece(self, connection: Connection, data: bytes) -> None:
        if self._aborting and b"data:" in data:
            connection.leave()
            self._count.aborted += 1
            self._count.one_done()
            self._again()

    def on_answer(self, connection: Connection, status: int) -> None:
        if status != 200:
            self._count.failed += 1
        self._count.one_done()
        self._ask(connection)

    def on_lost(self, connection: Connection) -> None:
        self._count.failed += 1
        self._count.one_done()
        self._again()

    def _ask(self, connection: Connection) -> None:
        if self._count.begun >= self._count.wanted:
            connection.leave()
            self._finish()
            return
        self._count.begun += 1
        self._aborting = self._count.begun % ABORT_EVERY == 0
        connection.send(self._stream if self._aborting else self._whole)

    def _again(self) -> None:
        task = asyncio.get_running_loop().create_task(self.connect())
        self._tasks.add(task)
        task.add_done_callback(self._reconnected)

    def _reconnected(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.exception() is not None:
            self._count.failed += 1
            self._finish()

    def _finish(self) -> None:
        if not self.over.done():
            self.over.set_result(None)


async def soak(port: int, count: Count) -> None:
    """Send `count.wanted` requests over `CONNECTIONS` connections.

    Raises:
        TimeoutError: fewer than `SLOWEST_PER_S` a second were answered, so something hangs.
    """
    async with asyncio.timeout(60.0 + count.wanted / SLOWEST_PER_S):
        await _soak(port, count)


async def _soak(port: int, count: Count) -> None:
    users = [User(port, count) for _ in range(CONNECTIONS)]
    for user in users:
        await user.connect()
    await asyncio.gather(*(user.over for user in users))


def measure(target: Target, requests: int, core: int) -> Memory:
    """Return memory of the gateway: idle, then along `requests` requests.

    Raises:
        RunFailed: a request failed, or a process ended.
    """
    root = target.beside[0] if target.beside else target.pid
    wait_until_quiet(root)
    idle_data, idle_all = _resident(target, root)
    curve: list[tuple[int, int, int]] = []
    step = max(1, requests // STEPS)
    command = python("bench.memory", "--port", str(target.port), "--requests", str(requests), "--step", str(step))
    with running(command, on_cores=(core,)) as process:
        assert process.stdout is not None
        done = aborted = failed = 0
        for line in process.stdout:
            done, aborted, failed = (int(word) for word in line.split())
            curve.append((done, *_resident(target, root)))
    target.check()
    if failed or done != requests:
        raise RunFailed(f"{target.name}: {done} of {requests} requests done, {failed} of them failed")
    return Memory(idle_data, idle_all, requests, aborted, tuple(curve))


def _resident(target: Target, root: int) -> tuple[int, int]:
    """Return the data process's resident memory, and that of all processes, in which shared pages count once."""
    return procfs.rss_bytes(target.pid), sum(procfs.pss_bytes(pid) for pid in procfs.tree(root))


def main() -> None:
    """Send requests as the options say."""
    options = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__.split("\n", 1)[0])
    for name in ("port", "requests", "step"):
        options.add_argument(f"--{name}", type=int, required=True)
    wanted = options.parse_args()
    uvloop.run(soak(wanted.port, Count(wanted.requests, wanted.step)))


if __name__ == "__main__":
    main()
