"""What is measured, as values, and the little arithmetic on them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole answers at full rate.

    Attributes:
        cpu_us: CPU of the proxy per request; None without a proxy.
        busy: share of its core that the proxy used; well below 1 means that something else was the limit.
        beside_us: CPU of the target's other processes per request.
    """

    target: str
    size_kb: float
    requests_per_s: float
    cpu_us: float | None
    busy: float | None
    beside_us: float = 0.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Answer times at a fixed rate, from the moment each request was due.

    `late_us` is how late the generator itself was (99th percentile): its own part in the figures.
    """

    target: str
    size_kb: float
    rate: float
    p50_us: float
    p90_us: float
    p99_us: float
    late_us: float


@dataclass(frozen=True, slots=True)
class Streams:
    """The cost of relaying chunks, with `streams` open at once."""

    target: str
    streams: int
    chunks_per_s: float
    cpu_us: float
    busy: float


@dataclass(frozen=True, slots=True)
class ManyStreams:
    """Whether many streams at once keep flowing.

    `stalled` counts streams with more than a second between two chunks (or before the first);
    `upstream_gap_s` is the provider's own longest pause, which bounds what the proxy can be blamed for.
    """

    target: str
    streams: int
    stalled: int
    longest_gap_s: float
    upstream_gap_s: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory, in bytes, of `data` and of the whole tree: idle, and after so many requests."""

    idle_data: int
    idle_all: int
    requests: int
    aborted: int
    curve: tuple[tuple[int, int, int], ...]
    """(requests so far, data process, whole tree)."""


@dataclass(frozen=True, slots=True)
class IdleStreams:
    """Streams that wait for their next chunk.

    Attributes:
        streams: how many were opened.
        still_open: how many were left when memory was read.
        resident_before: bytes of the data process without them.
        resident: with them.
        busy: share of its core that the data process used meanwhile.
    """

    streams: int
    still_open: int
    resident_before: int
    resident: int
    busy: float


@dataclass(frozen=True, slots=True)
class Startup:
    """Seconds from starting `torod serve` to the first answer, one per run."""

    fresh_s: tuple[float, ...]
    again_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Translation:
    """CPU of one pair of dialects, in microseconds; of the relay where both are the same."""

    client: str
    provider: str
    request_us: float
    chunk_us: float
    answer_us: float

    @property
    def is_relay(self) -> bool:
        """Whether nothing is translated."""
        return self.client == self.provider


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of `ordered`, ascending and not empty, do not exceed (nearest rank)."""
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[rank - 1]


def growth_per_100k(points: Sequence[tuple[int, int]], after: int) -> float | None:
    """Return bytes gained per 100,000 requests from `after` to the last of `points`; None when it ends before.

    The slope of a least-squares line, so that one garbage collection at either end does not decide.
    """
    late = [(float(x), float(y)) for x, y in points if x >= after]
    if len(late) < 2:
        return None
    mean_x = sum(x for x, _ in late) / len(late)
    mean_y = sum(y for _, y in late) / len(late)
    spread = sum((x - mean_x) ** 2 for x, _ in late)
    return sum((x - mean_x) * (y - mean_y) for x, y in late) / spread * 100_000


@dataclass(frozen=True, slots=True)
class Asked:
    """How long one question to the control plane took, in milliseconds."""

    name: str
    p50_ms: float
    p95_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Control:
    """The control plane over a large database, and the data plane without (`quiet`) and with it at work (`busy`).

    `quiet_cpu_us` and `busy_cpu_us` are the data process's CPU per request.
    """

    rows: int
    keys: int
    asked: Sequence[Asked]
    quiet: Latency
    busy: Latency
    quiet_cpu_us: float
    busy_cpu_us: float


@dataclass(frozen=True, slots=True)
class Shown:
    """How long a page took until it was there, in milliseconds: never visited before, and again."""

    name: str
    cold_p50_ms: float
    cold_max_ms: float
    warm_p50_ms: float
    warm_max_ms: float


@dataclass(frozen=True, slots=True)
class Pages:
    """The admin UI over a large database, and the data plane without (`quiet`) and with so many `dashboards`."""

    rows: int
    keys: int
    models: int
    dashboards: int
    shown: Sequence[Shown]
    quiet: Latency
    watched: Latency


@dataclass(frozen=True, slots=True)
class Handshakes:
    """New connections over TLS: what one costs the server.

    Attributes:
        is_resumed: whether they take up a session of before.
        busy: share of its core that the server used.
    """

    target: str
    is_resumed: bool
    per_s: float
    cpu_us: float
    busy: float


@dataclass(frozen=True, slots=True)
class Kept:
    """Connections that have asked once and are kept: resident bytes of the process before and with them."""

    target: str
    size_kb: float
    connections: int
    resident_before: int
    resident: int
