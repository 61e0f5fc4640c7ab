"""Counters of limits in the database."""

from tokenrouter.store.engine import Store
from tokenrouter.store.limit_use import LimitCharge, UseByWindow, add_limit_use, carry_use, forget_windows, limit_use


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


def test_old_windows_are_forgotten_and_lifetimes_are_not(store: Store) -> None:
    with store.write() as connection:
        add_limit_use(connection, [LimitCharge("a", "key:x", start, 1) for start in (0, 60, 120)])
        add_limit_use(connection, [LimitCharge("b", "key:x", 60, 1)])

    forget_windows(store, [("a", 120)])

    assert use_of(store) == {("a", "key:x"): {0: 1, 120: 1}, ("b", "key:x"): {60: 1}}
