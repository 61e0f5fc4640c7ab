"""Figures into words: one table per question, each row with its target and whether it was met.

A missed target is printed as missed. The tables are Markdown, so the terminal and bench/README.md show the
same text.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median
from typing import Final, Protocol, TypeVar

from bench.figures import Latency, ManyStreams, Memory, Startup, Streams, Translation, Whole, growth_per_100k

MIN_RATE_RATIO: Final = 0.40
MAX_ADDED_RATIO: Final = 3.0
MAX_CHUNK_RATIO: Final = 2.0
MAX_DATA_MB: Final = 60.0
MAX_ALL_MB: Final = 120.0
MAX_GROWTH_MB: Final = 1.0
MAX_START_S: Final = 1.5
MAX_REQUEST_US: Final = 300.0
"""For translating a request of 20 KB."""
MAX_CHUNK_US: Final = 25.0
"""For translating a chunk of about twenty characters."""
FULL_CORE: Final = 0.9
"""A proxy that used less of its core was not the limit, and its requests/s say little."""
GROWTH_AFTER: Final = 100_000
LATE_US: Final = 500.0
"""A generator later than this (99th percentile) is named beside the row."""
MB: Final = 1e6


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned Markdown table; the first column is text, the others numbers."""
    columns = list(zip(headings, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "| " + " | ".join([first, *others]) + " |"

    rule = "|" + "|".join("-" * (width + 1) + ("-" if n == 0 else ":") for n, width in enumerate(widths)) + "|"
    return "\n".join([line(headings), rule, *map(line, rows)])


def verdict(value: float, bound: float, *, at_least: bool = False, unit: str = "") -> str:
    """Return whether the target is met, the target itself, and by how much it is missed."""
    met = value >= bound if at_least else value <= bound
    target = f"{'≥' if at_least else '≤'} {bound:g}{unit}"
    if met:
        return f"met ({target})"
    return f"MISSED ({target}) by {abs(value / bound - 1):.0%}"


def whole_section(results: Sequence[Whole]) -> str:
    """Requests per second, beside nginx's."""
    rows = []
    for size_kb in _sizes(results):
        at_size = [mean_of_rounds(group) for group in by_target([r for r in results if r.size_kb == size_kb])]
        nginx = _named(at_size, "nginx")
        rows += [_whole_row(result, nginx) for result in at_size]
    headings = [
        "target, request",
        "requests/s",
        "CPU µs",
        "core busy",
        "× nginx req/s",
        "× nginx CPU",
        "beside µs",
        "verdict",
    ]
    return section(
        "Whole answers at full rate (64 connections, 600-byte answers)",
        table(headings, rows),
        "“beside µs”: CPU per request of the gateway's other processes, on another core.",
    )


def _whole_row(result: Whole, nginx: Whole | None) -> list[str]:
    ratio = result.requests_per_s / nginx.requests_per_s if nginx else None
    cpu_ratio = result.cpu_us / nginx.cpu_us if nginx and nginx.cpu_us and result.cpu_us else None
    words = verdict(ratio, MIN_RATE_RATIO, at_least=True, unit="×") if ratio and result.target == "gateway" else ""
    if result.busy is not None and result.busy < FULL_CORE:
        words = f"{words} (core not full)".strip()
    return [
        f"{result.target}, {result.size_kb:g} KB",
        f"{result.requests_per_s:,.0f}",
        number(result.cpu_us, "{:.1f}"),
        number(result.busy, "{:.0%}"),
        number(ratio, "{:.2f}"),
        number(cpu_ratio, "{:.2f}"),
        number(result.beside_us or None, "{:.1f}"),
        words,
    ]


def latency_section(results: Sequence[Latency]) -> str:
    """What each proxy adds to the answer time at one and the same rate."""
    rows = []
    for size_kb in _sizes(results):
        at_size = [_middle(group) for group in by_target([r for r in results if r.size_kb == size_kb])]
        direct, nginx = _named(at_size, "direct"), _named(at_size, "nginx")
        nginx_added = nginx.p50_us - direct.p50_us if nginx and direct else None
        rows += [_latency_row(result, direct, nginx_added) for result in at_size]
    headings = ["target, request", "requests/s", "p50 µs", "p90 µs", "p99 µs", "added p50", "× nginx", "verdict"]
    return section(
        "Answer times at half the gateway's own maximum (open loop, timed from when each was due)",
        table(headings, rows),
    )


def _latency_row(result: Latency, direct: Latency | None, nginx_added_us: float | None) -> list[str]:
    added_us = result.p50_us - direct.p50_us if direct and result.target != "direct" else None
    ratio = added_us / nginx_added_us if added_us is not None and nginx_added_us else None
    words = verdict(ratio, MAX_ADDED_RATIO, unit="×") if ratio is not None and result.target == "gateway" else ""
    if result.late_us > LATE_US:
        words = f"{words} (generator late: p99 {result.late_us:,.0f} µs)".strip()
    return [
        f"{result.target}, {result.size_kb:g} KB",
        f"{result.rate:,.0f}",
        f"{result.p50_us:,.0f}",
        f"{result.p90_us:,.0f}",
        f"{result.p99_us:,.0f}",
        number(added_us, "{:,.0f}"),
        number(ratio, "{:.2f}"),
        words,
    ]


def streams_section(results: Sequence[Streams]) -> str:
    """CPU per relayed chunk."""
    means = [_mean_streams(group) for group in by_target(results)]
    nginx = _named(means, "nginx")
    rows = []
    for result in means:
        ratio = result.cpu_us / nginx.cpu_us if nginx else None
        words = verdict(ratio, MAX_CHUNK_RATIO, unit="×") if ratio and result.target == "gateway" else ""
        cells = [
            f"{result.chunks_per_s:,.0f}",
            f"{result.cpu_us:.1f}",
            f"{result.busy:.0%}",
            number(ratio, "{:.2f}"),
            words,
        ]
        rows.append([f"{result.target}, {result.streams} streams", *cells])
    headings = ["target", "chunks/s", "CPU µs per chunk", "core busy", "× nginx", "verdict"]
    return section("Streams: CPU per relayed chunk", table(headings, rows))


def many_section(results: Sequence[ManyStreams]) -> str:
    """Whether many streams at once keep flowing."""
    rows = []
    for result in results:
        words = (
            ("met (none)" if not result.stalled else f"MISSED: {result.stalled} stalled")
            if result.target == "gateway"
            else ""
        )
        gaps = [f"{result.longest_gap_s * 1e3:,.0f}", f"{result.upstream_gap_s * 1e3:,.0f}"]
        rows.append([f"{result.target}, {result.streams} streams", str(result.stalled), *gaps, words])
    headings = ["target", "stalled", "longest gap ms", "provider's own ms", "verdict"]
    return section("Many streams at once (a stall: no chunk for 1 s while the provider sends)", table(headings, rows))


def memory_section(memory: Memory) -> str:
    """Resident memory, idle and along the soak."""
    data = growth_per_100k([(n, data) for n, data, _ in memory.curve], GROWTH_AFTER)
    everything = growth_per_100k([(n, total) for n, _, total in memory.curve], GROWTH_AFTER)
    rows = [
        ["idle, data process", f"{memory.idle_data / MB:.1f}", verdict(memory.idle_data / MB, MAX_DATA_MB, unit=" MB")],
        ["idle, all processes", f"{memory.idle_all / MB:.1f}", verdict(memory.idle_all / MB, MAX_ALL_MB, unit=" MB")],
        ["growth per 100,000, data process", *_growth_cells(data)],
        ["growth per 100,000, all processes", *_growth_cells(everything)],
    ]
    curve = table(
        ["after requests", "data process MB", "all processes MB"],
        [[f"{n:,}", f"{data / MB:.1f}", f"{total / MB:.1f}"] for n, data, total in memory.curve],
    )
    title = f"Memory over {memory.requests:,} requests, {memory.aborted:,} of them aborted mid-stream"
    return section(title, table(["resident memory", "MB", "verdict"], rows), curve)


def _growth_cells(growth: float | None) -> list[str]:
    if growth is None:
        return ["", f"not judged: shorter than {2 * GROWTH_AFTER:,} requests"]
    return [f"{growth / MB:+.2f}", verdict(growth / MB, MAX_GROWTH_MB, unit=" MB")]


def startup_section(startup: Startup) -> str:
    """Seconds to the first answer."""
    rows = []
    for name, times_s in (("fresh home folder", startup.fresh_s), ("second start", startup.again_s)):
        middle_s = median(times_s)
        spread = f"{min(times_s):.2f} to {max(times_s):.2f}"
        rows.append([name, f"{middle_s:.2f}", spread, verdict(middle_s, MAX_START_S, unit=" s")])
    title = f"Start: from `torod serve` to the first answer on /v1/models ({len(startup.fresh_s)} runs, not pinned)"
    return section(title, table(["start", "median s", "range s", "verdict"], rows))


def translation_section(results: Sequence[Translation]) -> str:
    """Microseconds of each pair, beside the relay of the client's own dialect where it was measured."""
    relays = {result.client: result for result in results if result.is_relay}
    headings = ["client → provider", "request µs", "× relay", "chunk µs", "× relay", "answer µs", "× relay", "verdict"]
    rows = [_translation_row(result, relays.get(result.client)) for result in results]
    return section(
        "Translation: CPU per request of 20 KB, per stream chunk of 20 characters, per whole answer of 2 KB",
        table(headings, rows),
        "“relay”: client and provider speak the same dialect, so the bytes pass as they are; of a request the "
        "top-level fields are split and the model replaced, of an answer the usage is read.",
    )


def _translation_row(result: Translation, relay: Translation | None) -> list[str]:
    cells = []
    for name in ("request_us", "chunk_us", "answer_us"):
        value = getattr(result, name)
        cells += [f"{value:.1f}", f"{value / getattr(relay, name):.1f}" if relay and not result.is_relay else ""]
    label = f"{result.client} → {'relay' if result.is_relay else result.provider}"
    return [label, *cells, "" if result.is_relay else _translation_verdict(result)]


def _translation_verdict(result: Translation) -> str:
    over = {"request": result.request_us / MAX_REQUEST_US - 1, "chunk": result.chunk_us / MAX_CHUNK_US - 1}
    missed = ", ".join(f"{name} by {share:.0%}" for name, share in over.items() if share > 0)
    return f"MISSED: {missed}" if missed else f"met (≤ {MAX_REQUEST_US:g}, ≤ {MAX_CHUNK_US:g})"


def write_between_markers(page: Path, name: str, text: str) -> None:
    """Replace what stands between the markers of that `name` in `page`.

    Raises:
        ValueError: the page has no such place.
    """
    begin_mark, end_mark = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, begin, rest = page.read_text().partition(begin_mark)
    _, end, after = rest.partition(end_mark)
    if not begin or not end:
        raise ValueError(f"{page.name} has no {begin_mark} … {end_mark}")
    page.write_text(f"{before}{begin_mark}\n{text}\n{end_mark}{after}")


def section(title: str, *parts: str) -> str:
    """Return a part of the report under its heading."""
    return "\n\n".join([f"### {title}", *parts])


def number(value: float | None, form: str) -> str:
    """Return a cell; what is not known is left empty."""
    return form.format(value) if value is not None else ""


class _OfTarget(Protocol):
    @property
    def target(self) -> str: ...


T = TypeVar("T", bound=_OfTarget)


def _sizes(results: Sequence[Whole] | Sequence[Latency]) -> list[float]:
    return sorted({result.size_kb for result in results})


def _named(results: Sequence[T], target: str) -> T | None:
    return next((result for result in results if result.target == target), None)


def by_target(results: Sequence[T]) -> list[list[T]]:
    """Return the rounds of each target together, targets in the order in which they first ran."""
    groups: dict[str, list[T]] = {}
    for result in results:
        groups.setdefault(result.target, []).append(result)
    return list(groups.values())


def mean_of_rounds(rounds: Sequence[Whole]) -> Whole:
    """Return the mean of each figure."""
    return replace(
        rounds[0],
        requests_per_s=fmean(r.requests_per_s for r in rounds),
        cpu_us=_mean_of([r.cpu_us for r in rounds]),
        busy=_mean_of([r.busy for r in rounds]),
        beside_us=fmean(r.beside_us for r in rounds),
    )


def _middle(rounds: Sequence[Latency]) -> Latency:
    """Return the median of each figure: one disturbed round must not decide."""
    return replace(
        rounds[0],
        p50_us=median(r.p50_us for r in rounds),
        p90_us=median(r.p90_us for r in rounds),
        p99_us=median(r.p99_us for r in rounds),
        late_us=median(r.late_us for r in rounds),
    )


def _mean_streams(rounds: Sequence[Streams]) -> Streams:
    return replace(
        rounds[0],
        chunks_per_s=fmean(r.chunks_per_s for r in rounds),
        cpu_us=fmean(r.cpu_us for r in rounds),
        busy=fmean(r.busy for r in rounds),
    )


def _mean_of(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
