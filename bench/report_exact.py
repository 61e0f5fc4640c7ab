"""The figures of exact money, idle streams and several workers in words, as `report` does for the main road."""

from collections.abc import Sequence
from statistics import fmean, median
from typing import Final

from bench.figures import IdleStreams, Latency, Whole
from bench.report import MB, by_target, mean_of_rounds, number, section, table, verdict

MIN_RATE_RATIOS: Final = {"limits in memory": 0.33, "limits in Valkey": 0.20}
MAX_ALIAS_RATIO: Final = 1.05
MAX_ADDED_MS: Final = 1.0
MIN_SPEEDUP: Final = 3.5
"""Of four workers."""
MAX_IDLE_MB: Final = 300.0
"""With ten thousand idle streams."""


def exact_section(whole: Sequence[Whole], latency: Sequence[tuple[Latency, Latency]]) -> str:
    """Requests per second beside nginx's, and what is added to the answer time."""
    rows = []
    for size_kb in sorted({result.size_kb for result in whole}):
        at_size = [mean_of_rounds(rounds) for rounds in by_target([r for r in whole if r.size_kb == size_kb])]
        nginx = next(result for result in at_size if result.target == "nginx")
        rows += [_rate_row(result, nginx) for result in at_size]
    rates = table(
        ["target, request", "requests/s", "CPU µs", "core busy", "× nginx req/s", "beside µs", "verdict"], rows
    )
    times = table(["target, request", "requests/s", "direct p50 µs", "p50 µs", "added ms", "verdict"], _added(latency))
    return section(
        "Exact money: limits of the key, its team and everybody, prices and the journal on",
        rates,
        "“beside µs”: CPU per request of the gateway's other processes; Valkey's own is not in it.",
        "Answer times at half of each one's own maximum (open loop), beside the provider's own:",
        times,
    )


def aliases_section(whole: Sequence[Whole]) -> str:
    """CPU per request through an alias, beside that of one of its targets; of both the cheapest round."""
    rows = []
    for size_kb in sorted({result.size_kb for result in whole}):
        rounds = by_target([result for result in whole if result.size_kb == size_kb])
        at_size = [min(results, key=lambda one: one.cpu_us or 0.0) for results in rounds]
        for result in at_size:
            ratio = (result.cpu_us or 0.0) / (at_size[0].cpu_us or 1.0)
            shown = [f"{result.requests_per_s:,.0f}", number(result.cpu_us, "{:.1f}"), f"{ratio:.3f}"]
            is_first = result is at_size[0]
            said = "" if is_first else verdict(ratio, MAX_ALIAS_RATIO, at_least=False, unit="×")
            rows.append([f"{result.target}, {size_kb:g} KB", *shown, said])
    return section(
        "Aliases: balancing, health and fallback on",
        table(["asked for, request", "requests/s", "CPU µs", "× CPU", "verdict"], rows),
    )


def _rate_row(result: Whole, nginx: Whole) -> list[str]:
    ratio = result.requests_per_s / nginx.requests_per_s
    bound = MIN_RATE_RATIOS.get(result.target)
    return [
        f"{result.target}, {result.size_kb:g} KB",
        f"{result.requests_per_s:,.0f}",
        number(result.cpu_us, "{:.1f}"),
        number(result.busy, "{:.0%}"),
        f"{ratio:.2f}",
        number(result.beside_us or None, "{:.1f}"),
        verdict(ratio, bound, at_least=True, unit="×") if bound else "",
    ]


def _added(latency: Sequence[tuple[Latency, Latency]]) -> list[list[str]]:
    rounds: dict[tuple[str, float], list[tuple[Latency, Latency]]] = {}
    for direct, proxied in latency:
        rounds.setdefault((proxied.target, proxied.size_kb), []).append((direct, proxied))
    rows = []
    for (target, size_kb), pairs in rounds.items():
        direct_us = median(direct.p50_us for direct, _ in pairs)
        p50_us = median(proxied.p50_us for _, proxied in pairs)
        added_ms = (p50_us - direct_us) / 1000
        cells = [f"{pairs[0][1].rate:,.0f}", f"{direct_us:,.0f}", f"{p50_us:,.0f}", f"{added_ms:.2f}"]
        rows.append([f"{target}, {size_kb:g} KB", *cells, verdict(added_ms, MAX_ADDED_MS, unit=" ms")])
    return rows


def idle_section(idle: IdleStreams, wanted: int) -> str:
    """Memory with streams on which nothing happens."""
    each_kb = (idle.resident - idle.resident_before) / idle.streams / 1000
    words = verdict(idle.resident / MB, MAX_IDLE_MB, unit=" MB")
    if idle.streams < wanted:
        at_wanted = (idle.resident_before + each_kb * 1000 * wanted) / MB
        words += f"; {at_wanted:.0f} MB with {wanted:,}, for which this system allows too few open files"
    cells = [f"{idle.still_open:,}", f"{idle.resident_before / MB:.1f}", f"{idle.resident / MB:.1f}", f"{each_kb:.1f}"]
    row = [f"{idle.streams:,} streams", *cells, f"{idle.busy:.1%}", words]
    headings = ["open", "still open", "MB before", "MB with them", "KB each", "core busy", "verdict"]
    return section("Idle streams: resident memory of the data process", table(headings, [row]))


def workers_section(results: Sequence[tuple[int, Whole]]) -> str:
    """How much more several workers do than one."""
    by_number: dict[int, list[float]] = {}
    for workers, whole in results:
        by_number.setdefault(workers, []).append(whole.requests_per_s)
    one = fmean(by_number[1])
    rows = []
    for workers, rates in sorted(by_number.items()):
        speedup = fmean(rates) / one
        bound = MIN_SPEEDUP * workers / 4
        words = verdict(speedup, bound, at_least=True, unit="×") if workers > 1 else ""
        rows.append([f"{workers}", f"{fmean(rates):,.0f}", f"{speedup:.2f}", words])
    return section(
        "Workers with shared limits, each on a core of its own (0.3 KB)",
        table(["workers", "requests/s", "× one", "verdict"], rows),
        "The target is 3.5 × for four workers, and its share for fewer where the machine has not the cores.",
    )
