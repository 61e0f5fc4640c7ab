"""What one run does: which parts, against what, for how long."""

import argparse
from dataclasses import dataclass
from typing import Final

from bench.bodies import SIZES_KB

PARTS: Final = (
    "startup",
    "whole",
    "latency",
    "streams",
    "many",
    "exact",
    "aliases",
    "tls",
    "idle",
    "workers",
    "translation",
    "control",
    "ui",
    "memory",
)
TARGETS: Final = ("nginx", "gateway", "direct")
ITERATING_PORT: Final = 9900
"""Where the static provider listens beside an already running gateway, which has to know it beforehand."""
EXAMPLES: Final = """\
examples:
  python -m bench                                      everything, in about a quarter of an hour
  python -m bench --quick                              everything, for the order of magnitude
  python -m bench whole latency --sizes 0.3            two parts, one request size
  python -m bench whole --only nginx,direct            without the gateway
  python -m bench whole --target gateway=http://127.0.0.1:8080 --pid 4711
        a gateway that already runs, with a provider named "bench" at http://127.0.0.1:9900/v1 and the
        bench's own key (see bench/targets.py); the provider and nginx are started by the bench
  python -m bench memory --requests 1000000            the full soak
"""


@dataclass(frozen=True, slots=True)
class Length:
    """How long each part takes: seconds, rounds, requests."""

    rounds: int
    latency_rounds: int
    whole_s: float
    latency_s: float
    streams_s: float
    many_s: float
    translation_rounds: int
    starts: int
    requests: int
    idle_streams: int
    control_rows: int
    control_keys: int
    control_asked: int
    control_s: float
    ui_rows: int
    ui_keys: int
    ui_conversations: int
    ui_visits: int


FULL: Final = Length(
    rounds=2,
    latency_rounds=3,
    whole_s=3,
    latency_s=2,
    streams_s=5,
    many_s=8,
    translation_rounds=9,
    starts=5,
    requests=250_000,
    idle_streams=10_000,
    control_rows=1_000_000,
    control_keys=100_000,
    control_asked=20,
    control_s=10,
    ui_rows=1_000_000,
    ui_keys=10_000,
    ui_conversations=2_000,
    ui_visits=5,
)
QUICK: Final = Length(
    rounds=1,
    latency_rounds=1,
    whole_s=1,
    latency_s=1,
    streams_s=2,
    many_s=2,
    translation_rounds=1,
    starts=1,
    requests=20_000,
    idle_streams=1_000,
    control_rows=100_000,
    control_keys=10_000,
    control_asked=5,
    control_s=3,
    ui_rows=100_000,
    ui_keys=10_000,
    ui_conversations=100,
    ui_visits=2,
)


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that is already there; `pid` is its data process."""

    name: str
    port: int
    pid: int


COMPARING: Final = frozenset({"whole", "latency", "streams", "many"})
"""Parts that set one target beside another."""
BESIDE_NGINX: Final = COMPARING | {"exact", "tls"}
"""Parts that nginx and wrk take part in."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, checked."""

    parts: tuple[str, ...]
    targets: tuple[str, ...]
    sizes_kb: tuple[float, ...]
    length: Length
    requests: int
    rate: float | None
    running: Running | None
    upstream_port: int
    record: bool

    @property
    def compares(self) -> bool:
        """Whether the targets that are named are set beside each other."""
        return not COMPARING.isdisjoint(self.parts)

    @property
    def is_beside_nginx(self) -> bool:
        """Whether nginx and wrk are needed, and their versions belong to the figures."""
        return not BESIDE_NGINX.isdisjoint(self.parts)


def parse(arguments: list[str] | None = None) -> Options:
    """Read the command line; ends the program with a message when it is wrong."""
    parser = _parser()
    wanted = parser.parse_args(arguments)
    for part in wanted.parts:
        if part not in PARTS:
            parser.error(f"no part is called {part!r}; there are {', '.join(PARTS)}")
    targets = tuple(wanted.only.split(","))
    for target in targets:
        if target not in TARGETS:
            parser.error(f"no target is called {target!r}; there are {', '.join(TARGETS)}")
    running = _running(parser, wanted.target, wanted.pid)
    length = QUICK if wanted.quick else FULL
    return Options(
        parts=tuple(wanted.parts) or PARTS,
        targets=targets,
        sizes_kb=tuple(float(size) for size in wanted.sizes.split(",")),
        length=length,
        requests=wanted.requests or length.requests,
        rate=wanted.rate,
        running=running,
        upstream_port=wanted.upstream_port or (ITERATING_PORT if running else 0),
        record=wanted.record,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="The gateway beside nginx and beside no proxy at all, in one run.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them if none is named")
    parser.add_argument("--quick", action="store_true", help="short: shows the order of magnitude")
    parser.add_argument("--only", default=",".join(TARGETS), metavar="TARGET,…", help=f"of {','.join(TARGETS)}")
    parser.add_argument(
        "--sizes", default=",".join(f"{size:g}" for size in SIZES_KB), metavar="KB,…", help="request bodies"
    )
    parser.add_argument("--requests", type=int, help="length of the memory soak")
    parser.add_argument(
        "--rate", type=float, help="requests a second for answer times; else half of the gateway's maximum"
    )
    parser.add_argument("--target", metavar="NAME=URL", help="bench this running process as the gateway")
    parser.add_argument("--pid", type=int, help="its data process")
    parser.add_argument("--upstream-port", type=int, default=0, help="for the static provider; else a free one")
    parser.add_argument("--record", action="store_true", help="write the figures into bench/README.md")
    return parser


def _running(parser: argparse.ArgumentParser, target: str | None, pid: int | None) -> Running | None:
    if target is None:
        return None
    name, _, url = target.partition("=")
    port = url.rstrip("/").rpartition(":")[2]
    if not port.isdecimal() or pid is None:
        parser.error("--target needs NAME=http://127.0.0.1:PORT and --pid")
    return Running(name, int(port), pid)
