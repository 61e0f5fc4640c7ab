"""What HTTPS costs where the gateway speaks it itself, beside nginx with the same certificate.

Both speak plain HTTP and HTTPS at once, each in one process on one core, so TLS is what lies between two rows of one
process. The certificate is one of the gateway's own making (ECDSA P-256); TLS 1.3 is spoken, with the cipher that
OpenSSL's clients like best. Programs that run beside disturb all rows, so of several rounds the cheapest counts.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench import handshakes, kept, paced, streams, wrk
from bench.bodies import SIZES_KB
from bench.cores import CorePlan
from bench.figures import Handshakes, Kept, Latency, Streams, Whole
from bench.nginx import TlsPorts
from bench.options import Length
from bench.processes import free_port
from bench.targets import Setup, Target, Upstream, gateway, nginx_proxy
from tokenrouter.tls.self_signed import make_self_signed

ROUNDS: Final = 2
"""So many for each of the run's."""
ROUND_S: Final = 1.0
LATENCY_KB: Final = 0.3
STREAMS: Final = 100
STREAM_INTERVAL_MS: Final = 10
"""10,000 chunks a second: so many a client in Python can decrypt on its core."""
SLOW_RAMP_S: Final = 2.0
"""How much longer than elsewhere streams last: the client may shake hands more slowly than they are to be opened."""
OVER_TLS: Final = ", TLS"
TABLE: Final = """
[tls]
enabled = true
mode = "pem"
listen_addr = "127.0.0.1:{port}"
cert_file = "{certificate}"
key_file = "{certificate}"
"""


@dataclass(frozen=True, slots=True)
class Found:
    """All rounds of every question; over TLS a target's name ends with `OVER_TLS`."""

    whole: list[Whole]
    latency: list[Latency]
    streams: list[Streams]
    handshakes: list[Handshakes]
    kept: list[Kept]


def setup(certificate: Path, port: int) -> Setup:
    """Return the gateway that is measured elsewhere, with HTTPS at `port` beside plain HTTP."""
    return Setup(below=TABLE.format(port=port, certificate=certificate))


def measure(plan: CorePlan, upstream: Upstream, folder: Path, length: Length) -> Found:
    """Return the rounds of nginx and the gateway, plain and over TLS.

    Raises:
        RunFailed: a request or a handshake failed, or something did not start.
    """
    folder.mkdir()
    with _targets(plan, upstream, folder) as targets:
        of_gateway = [target for target in targets if target.beside]  # before it has worked: memory is never given back
        remaining = [kept.measure(target, size_kb) for size_kb in kept.SIZES_KB for target in of_gateway]
        whole = [
            wrk.measure(target, size_kb, ROUND_S, plan.load, folder)
            for size_kb in SIZES_KB
            for _ in range(ROUNDS * length.rounds)
            for target in targets
        ]
        rate = 0.5 * min(one.requests_per_s for one in whole if one.size_kb == LATENCY_KB)
        latency = [
            paced.measure(target, LATENCY_KB, rate, length.latency_s, plan.load)
            for _ in range(length.latency_rounds)
            for target in targets
        ]
        shape = streams.Shape.lasting(STREAMS, STREAM_INTERVAL_MS, SLOW_RAMP_S + length.streams_s)
        relayed = [
            streams.measure_cost(target, upstream, shape, length.streams_s, plan.load)
            for _ in range(length.rounds)
            for target in targets
        ]
        shaken = [
            handshakes.measure(target, ROUND_S, plan.load, resumed=resumed)
            for _ in range(ROUNDS * length.rounds)
            for resumed in (False, True)
            for target in targets
            if target.is_secure
        ]
    return Found(whole, latency, relayed, shaken, remaining)


@contextmanager
def _targets(plan: CorePlan, upstream: Upstream, folder: Path) -> Iterator[list[Target]]:
    """Run nginx and the gateway, and yield each twice: as it speaks plain HTTP, and as it speaks TLS."""
    certificate = folder / "certificate.pem"
    certificate.write_bytes(make_self_signed(["localhost", "127.0.0.1"], time.time()).pem)
    certificate.chmod(0o600)
    of_nginx = TlsPorts(certificate, free_port(), free_port())
    of_gateway = free_port()
    with ExitStack() as stack:
        nginx = stack.enter_context(nginx_proxy(plan, upstream, folder, of_nginx))
        own = stack.enter_context(gateway(plan, upstream, folder, setup(certificate, of_gateway)))
        yield [
            nginx,
            over_tls(nginx, of_nginx.port, of_nginx.stream_port),
            own,
            over_tls(own, of_gateway, of_gateway),
        ]


def over_tls(plain: Target, port: int, stream_port: int) -> Target:
    """Return the same process as it is reached by TLS."""
    return replace(plain, name=plain.name + OVER_TLS, port=port, stream_port=stream_port, is_secure=True)
