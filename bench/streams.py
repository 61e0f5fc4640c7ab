"""Many streams at once: what a chunk costs, and whether any stream stands still.

As a program of its own it opens the streams and watches them; `measure_cost` and `measure_stalls` run it and
watch the proxy meanwhile. A stream must arrive complete: every chunk, then `[DONE]`.
"""

import argparse
import asyncio
import gc
import json
import ssl
import subprocess
import time
from dataclasses import dataclass
from typing import Any, Final

import uvloop

from bench import procfs
from bench.bodies import http_request, request_body
from bench.client import Connection, connect, unverified_tls
from bench.figures import ManyStreams, Streams
from bench.processes import RunFailed, output_of, python, running, wait_until
from bench.targets import Target, Upstream

STALL_S: Final = 1.0
"""No chunk for this long, while the provider sends, is a stall (the target in DESIGN.md)."""
RAMP_S: Final = 1.5
"""Streams are opened over this time, so that their chunks do not fall due together."""
MARGIN_S: Final = 1.5
LATE_END_S: Final = 30.0
"""How much longer than planned streams may take before the run has failed."""
REQUEST_BYTES: Final = 300
EVENT: Final = b"data:"
LAST_EVENT: Final = b"[DONE]"


@dataclass(frozen=True, slots=True)
class Shape:
    """How many streams, each of `chunks` chunks at `interval_ms`."""

    streams: int
    chunks: int
    interval_ms: int

    @classmethod
    def lasting(cls, streams: int, interval_ms: int, seconds: float) -> "Shape":
        """Return streams that are all open together for at least `seconds`."""
        chunks = int((RAMP_S + seconds + MARGIN_S) * 1000 / interval_ms)
        return cls(streams, chunks, interval_ms)


class Watched:
    """One stream: counts events and the longest silence, in seconds, from the request on."""

    def __init__(self) -> None:
        self.events = 0
        self.longest_gap_s = 0.0
        self.complete = False
        self._last_s = time.perf_counter()
        self._tail = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_piece(self, connection: Connection, data: bytes) -> None:
        now_s = time.perf_counter()
        self.longest_gap_s = max(self.longest_gap_s, now_s - self._last_s)
        self._last_s = now_s
        seen = self._tail + data
        self.events += seen.count(EVENT)
        self._tail = seen[1 - len(EVENT) :]
        self.complete = self.complete or LAST_EVENT in seen

    def on_answer(self, connection: Connection, status: int) -> None:
        self.complete = self.complete and status == 200
        self._finish()

    def on_lost(self, connection: Connection) -> None:
        self.complete = False
        self._finish()

    def _finish(self) -> None:
        if not self.over.done():
            self.over.set_result(None)


async def watch(port: int, shape: Shape, ramp_s: float = RAMP_S, tls: ssl.SSLContext | None = None) -> list[Watched]:
    """Run all streams to their ends; they are opened over `ramp_s` seconds."""
    model = f"bench/stream-{shape.chunks}-{shape.interval_ms}"
    request = http_request(request_body(model, REQUEST_BYTES, stream=True), port)
    gc.disable()
    begin_s = time.perf_counter()
    streams = []
    for number in range(shape.streams):
        await asyncio.sleep(begin_s + ramp_s * number / shape.streams - time.perf_counter())
        stream = Watched()
        connection = await connect(port, lambda stream=stream: stream, tls)  # type: ignore[misc]
        connection.send(request)
        streams.append(stream)
    await asyncio.gather(*(stream.over for stream in streams))
    return streams


def measure_cost(target: Target, upstream: Upstream, shape: Shape, seconds: float, core: int) -> Streams:
    """Return the proxy's CPU per chunk while all streams are open.

    Raises:
        RunFailed: a stream did not arrive whole, or the target's process ended.
    """
    with running(command(target, shape), on_cores=(core,)) as process:
        _wait_for_all(upstream, shape)
        cpu_before_s, sent_before, before_s = procfs.cpu_s(target.pid), upstream.stats()["chunks"], time.monotonic()
        time.sleep(seconds)
        cpu_s = procfs.cpu_s(target.pid) - cpu_before_s
        stats, elapsed_s = upstream.stats(), time.monotonic() - before_s
        if stats["open_streams"] != shape.streams:
            raise RunFailed(
                f"{target.name}: {stats['open_streams']} of {shape.streams} streams were left while measuring"
            )
        _collect(process, target, shape)
    chunks = stats["chunks"] - sent_before
    return Streams(target.name, shape.streams, chunks / elapsed_s, cpu_s / chunks * 1e6, cpu_s / elapsed_s)


def measure_stalls(target: Target, upstream: Upstream, shape: Shape, core: int) -> ManyStreams:
    """Return whether all streams kept flowing; raises like `measure_cost`."""
    upstream.forget_gaps()
    with running(command(target, shape), on_cores=(core,)) as process:
        _wait_for_all(upstream, shape)
        found = _collect(process, target, shape)
    stats = upstream.stats()
    return ManyStreams(target.name, shape.streams, found["stalled"], found["longest_gap_s"], stats["longest_gap_s"])


def _wait_for_all(upstream: Upstream, shape: Shape) -> None:
    def all_open() -> bool:
        return bool(upstream.stats()["open_streams"] == shape.streams)

    wait_until(all_open, RAMP_S + 10.0, f"{shape.streams} streams open at once")


def command(target: Target, shape: Shape, ramp_s: float = RAMP_S) -> list[str]:
    """Return the command that opens such streams and watches them."""
    numbers = ["--streams", str(shape.streams), "--chunks", str(shape.chunks), "--interval-ms", str(shape.interval_ms)]
    secure = ["--tls"] if target.is_secure else []
    return python("bench.streams", "--port", str(target.stream_port), "--ramp-s", str(ramp_s), *numbers, *secure)


def _collect(process: subprocess.Popen[str], target: Target, shape: Shape) -> dict[str, Any]:
    limit_s = shape.chunks * shape.interval_ms / 1e3 + LATE_END_S
    output = output_of(process, limit_s, f"{target.name} with {shape.streams} streams")
    target.check()
    found: dict[str, Any] = json.loads(output)
    if found["incomplete"]:
        raise RunFailed(f"{target.name}: {found['incomplete']} of {shape.streams} streams did not arrive whole")
    return found


def summary(streams: list[Watched], chunks: int) -> dict[str, float]:
    """Return what `_collect` reads."""
    return {
        "stalled": sum(stream.longest_gap_s > STALL_S for stream in streams),
        "longest_gap_s": max(stream.longest_gap_s for stream in streams),
        "incomplete": sum(not stream.complete or stream.events < chunks + 2 for stream in streams),
    }


def main() -> None:
    """Open and watch streams as the options say; print one JSON document."""
    options = argparse.ArgumentParser(prog="python -m bench.streams", description=__doc__.split("\n", 1)[0])
    for name in ("port", "streams", "chunks", "interval-ms"):
        options.add_argument(f"--{name}", type=int, required=True)
    options.add_argument("--ramp-s", type=float, default=RAMP_S)
    options.add_argument("--tls", action="store_true")
    wanted = options.parse_args()
    shape = Shape(wanted.streams, wanted.chunks, wanted.interval_ms)
    tls = unverified_tls() if wanted.tls else None
    print(json.dumps(summary(uvloop.run(watch(wanted.port, shape, wanted.ramp_s, tls)), shape.chunks)))


if __name__ == "__main__":
    main()
