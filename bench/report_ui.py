"""The part `ui` in words: each page against its target, and the data plane without and with people looking."""

from typing import Final

from bench.figures import Latency, Pages
from bench.report import table, verdict

MAX_SHOWN_MS: Final = 1000.0


def ui_section(found: Pages) -> str:
    """Return both tables."""
    rows = [
        [
            one.name,
            f"{one.cold_p50_ms:.0f}",
            f"{one.cold_max_ms:.0f}",
            f"{one.warm_p50_ms:.0f}",
            f"{one.warm_max_ms:.0f}",
            verdict(one.cold_p50_ms, MAX_SHOWN_MS),
        ]
        for one in found.shown
    ]
    size = f"{found.rows:,} ledger rows, {found.keys:,} keys and {found.models:,} models"
    title = f"### The pages of the admin UI with {size}"
    pages = table(["ms until a page is there", "cold p50", "most", "again p50", "most", "verdict"], rows)
    data = table(
        ["data plane", "p50 µs", "p99 µs"],
        [_beside("nobody looking", found.quiet), _beside(f"{found.dashboards} people looking", found.watched)],
    )
    return f"{title}\n\n{pages}\n\nThe data plane, at {found.quiet.rate:.0f} requests a second:\n\n{data}"


def _beside(name: str, latency: Latency) -> list[str]:
    return [name, f"{latency.p50_us:.0f}", f"{latency.p99_us:.0f}"]
