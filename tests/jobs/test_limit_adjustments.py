import pytest

from tokenrouter.config.settings import CarriedUse
from tokenrouter.domain.limit_text import read_limit
from tokenrouter.domain.limits import Limit, LimitTable
from tokenrouter.jobs.limit_adjustments import carry_use, reset_limit
from tokenrouter.jobs.limit_use import ChargeReader, FirstUses, LimitFigures, follow_limits, limit_figures
from tokenrouter.store.adjustments import adjustments_since
from tokenrouter.store.engine import Store
from tokenrouter.store.limit_use import LimitCharge, add_limit_use, limit_use

NOON_S = 1_767_268_800
"""2026-01-01 12:00 UTC."""
MICRO = 10**6


def a_limit(window: str, scope: str = "key:*", **more: object) -> Limit:
    return read_limit({"scope": scope, "metric": "tokens", "window": window, "amount": 100, **more})


def use(store: Store, limit: Limit, used: dict[tuple[str, int], int]) -> None:
    with store.write() as connection:
        charges = [LimitCharge(limit.id, scope, start, amount) for (scope, start), amount in used.items()]
        add_limit_use(connection, charges)


def figures(store: Store, limit: Limit, now_s: float) -> LimitFigures:
    table = LimitTable([limit])
    return limit_figures(store, table, (), ChargeReader(table, str, FirstUses(store)), now_s)


def used(store: Store, limit: Limit, now_s: float) -> dict[str, int]:
    return {scope: amount for (_, scope), amount in figures(store, limit, now_s).used.items()}


@pytest.mark.parametrize(
    ("window", "start_us"),
    [
        ("lifetime", 0),
        ("day", (NOON_S - 43_200) * MICRO),
        ("hour", NOON_S * MICRO),
        ("interval:1h", (NOON_S - 100) * MICRO),
    ],
)
def test_a_reset_gives_back_what_was_used_in_the_window_of_now_and_no_more(
    store: Store, window: str, start_us: int
) -> None:
    limit = a_limit(window)
    earlier_us = start_us - 40 * 86_400 * MICRO
    use(store, limit, {("key:a", start_us): 70, ("key:b", start_us): 5, ("key:a", earlier_us): 9})

    assert reset_limit(store, limit, None, made_by="root", reason="term", now_s=NOON_S + 60) == {
        "key:a": 70,
        "key:b": 5,
    }

    assert used(store, limit, NOON_S + 61) == {}
    with store.read() as connection:
        assert limit_use(connection)[limit.id, "key:a"][earlier_us] == 9
    assert {(one.scope, one.amount, one.made_by) for one in adjustments_since(store, 0)} == {
        ("key:a", -70, "root"),
        ("key:b", -5, "root"),
    }


def test_one_scope_may_be_reset_alone_and_a_second_reset_finds_nothing(store: Store) -> None:
    limit = a_limit("lifetime")
    use(store, limit, {("key:a", 0): 70, ("key:b", 0): 5})

    assert reset_limit(store, limit, "key:a", made_by="", now_s=NOON_S) == {"key:a": 70}
    assert reset_limit(store, limit, "key:a", made_by="", now_s=NOON_S) == {}

    assert used(store, limit, NOON_S) == {"key:b": 5}


def test_what_a_reset_gave_back_of_a_sliding_window_is_never_given_back_twice(store: Store) -> None:
    limit = a_limit("60s")
    use(store, limit, {("key:a", (NOON_S - 50) * MICRO): 70, ("key:a", (NOON_S - 5) * MICRO): 20})

    assert reset_limit(store, limit, None, made_by="", now_s=NOON_S) == {"key:a": 90}

    for later_s in (0, 15, 55, 70):
        assert used(store, limit, NOON_S + later_s) == {}
    use(store, limit, {("key:a", (NOON_S + 1) * MICRO): 3})
    assert used(store, limit, NOON_S + 15) == {"key:a": 3}


@pytest.mark.parametrize("window", ["lifetime", "interval:1h"])
def test_a_limit_that_comes_back_remembers_its_resets(store: Store, window: str) -> None:
    limit = a_limit(window)
    table = LimitTable([limit])
    reader = ChargeReader(table, str, FirstUses(store))
    follow_limits(store, table, reader, NOON_S)
    carry_use(store, [limit], [CarriedUse(limit.id, "key:a", 70, NOON_S - 5.0)], NOON_S)
    before = used(store, limit, NOON_S + 5)
    assert before == {"key:a": 70}

    reset_limit(store, limit, None, made_by="", now_s=NOON_S + 5)
    follow_limits(store, LimitTable([]), ChargeReader(LimitTable([]), str), NOON_S + 6)
    follow_limits(store, table, ChargeReader(table, str, FirstUses(store)), NOON_S + 7)

    assert used(store, limit, NOON_S + 7) == {}


def test_what_an_older_configuration_brings_along_counts_once_and_from_where_it_began(store: Store) -> None:
    limit = a_limit("interval:1h")
    lifetime = a_limit("lifetime")
    carried = [CarriedUse(limit.id, "key:a", 30, NOON_S - 600.0), CarriedUse(lifetime.id, "key:a", 5)]

    for _ in range(2):
        carry_use(store, [limit, lifetime], carried, NOON_S)

    shown = figures(store, limit, NOON_S)
    assert shown.used == {(limit.id, "key:a"): 30}
    assert shown.past[limit.id, "key:a"].first_use_s == NOON_S - 600
    assert used(store, limit, NOON_S + 3000) == {}
    assert used(store, lifetime, NOON_S + 10**8) == {"key:a": 5}


def test_a_window_without_use_goes_on_where_it_began(store: Store) -> None:
    limit = a_limit("interval:1h")

    carry_use(store, [limit], [CarriedUse(limit.id, "key:a", 0, NOON_S - 600.0)], NOON_S)

    assert figures(store, limit, NOON_S).past[limit.id, "key:a"].first_use_s == NOON_S - 600
    assert not adjustments_since(store, 0)
