import pytest

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import DAILY_SUMS, Row, record
from tokenrouter.store.limit_use import LimitCharge, add_limit_use, limit_use
from tokenrouter.store.rollups import (
    ModelDay,
    kept_days,
    kept_months,
    kept_sums,
    model_days,
    replace_limit_use,
    replace_sums,
)

DAY_US = 86_400_000_000
GROUP = ("key_alice", "ann", "physics", "acme", "small")
REQUESTS, COST = DAILY_SUMS.index("requests"), DAILY_SUMS.index("cost_nano_usd")


@pytest.fixture(autouse=True)
def rows(store: Store) -> None:
    """Two requests on New Year's Day, and one on each of the two days before."""
    starts = {"a": 0, "b": 1, "c": -DAY_US, "d": -2 * DAY_US}
    record(store, [Row(entry(name, started_us=NOON_US + after)) for name, after in starts.items()], {})


def test_days_come_in_order_within_their_bounds(store: Store) -> None:
    with store.read() as connection:
        assert kept_days(connection, "", "") == ["2025-12-30", "2025-12-31", "2026-01-01"]
        assert kept_days(connection, "2025-12-31", "") == ["2025-12-31", "2026-01-01"]
        assert kept_days(connection, "2025-12-31", "2025-12-31") == ["2025-12-31"]


def test_sums_are_those_of_their_day_or_month(store: Store) -> None:
    with store.read() as connection:
        day = kept_sums(connection, "2026-01-01")
        months = kept_months(connection, "2025-12-31")

    assert set(day) == {GROUP}
    assert (day[GROUP][REQUESTS], day[GROUP][COST]) == (2, 50)
    assert set(months) == {("2025-12", GROUP)}
    assert months["2025-12", GROUP][REQUESTS] == 2
    assert all(type(amount) is int for amount in months["2025-12", GROUP])


def test_the_sums_of_a_day_are_replaced_as_a_whole(store: Store) -> None:
    other = ("key_bob", "", "", "acme", "large")
    sums = tuple(range(len(DAILY_SUMS)))

    with store.write() as connection:
        replace_sums(connection, "2026-01-01", {other: sums}, {other: "bob"})
        replace_sums(connection, "2025-12-30", {}, {})

    with store.read() as connection:
        assert kept_sums(connection, "2026-01-01") == {other: sums}
        assert kept_days(connection, "", "") == ["2025-12-31", "2026-01-01"]


def test_models_are_told_day_by_day_whoever_used_them(store: Store) -> None:
    used = Usage(input_tokens=100, output_tokens=7)
    record(store, [Row(entry("x", key_id="key_bob", usage=used, cost_nano_usd=None))], {})
    record(store, [Row(entry("y", provider="other"))], {})

    found = model_days(store, "acme", "2025-12-31", "2026-01-01")

    assert found == [
        ModelDay("2025-12-31", "small", 1, 10, 5, 25, 0),
        ModelDay("2026-01-01", "small", 3, 120, 17, 50, 1),
    ]


def test_the_use_of_a_limit_is_replaced_whatever_it_was(store: Store) -> None:
    charges = [LimitCharge("l", "global", start, 5) for start in (0, 1, 2)]
    with store.write() as connection:
        add_limit_use(connection, charges)
        replace_limit_use(
            connection,
            [LimitCharge("l", "global", 0, 9), LimitCharge("l", "global", 1, 0), LimitCharge("l", "key:a", 0, 3)],
        )

    with store.read() as connection:
        assert limit_use(connection) == {("l", "global"): {0: 9, 2: 5}, ("l", "key:a"): {0: 3}}
