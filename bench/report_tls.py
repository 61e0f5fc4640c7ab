"""What TLS costs, in words, as `report` does for the main road.

The yardstick is the other way to have HTTPS: an nginx in front, which speaks TLS and passes on plain HTTP. What the
gateway pays for TLS is judged by what that nginx would pay in all, in the same run; a handshake, where nginx pays for
nothing else either, by twice as much, because around OpenSSL's part of it ours is Python. A kept connection may cost
what OpenSSL needs for it, and a record each way.
"""

from collections.abc import Sequence
from statistics import median
from typing import Final, Protocol, TypeVar

from bench.figures import Handshakes, Kept, Latency, Streams, Whole
from bench.kept import CONNECTIONS
from bench.report import MB, by_target, number, section, table, verdict
from bench.tls import LATENCY_KB, OVER_TLS, STREAMS, Found

MAX_ADDED_RATIO: Final = 1.0
"""CPU that TLS adds to a request or a chunk, beside all that one costs an nginx in front."""
MAX_HANDSHAKE_RATIO: Final = 2.0
MAX_KEPT_KB: Final = 64.0
"""Of memory, for a connection over TLS on which nothing happens: 20 for OpenSSL, and twice a record of 16 KiB."""


class _Costing(Protocol):
    @property
    def target(self) -> str: ...
    @property
    def cpu_us(self) -> float | None: ...


Cost = TypeVar("Cost", bound=_Costing)


def tls_section(found: Found) -> str:
    """Return requests, answer times, chunks and handshakes."""
    return section(
        "TLS 1.3 by the gateway itself, beside nginx with the same certificate (ECDSA P-256)",
        "Requests over kept connections (64, answers of 600 bytes), of several rounds the cheapest:",
        _whole_table(found.whole),
        f"Answer times at half of the slowest one's rate (open loop, {LATENCY_KB:g} KB; the client's TLS is Python's):",
        _latency_table(found.latency),
        f"Streams ({STREAMS} at once):",
        _streams_table(found.streams),
        "New connections, each a handshake and a goodbye:",
        _handshake_table(found.handshakes),
        f"Memory of the gateway for a kept connection ({CONNECTIONS} of them) that has asked once:",
        _kept_table(found.kept),
        "“TLS adds”: CPU over TLS less the same process's without. “× nginx in front”: that beside all the CPU that "
        "nginx takes for one over TLS, which is what it would cost to leave TLS to it.",
    )


def _whole_table(results: Sequence[Whole]) -> str:
    rows = []
    for size_kb in sorted({result.size_kb for result in results}):
        at_size = cheapest([result for result in results if result.size_kb == size_kb])
        for result in at_size:
            shown = [f"{result.requests_per_s:,.0f}", number(result.cpu_us, "{:.1f}"), number(result.busy, "{:.0%}")]
            rows.append([f"{result.target}, {size_kb:g} KB", *shown, *_added(result, at_size)])
    headings = ["target, request", "requests/s", "CPU µs", "core busy", "TLS adds µs", "× nginx in front", "verdict"]
    return table(headings, rows)


def _latency_table(results: Sequence[Latency]) -> str:
    rows = []
    p50_us: dict[str, float] = {}
    for rounds in by_target(results):
        name = rounds[0].target
        p50_us[name] = median(one.p50_us for one in rounds)
        plain_us = p50_us.get(name.removesuffix(OVER_TLS)) if name.endswith(OVER_TLS) else None
        p99_us = median(one.p99_us for one in rounds)
        added = number(p50_us[name] - plain_us if plain_us is not None else None, "{:,.0f}")
        rows.append([name, f"{rounds[0].rate:,.0f}", f"{p50_us[name]:,.0f}", f"{p99_us:,.0f}", added])
    return table(["target", "requests/s", "p50 µs", "p99 µs", "TLS adds p50 µs"], rows)


def _streams_table(results: Sequence[Streams]) -> str:
    means = cheapest(results)
    rows = [
        [one.target, f"{one.chunks_per_s:,.0f}", f"{one.cpu_us:.1f}", f"{one.busy:.0%}", *_added(one, means)]
        for one in means
    ]
    headings = ["target", "chunks/s", "CPU µs per chunk", "core busy", "TLS adds µs", "× nginx in front", "verdict"]
    return table(headings, rows)


def _handshake_table(results: Sequence[Handshakes]) -> str:
    rows = []
    for is_resumed in (False, True):
        of_kind = cheapest([result for result in results if result.is_resumed == is_resumed])
        for result in of_kind:
            ratio = result.cpu_us / of_kind[0].cpu_us
            said = "" if result is of_kind[0] else verdict(ratio, MAX_HANDSHAKE_RATIO, unit="×")
            shown = [f"{result.per_s:,.0f}", f"{result.cpu_us:.0f}", f"{result.busy:.0%}", f"{ratio:.2f}", said]
            rows.append([f"{result.target.removesuffix(OVER_TLS)}, {'resumed' if is_resumed else 'full'}", *shown])
    return table(["target, handshake", "a second", "CPU µs", "core busy", "× nginx", "verdict"], rows)


def _kept_table(results: Sequence[Kept]) -> str:
    rows = []
    for one in results:
        each_kb = (one.resident - one.resident_before) / one.connections / 1000
        said = verdict(each_kb, MAX_KEPT_KB, unit=" KB") if one.target.endswith(OVER_TLS) else ""
        shown = [f"{one.resident_before / MB:.1f}", f"{one.resident / MB:.1f}", f"{each_kb:.1f}", said]
        rows.append([f"{one.target}, {one.size_kb:g} KB", *shown])
    return table(["target, request", "MB before", "MB with them", "KB each", "verdict"], rows)


def cheapest(results: Sequence[Cost]) -> list[Cost]:
    """Return of each target the round that took the least CPU, targets in the order in which they first ran."""
    return [min(rounds, key=lambda one: one.cpu_us or 0.0) for rounds in by_target(results)]


def _added(result: _Costing, beside: Sequence[_Costing]) -> list[str]:
    """Return three cells: what TLS adds, that beside an nginx in front, and of the gateway whether it is too much."""
    cpu_us = {one.target: one.cpu_us for one in beside}
    plain_us = cpu_us.get(result.target.removesuffix(OVER_TLS))
    if not result.target.endswith(OVER_TLS) or result.cpu_us is None or plain_us is None:
        return ["", "", ""]
    added_us = result.cpu_us - plain_us
    nginx_us = cpu_us.get("nginx" + OVER_TLS)
    if not nginx_us or result.target == "nginx" + OVER_TLS:
        return [f"{added_us:.1f}", "", ""]
    ratio = added_us / nginx_us
    return [f"{added_us:.1f}", f"{ratio:.2f}", verdict(ratio, MAX_ADDED_RATIO, unit="×")]
