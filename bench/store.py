"""Whether the database answers in time when the ledger is long.

    python -m bench.store [--rows N] [--postgres-rows N] [--fill-s S] [--record]

One database of each kind is filled by itself (`bench/ledger_rows.py`), SQLite in a temporary file and PostgreSQL from
the wheel that the tests use, on loopback and with its usual settings. Then every question that pages and APIs ask is
asked, first with nothing of ours in memory, then again and again; what counts is the median. Nothing runs beside.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench import machine, report
from bench.ledger_rows import END_US, RARE_ERROR, RARE_MODEL, fill, row_id, started_us
from bench.processes import ROOT
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.store.activity import activity
from tokenrouter.store.activity_days import stacked_days
from tokenrouter.store.activity_figures import Question as Asked
from tokenrouter.store.activity_periods import usual_slot
from tokenrouter.store.activity_sums import DAY_S, Dimension
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.ledger import LedgerFilter, Row, ledger_page, record
from tokenrouter.store.ledger_rows import ledger_pages
from tokenrouter.store.ledger_search import search_ledger
from tokenrouter.store.limit_use import LimitCharge, limit_use
from tokenrouter.store.migrate import migrate
from tokenrouter.store.period_usage import period_buckets, period_sums
from tokenrouter.store.retention import delete_oldest_rows
from tokenrouter.store.usage import UsageFilter, usage_groups, usage_sums
from tokenrouter.store.usage_days import sums_by_day
from tokenrouter.testing.postgres import PostgresServer

MAX_MS: Final = 200.0
REPEATS: Final = 7
PAGE: Final = 100
KEY: Final = "key_7"
HOUR_US: Final = 3_600_000_000
MONTH_US: Final = 30 * 86_400_000_000
POSTGRES_OPTIONS: Final[Mapping[str, str]] = {"shared_buffers": "128MB"}
"""The server's own default: whoever gives it more memory gets better figures."""

Question = Callable[[Store, int], object]
"""Asks a store with so many ledger rows."""


def _page(**wanted: str | int | frozenset[str]) -> Question:
    return lambda store, _rows: ledger_page(store, LedgerFilter(**wanted), limit=PAGE)  # type: ignore[arg-type]


def _search(word: str) -> Question:
    return lambda store, _rows: search_ledger(store, LedgerFilter(), word, frozenset(), limit=PAGE)


def _middle_page(store: Store, rows: int) -> object:
    return ledger_page(store, LedgerFilter(before=(started_us(rows // 2, rows), row_id(rows // 2))), limit=PAGE)


def _old_days(store: Store, rows: int) -> object:
    middle = started_us(rows // 2, rows)
    return ledger_page(store, LedgerFilter(since_us=middle - MONTH_US, until_us=middle), limit=PAGE)


def _all_limits(store: Store, _rows: int) -> object:
    with store.read() as connection:
        return limit_use(connection)


def _key_usage(store: Store, _rows: int) -> object:
    """What `/v1/usage` asks: today, this month, ever."""
    days = ("2026-11-30", "2026-11-01", "")
    return [usage_sums(store, UsageFilter(since_day=day, key_ids=frozenset({KEY}))) for day in days]


def _activity(days: int, group: Dimension = "model", **wanted: str) -> Question:
    slot_s = usual_slot(days * DAY_S)
    end_s = END_US // 1_000_000
    asked = Asked(LedgerFilter(**wanted), end_s - days * DAY_S, end_s, slot_s, end_s, group)  # type: ignore[arg-type]
    return lambda store, _rows: activity(store, asked)


READS: Final[Mapping[str, Question]] = {
    "ledger: the newest rows": _page(),
    "ledger: a page in the middle": _middle_page,
    "ledger: the middle month": _old_days,
    "ledger: one key": _page(key_ids=frozenset({KEY})),
    "ledger: three keys": _page(key_ids=frozenset({KEY, "key_8", "key_9"})),
    "ledger: a key that has no row": _page(key_ids=frozenset({"key_none"})),
    "ledger: one user": _page(user="user 3"),
    "ledger: one team, one model": _page(team="team 7", model="model 8"),
    "ledger: one provider": _page(provider="provider 1"),
    "ledger: a rare model": _page(model=RARE_MODEL),
    "ledger: a rare ending": _page(end_reason="interrupted"),
    "ledger: a rare error": _page(error_code=RARE_ERROR),
    "ledger: an error that never was": _page(error_code="never"),
    "ledger: an address": _page(client_ip="192.0.2.7"),
    "ledger: a program that never was": _page(client_tool="never"),
    "ledger: an alias": _page(alias="alias 3"),
    "ledger: a search for an id": _search("theirs_7007"),
    "ledger: a search that finds much": _search("team 7"),
    "ledger: a search that finds none": _search("nothing"),
    "ledger: the first page of an export": lambda store, _: next(ledger_pages(store, LedgerFilter())),
    "usage: everything, ever": lambda store, _: usage_sums(store, UsageFilter()),
    "usage: by key, 30 days": lambda store, _: usage_groups(store, UsageFilter(since_day="2026-11-01"), "key"),
    "usage: by model, 30 days": lambda store, _: usage_groups(store, UsageFilter(since_day="2026-11-01"), "model"),
    "usage: by key, ever": lambda store, _: usage_groups(store, UsageFilter(), "key"),
    "usage: by model, from one day to another": lambda store, _: usage_groups(
        store, UsageFilter(since_day="2026-01-07", until_day="2026-11-23"), "model"
    ),
    "usage: by day, 30 days": lambda store, _: usage_groups(store, UsageFilter(since_day="2026-11-01"), "day"),
    "usage: by day, one team, a year": lambda store, _: usage_groups(store, UsageFilter(team="team 7"), "day"),
    "usage: by day, a year": lambda store, _: sums_by_day(store, UsageFilter(since_day="2025-12-01")),
    "usage: by day and key, one team": lambda store, _: stacked_days(store, UsageFilter(team="team 7"), "key", 8),
    "usage of one key": _key_usage,
    "activity: a day by key": _activity(1, "key"),
    "activity: a week by model": _activity(7),
    "activity: a month by address": _activity(30, "ip"),
    "activity: a year by model": _activity(366),
    "activity: a year by key": _activity(366, "key"),
    "activity: a year, one team": _activity(366, team="team 7"),
    "activity: a year, one model": _activity(366, "key", provider="provider 1", model="model 7"),
    "activity: a year, one address": _activity(366, client_ip="192.0.2.7"),
    "use of all limits": _all_limits,
    "usage by minute, client and model, an hour": lambda store, _: period_buckets(store, END_US - HOUR_US, 60),
    "usage of one key, a day": lambda store, _: period_sums(store, END_US - 24 * HOUR_US, key_id=KEY),
}


def write_batch(store: Store, number: int) -> None:
    """Write what a drain writes at once: 500 rows of 50 keys, each counted by three limits."""
    rows = []
    for n in range(500):
        key = f"key_{n % 50}"
        entry = LedgerEntry(
            id=f"new_{number:06}_{n:06}",
            started_us=END_US + n,
            operation="chat",
            key_id=key,
            key_name=key,
            team=f"team {n % 20}",
            chain=(key,),
            provider="provider 1",
            model="model 1",
            status=200,
            end_reason="completed",
            usage=Usage(1000, 200),
            cost_nano_usd=5000,
        )
        scopes = (f"key:{key}", f"team:{n % 20}", "global")
        rows.append(Row(entry, tuple(LimitCharge("tokens", scope, 0, 1200) for scope in scopes)))
    record(store, rows, {"journal": number})


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one question: the first time, and the median of those that followed."""

    first_ms: float
    usual_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One database: what it was, and how long its answers took."""

    kind: str
    rows: int
    filled_s: float
    reads: Mapping[str, Timing]
    writes: Mapping[str, Timing]


def measure(store: Store, kind: str, rows: int, until_s: float = float("inf")) -> Measured:
    """Fill an empty database and ask it everything."""
    begun_s = time.monotonic()
    filled = fill(store, rows, until_s=until_s, told=lambda done: print(f"\r{kind}: {done} rows", end="", flush=True))
    filled_s = time.monotonic() - begun_s
    print()
    reads = {name: _timed(lambda ask=ask: ask(store, rows)) for name, ask in READS.items()}  # type: ignore[misc]
    numbers = iter(range(1, REPEATS + 2))
    writes = {
        "write 500 rows": _timed(lambda: write_batch(store, next(numbers))),
        "delete 500 old rows": _timed(lambda: delete_oldest_rows(store, END_US, lambda _: True)),
    }
    return Measured(kind, filled, filled_s, reads, writes)


def _timed(work: Callable[[], object]) -> Timing:
    times_ms = []
    for _ in range(REPEATS + 1):
        begun_s = time.perf_counter()
        work()
        times_ms.append((time.perf_counter() - begun_s) * 1e3)
    return Timing(times_ms[0], median(times_ms[1:]))


def measure_sqlite(rows: int) -> Measured:
    """Measure a new file, which is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'tokenrouter.db'}"
        migrate(url)
        with closing(open_store(url)) as store:
            return measure(store, "SQLite", rows)


def measure_postgres(rows: int, fill_s: float) -> Measured:
    """Measure a new server with as many rows as `fill_s` seconds allow, `rows` at most."""
    with PostgresServer(POSTGRES_OPTIONS) as server:
        migrate(server.url())
        with closing(open_store(server.url(), may_take_long=True)) as store:
            return measure(store, "PostgreSQL", rows, time.monotonic() + fill_s)


def section(results: list[Measured]) -> str:
    """Return the figures as a table."""
    headings = ["ms"]
    for one in results:
        headings += [f"{one.kind}, {one.rows:,} rows: first", "usual", "verdict"]
    lines = []
    for name in (*results[0].reads, *results[0].writes):
        line = [name]
        for one in results:
            timing = one.reads.get(name) or one.writes[name]
            line += [f"{timing.first_ms:.1f}", f"{timing.usual_ms:.1f}", report.verdict(timing.usual_ms, MAX_MS)]
        lines.append(line)
    filled = ", ".join(f"{one.kind} in {one.filled_s:.0f} s" for one in results)
    title = "### Database: what pages and APIs ask of a long ledger"
    return f"{title}\n\nFilled by itself, index by index: {filled}.\n\n{report.table(headings, lines)}"


def main() -> int:
    """Measure, print, and record when asked to; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.store", description="How fast a long ledger answers.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="in SQLite (1,000,000)")
    parser.add_argument("--postgres-rows", type=int, default=10_000_000, help="in PostgreSQL at most (10,000,000)")
    parser.add_argument("--fill-s", type=float, default=180.0, help="longest time to fill PostgreSQL (180)")
    parser.add_argument("--record", action="store_true", help="write the figures into bench/README.md")
    wanted = parser.parse_args()
    command = " ".join(("Command: python -m bench.store", *sys.argv[1:]))
    about = "\n".join(f"- {line}" for line in (*machine.describe(None, []), command))
    text = section([measure_sqlite(wanted.rows), measure_postgres(wanted.postgres_rows, wanted.fill_s)])
    print(f"{about}\n\n{text}")
    if wanted.record:
        report.write_between_markers(ROOT / "bench" / "README.md", "store", f"\n{about}\n\n{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
