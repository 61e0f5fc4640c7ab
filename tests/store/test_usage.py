"""Sums of the ledger."""

import pytest

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.usage import Grouping, UsageFilter, usage_groups, usage_sums

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


def test_a_group_of_a_key_says_which_key(store: Store) -> None:
    assert [group.key_id for group in usage_groups(store, UsageFilter(), "key")] == ["key_alice", "key_bob"]
