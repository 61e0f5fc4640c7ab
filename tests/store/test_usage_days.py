from typing import Any

import pytest

from tests.store.activities import OF, by, mixed_rows, told
from tests.store.entries import NOON_US
from tokenrouter.store.activity_sums import Dimension
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record, utc_day
from tokenrouter.store.usage import UsageFilter
from tokenrouter.store.usage_days import day_start, day_text, one_dimension, series_by_day, sums_by_day
from tokenrouter.store.within import Within

ROWS = mixed_rows(200)
KEYS = frozenset({"key_1"})


@pytest.fixture(autouse=True)
def rows(store: Store) -> None:
    record(store, [Row(row) for row in ROWS], {})


@pytest.mark.parametrize(
    ("wanted", "dimension"),
    [
        (UsageFilter(), ("all", {""})),
        (UsageFilter(team="art"), ("team", {"art"})),
        (UsageFilter(user="ann"), ("user", {"ann"})),
        (UsageFilter(key_ids=KEYS), ("key", KEYS)),
        (UsageFilter(provider="acme"), ("provider", {"acme"})),
        (UsageFilter(provider="acme", model="org/large"), ("model", {"acme/org/large"})),
        (UsageFilter(within=Within(users=frozenset({"ann"}))), ("user", {"ann"})),
        (UsageFilter(model="small"), None),
        (UsageFilter(team="art", user="ann"), None),
        (UsageFilter(within=Within(key_ids=KEYS), team="art"), None),
        (UsageFilter(within=Within(teams=frozenset({"art"}), users=frozenset({"ann"}))), None),
        (UsageFilter(within=Within()), None),
    ],
)
def test_whose_use_is_meant_is_one_dimension_or_several(
    store: Store, wanted: UsageFilter, dimension: tuple[Dimension, frozenset[str]] | None
) -> None:
    assert one_dimension(wanted) == dimension


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"team": "art"},
        {"provider": "acme"},
        {"provider": "acme", "model": "small"},
        {"model": "org/large"},
        {"user": "bob", "team": "physics"},
    ],
)
@pytest.mark.parametrize("dimension", ["key", "model", "provider", "team"])
def test_days_are_those_of_the_rows(store: Store, wanted: dict[str, Any], dimension: Dimension) -> None:
    since, until = day_text(NOON_US // 1_000_000 - 40 * 86_400), "2025-12-30"
    mine = [row for row in ROWS if all(getattr(row, name) == value for name, value in wanted.items())]
    mine = [row for row in mine if since <= utc_day(row.started_us) <= until]
    usage = UsageFilter(since_day=since, until_day=until, **wanted)

    days = sums_by_day(store, usage)
    names = {OF[dimension](row) for row in mine} - {""}
    series = series_by_day(store, usage, dimension, names, days)

    assert list(days) == sorted(days)
    assert {day: told(used) for day, used in days.items()} == by(mine, lambda row: utc_day(row.started_us))
    for name in names:
        own = [row for row in mine if OF[dimension](row) == name]
        found = {day: told(used) for day, used in series[name].items()}
        assert found == by(own, lambda row: utc_day(row.started_us))


def test_a_day_is_when_it_began(store: Store) -> None:
    assert day_start("2026-01-01") == NOON_US // 1_000_000 - 43_200
    assert day_text(day_start("2026-02-28") + 86_399) == "2026-02-28"
