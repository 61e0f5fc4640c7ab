from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest
from alembic import command
from sqlalchemy import select

from tests.store.activities import kept_rows, mixed_rows
from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.speeds import BUCKETS
from tokenrouter.store.activity_sums import ActivitySums, month_of
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.migrate import alembic_config, migrate
from tokenrouter.store.schema import SPEED_SUMS, tr_activity, tr_speeds

NOON_S = NOON_US // 1_000_000
DAY_S = NOON_S // 86_400 * 86_400


def write(store: Store, rows: list[LedgerEntry]) -> None:
    record(store, [Row(row) for row in rows], {})


def test_a_row_counts_once_at_each_width_for_each_of_what_it_names(store: Store) -> None:
    write(store, [entry("1", client_ip="192.0.2.1", client_tool="curl")])

    with store.read() as connection:
        rows = connection.execute(select(tr_activity)).all()

    names = {"all": "", "provider": "acme", "model": "acme/small", "key": "key_alice", "user": "ann"}
    names |= {"team": "physics", "ip": "192.0.2.1", "tool": "curl"}
    slots = {"hour": NOON_S, "day": DAY_S, "month": DAY_S}
    expected = {(step, dimension, slots[step], name) for step in slots for dimension, name in names.items()}
    assert {tuple(row[:4]) for row in rows} == expected
    assert {row.label for row in rows if row.dimension == "key"} == {"alice"}
    assert {tuple(row[5:]) for row in rows} == {(1, 0, 10, 5, 4, 2, 25, 0)}


def test_rows_are_counted_by_hour_as_one_by_one(store: Store) -> None:
    rows = mixed_rows(300, days=2)
    chance = Random(3)
    while rows:
        some = chance.randrange(1, 40)
        write(store, rows[:some])
        del rows[:some]
    counted: Counter[tuple[int, str]] = Counter()
    for row in mixed_rows(300, days=2):
        counted[row.started_us // 3_600_000_000 * 3600, f"{row.provider}/{row.model}".strip("/")] += row.count

    with store.read() as connection:
        query = select(tr_activity).where(tr_activity.c.step == "hour", tr_activity.c.dimension == "model")
        kept = {(row.slot_s, row.name): row.requests for row in connection.execute(query)}

    assert kept == counted


def test_a_row_that_is_read_twice_is_counted_once(store: Store) -> None:
    for _ in range(2):
        write(store, mixed_rows(20))

    once = kept_rows(store)
    write(store, mixed_rows(20))
    assert kept_rows(store) == once


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 0},
        {"count": 60},
        {"latency_us": 0},
        {"answered_by": "cache"},
        {"status": 502, "end_reason": "provider_error"},
    ],
)
def test_what_was_not_answered_by_a_provider_as_one_request_says_nothing_of_speed(changes: dict[str, object]) -> None:
    sums = ActivitySums()
    sums.add(entry("1", **{"latency_us": 5, **changes}))

    assert sums.finish().speeds == {}
    assert sums.sums


def test_speeds_are_of_everything_of_providers_and_of_models(store: Store) -> None:
    spoken = {"usage": Usage(1000, 300), "latency_us": 4_000_000, "first_token_us": 1_000_000}
    write(store, [entry("1", **spoken), entry("2", **{**spoken, "first_token_us": 0, "model": "large"})])

    with store.read() as connection:
        rows = connection.execute(select(tr_speeds).where(tr_speeds.c.step == "day")).all()

    figures = {(row.dimension, row.name): row._mapping for row in rows}
    assert set(figures) == {("all", ""), ("provider", "acme"), ("model", "acme/small"), ("model", "acme/large")}
    phases = [figures["all", ""][name] for name in SPEED_SUMS[:4]]
    assert phases == [1000, 1_000_000, 600, 7_000_000]
    assert sum(figures["all", ""][f"latency_{n}"] for n in range(BUCKETS)) == 2
    assert sum(figures["all", ""][f"first_token_{n}"] for n in range(BUCKETS)) == 1


def test_a_ledger_of_the_version_before_is_summed_up_as_its_rows_would_have_been(
    store: Store, database_url: str
) -> None:
    write(store, mixed_rows(400, days=33))
    as_written = kept_rows(store)
    config = alembic_config()
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0021")

    migrate(database_url)

    assert kept_rows(store) == as_written


def test_a_month_begins_on_its_first_day() -> None:
    assert datetime.fromtimestamp(month_of(NOON_S - 86_400), UTC) == datetime(2025, 12, 1, tzinfo=UTC)
