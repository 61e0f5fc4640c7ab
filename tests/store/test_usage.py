"""Sums of the ledger."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.usage import (
    GROUPS,
    Grouping,
    UsageFilter,
    UsageSums,
    added_up,
    usage_groups,
    usage_sums,
    whole_months,
)

DAY_US = 86_400_000_000
ROWS: list[LedgerEntry] = [
    entry("01"),
    entry("02", started_us=NOON_US + DAY_US),
    entry("03", key_id="key_bob", key_name="bob", user="bob", cost_nano_usd=None),
    entry("04", provider="other", model="org/large", end_reason="provider_error", status=500, cost_nano_usd=1000),
    entry("05", team="", usage=Usage(), cost_nano_usd=None, end_reason="client_error", status=429, count=60),
]


@pytest.fixture(autouse=True)
def _rows(store: Store) -> None:
    record(store, [Row(row) for row in ROWS], {})


def test_sums_are_exact(store: Store) -> None:
    total = usage_sums(store, UsageFilter())

    assert (total.requests, total.failed, total.unpriced_requests) == (64, 61, 1)
    assert total.cost_nano_usd == 25 + 25 + 1000
    assert total.usage == Usage(
        input_tokens=40, output_tokens=20, cached_input_tokens=16, reasoning_tokens=8, cache_write_tokens=0
    )


@pytest.mark.parametrize(
    ("wanted", "requests"),
    [
        (UsageFilter(since_day="2026-01-02"), 1),
        (UsageFilter(until_day="2026-01-01"), 63),
        (UsageFilter(key_ids=frozenset({"key_bob"})), 1),
        (UsageFilter(user="ann"), 63),
        (UsageFilter(team="physics"), 4),
        (UsageFilter(provider="other", model="org/large"), 1),
        (UsageFilter(key_ids=frozenset({"nobody"})), 0),
    ],
)
def test_filters_leave_what_they_name(store: Store, wanted: UsageFilter, requests: int) -> None:
    assert usage_sums(store, wanted).requests == requests


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("key", ["alice", "bob"]),
        ("user", ["ann", "bob"]),
        ("team", ["physics", ""]),
        ("provider", ["other", "acme"]),
        ("model", ["other/org/large", "acme/small"]),
        ("day", ["2026-01-01", "2026-01-02"]),
    ],
)
def test_groups_are_named_and_ordered_by_cost(store: Store, by: Grouping, names: list[str]) -> None:
    groups = usage_groups(store, UsageFilter(), by)

    assert [group.name for group in groups] == names
    assert sum(group.sums.requests for group in groups) == 64


def test_requests_that_came_to_no_model_are_a_group_without_a_name(store: Store) -> None:
    record(store, [Row(entry("06", provider="", model="", end_reason="client_error", status=400))], {})

    names = [group.name for group in usage_groups(store, UsageFilter(), "model")]

    assert "" in names
    assert "/" not in names


def test_a_group_of_a_key_says_which_key(store: Store) -> None:
    assert [group.key_id for group in usage_groups(store, UsageFilter(), "key")] == ["key_alice", "key_bob"]


@pytest.mark.parametrize(
    ("since_day", "until_day", "months"),
    [
        ("", "", ("", "")),
        ("2026-01-01", "2026-01-31", ("2026-01", "2026-01")),
        ("2026-01-02", "2026-01-31", None),
        ("2026-01-01", "2026-01-30", None),
        ("2025-12-31", "2026-02-01", ("2026-01", "2026-01")),
        ("2026-01-31", "", ("2026-02", "")),
        ("", "2024-02-28", ("", "2024-01")),
        ("", "2024-02-29", ("", "2024-02")),
        ("2026-03-01", "2026-01-31", None),
    ],
)
def test_whole_months_are_those_that_no_bound_cuts(
    since_day: str, until_day: str, months: tuple[str, str] | None
) -> None:
    assert whole_months(since_day, until_day) == months


@pytest.mark.parametrize("seed", range(3))
def test_months_and_days_together_are_the_same_as_days_alone(store: Store, seed: int) -> None:
    chance = Random(seed)
    days = [date(2025, 11, 1) + timedelta(days=chance.randrange(200)) for _ in range(150)]
    record(store, [Row(_on(day, number)) for number, day in enumerate(days)], {})
    everything = days + [date(2026, 1, 1)] * 3 + [date(2026, 1, 2)]  # of the other rows, one refusal stands for 60

    for _ in range(40):
        first, last = sorted(date(2025, 11, 1) + timedelta(days=chance.randrange(220)) for _ in range(2))
        wanted = UsageFilter(since_day=first.isoformat(), until_day=last.isoformat())
        expected = sum(first <= day <= last for day in everything) + 60 * (first <= date(2026, 1, 1) <= last)

        assert usage_sums(store, wanted).requests == expected
        assert sum(group.sums.requests for group in usage_groups(store, wanted, "model")) == expected
        assert sum(group.sums.requests for group in usage_groups(store, wanted, "day")) == expected


def _on(day: date, number: int) -> LedgerEntry:
    started_us = int(datetime.combine(day, time(number % 24), UTC).timestamp()) * 1_000_000
    return entry(f"day {number:03}", started_us=started_us, model=f"m{number % 3}")


@pytest.mark.parametrize("by", GROUPS)
def test_groups_are_together_what_all_is(store: Store, by: Grouping) -> None:
    assert added_up(group.sums for group in usage_groups(store, UsageFilter(), by)) == usage_sums(store, UsageFilter())
    assert added_up([]) == UsageSums()
