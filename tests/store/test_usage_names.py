from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args

import pytest

from tests.store.activities import mixed_rows
from tokenrouter.domain.ledger import Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.usage import Grouping, UsageFilter, UsageGroup, UsageSums, usage_groups, usage_sums
from tokenrouter.store.usage_names import groups_of, sums_of_all
from tokenrouter.store.within import Within

ROWS = mixed_rows(200)
FIRST = datetime.fromtimestamp(min(row.started_us for row in ROWS) / 1e6, UTC).date()
LAST = datetime.fromtimestamp(max(row.started_us for row in ROWS) / 1e6, UTC).date()
WHOSE = [
    UsageFilter(),
    UsageFilter(team="art"),
    UsageFilter(user="ann"),
    UsageFilter(provider="acme"),
    UsageFilter(provider="acme", model="small"),
    UsageFilter(model="small"),
    UsageFilter(team="art", user="ann"),
    UsageFilter(key_ids=frozenset({"key_1", "key_2"})),
    UsageFilter(key_ids=frozenset()),
    UsageFilter(within=Within(teams=frozenset({"art"}))),
    UsageFilter(within=Within(teams=frozenset({"art"}), users=frozenset({"ann"}))),
]
TIMES = [
    ("", ""),
    ("0001-01-01", "9999-12-30"),
    (FIRST.isoformat(), LAST.isoformat()),
    ((FIRST + timedelta(3)).isoformat(), (LAST - timedelta(3)).isoformat()),
    ((FIRST + timedelta(5)).isoformat(), (FIRST + timedelta(5)).isoformat()),
    (LAST.isoformat(), FIRST.isoformat()),
    ("", FIRST.isoformat()),
]


@pytest.fixture(autouse=True)
def rows(store: Store) -> None:
    record(store, [Row(row) for row in ROWS], {})


@pytest.mark.parametrize("by", get_args(Grouping))
def test_groups_are_those_of_the_daily_sums(store: Store, by: Grouping) -> None:
    for wanted in in_all_times():
        expected = [UsageGroup(one.name, told(one.sums), one.key_id) for one in usage_groups(store, wanted, by)]
        found = groups_of(store, wanted, by)

        assert sorted(found, key=repr) == sorted(expected, key=repr), wanted
        costs = [(one.sums.cost_nano_usd, one.sums.requests) for one in found]
        assert by == "day" or costs == sorted(costs, reverse=True)


def test_all_together_is_that_of_the_daily_sums(store: Store) -> None:
    for wanted in in_all_times():
        assert sums_of_all(store, wanted) == told(usage_sums(store, wanted)), wanted


def in_all_times() -> Iterator[UsageFilter]:
    for whose, (since, until) in product(WHOSE, TIMES):
        yield replace(whose, since_day=since, until_day=until)


def told(sums: UsageSums) -> UsageSums:
    """Return the same with the kinds of tokens that are told."""
    usage = sums.usage
    kinds = Usage(
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        reasoning_tokens=usage.reasoning_tokens,
    )
    return UsageSums(sums.requests, sums.failed, sums.cost_nano_usd, sums.unpriced_requests, kinds)
