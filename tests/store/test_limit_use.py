"""Counters of limits in the database."""

from tokenrouter.store.engine import Store
from tokenrouter.store.limit_use import (
    LimitCharge,
    UseByWindow,
    add_limit_use,
    carry_use,
    cover_limits,
    covered_limits,
    forget_windows,
    limit_use,
)


def use_of(store: Store) -> UseByWindow:
    with store.read() as connection:
        return limit_use(connection)


def test_charges_add_up_by_counter_and_window(store: Store) -> None:
    with store.write() as connection:
        add_limit_use(connection, [LimitCharge("a", "key:x", 60, 5), LimitCharge("a", "key:x", 60, 2)])
        add_limit_use(connection, [LimitCharge("a", "key:x", 60, 1), LimitCharge("a", "key:x", 120, 3)])
        add_limit_use(connection, [LimitCharge("a", "key:y", 60, 9)])

    assert use_of(store) == {("a", "key:x"): {60: 8, 120: 3}, ("a", "key:y"): {60: 9}}


def test_use_that_was_carried_over_is_applied_once(store: Store) -> None:
    for _ in range(2):
        carry_use(store, [LimitCharge("a", "key:x", 0, 100), LimitCharge("a", "key:y", 0, 7)], now_s=1.0)

    assert use_of(store) == {("a", "key:x"): {0: 100}, ("a", "key:y"): {0: 7}}


def test_a_limit_that_is_covered_anew_gets_its_use_and_one_that_is_gone_loses_it(store: Store) -> None:
    cover_limits(store, frozenset({"a", "b"}), [LimitCharge("a", "key:x", 0, 5), LimitCharge("b", "key:x", 0, 7)])
    cover_limits(store, frozenset({"b", "c"}), [LimitCharge("c", "key:x", 0, 9)])

    assert covered_limits(store) == {"b", "c"}
    assert use_of(store) == {("b", "key:x"): {0: 7}, ("c", "key:x"): {0: 9}}


def test_before_any_was_noted_those_are_covered_that_have_use(store: Store) -> None:
    carry_use(store, [LimitCharge("a", "key:x", 0, 100)], now_s=1.0)

    assert covered_limits(store) == {"a"}


def test_use_is_carried_over_again_to_a_limit_that_was_gone_and_to_no_other(store: Store) -> None:
    carried = [LimitCharge("a%_", "key:x", 0, 100), LimitCharge("abc", "key:x", 0, 7)]
    cover_limits(store, frozenset({"a%_", "abc"}), [])
    carry_use(store, carried, now_s=1.0)

    cover_limits(store, frozenset({"abc"}), [])
    carry_use(store, carried, now_s=2.0)

    assert use_of(store) == {("a%_", "key:x"): {0: 100}, ("abc", "key:x"): {0: 7}}


def test_old_windows_are_forgotten_and_lifetimes_are_not(store: Store) -> None:
    with store.write() as connection:
        add_limit_use(connection, [LimitCharge("a", "key:x", start, 1) for start in (0, 60, 120)])
        add_limit_use(connection, [LimitCharge("b", "key:x", 60, 1)])

    forget_windows(store, [("a", 120)])

    assert use_of(store) == {("a", "key:x"): {0: 1, 120: 1}, ("b", "key:x"): {60: 1}}
