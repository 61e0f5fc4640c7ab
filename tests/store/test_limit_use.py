"""Counters of limits in the database."""

from tokenrouter.store.adjustments import Adjustment, adjustments_since
from tokenrouter.store.engine import Store
from tokenrouter.store.facts import write_fact
from tokenrouter.store.limit_use import (
    Coverage,
    LimitCharge,
    UseByWindow,
    add_limit_use,
    claim_first_uses,
    count_adjustments,
    cover_limits,
    covered_limits,
    first_use_of,
    first_uses,
    forget_windows,
    has_carried,
    limit_use,
)


def use_of(store: Store) -> UseByWindow:
    with store.read() as connection:
        return limit_use(connection)


def cover(store: Store, limit_ids: frozenset[str], charges: list[LimitCharge]) -> Coverage:
    with store.write() as connection:
        return cover_limits(connection, limit_ids, charges)


def test_charges_add_up_by_counter_and_window(store: Store) -> None:
    with store.write() as connection:
        add_limit_use(connection, [LimitCharge("a", "key:x", 60, 5), LimitCharge("a", "key:x", 60, 2)])
        add_limit_use(connection, [LimitCharge("a", "key:x", 60, 1), LimitCharge("a", "key:x", 120, 3)])
        add_limit_use(connection, [LimitCharge("a", "key:y", 60, 9)])

    assert use_of(store) == {("a", "key:x"): {60: 8, 120: 3}, ("a", "key:y"): {60: 9}}


def test_an_adjustment_is_written_and_counted_once(store: Store) -> None:
    moved = Adjustment("import", "a", "key:x", 100, 0, 1, once="import/a/key:x")
    reset = Adjustment("reset", "a", "key:x", -30, 0, 2)
    boost = Adjustment("boost", "a", "key:x", 5, 0, 3)

    for _ in range(2):
        with store.write() as connection:
            count_adjustments(connection, [(one, 0) for one in (moved, reset, boost)])

    assert use_of(store) == {("a", "key:x"): {0: 40}}
    assert [one.kind for one in adjustments_since(store, 0)] == ["import", "reset", "boost", "reset", "boost"]


def test_the_first_claim_of_a_first_use_wins(store: Store) -> None:
    claim_first_uses(store, {("a", "key:x"): 60, ("a", "key:y"): 70})
    claim_first_uses(store, {("a", "key:x"): 10, ("b", "key:x"): 80})
    claim_first_uses(store, {})

    with store.read() as connection:
        assert first_uses(connection) == {("a", "key:x"): 60, ("a", "key:y"): 70, ("b", "key:x"): 80}
        assert first_use_of(connection, ("a", "key:y")) == 70


def test_a_limit_that_is_gone_forgets_its_first_use(store: Store) -> None:
    cover(store, frozenset({"a", "b"}), [LimitCharge("a", "key:x", 0, 5), LimitCharge("b", "key:x", 0, 5)])
    claim_first_uses(store, {("a", "key:x"): 60, ("b", "key:x"): 70})

    cover(store, frozenset({"b"}), [])

    with store.read() as connection:
        assert first_uses(connection) == {("b", "key:x"): 70}


def test_the_use_of_a_new_limit_replaces_what_stood_there(store: Store) -> None:
    cover(store, frozenset(), [])
    with store.write() as connection:
        count_adjustments(connection, [(Adjustment("import", "a", "key:x", 100, 0, 1), 0)])

    cover(store, frozenset({"a"}), [LimitCharge("a", "key:x", 0, 130)])

    assert use_of(store) == {("a", "key:x"): {0: 130}}


def test_a_limit_that_is_covered_anew_gets_its_use_and_one_that_is_gone_loses_it(store: Store) -> None:
    cover(store, frozenset({"a", "b"}), [LimitCharge("a", "key:x", 0, 5), LimitCharge("b", "key:x", 0, 7)])
    cover(store, frozenset({"b", "c"}), [LimitCharge("c", "key:x", 0, 9)])

    assert covered_limits(store) == {"b", "c"}
    assert use_of(store) == {("b", "key:x"): {0: 7}, ("c", "key:x"): {0: 9}}


def test_before_any_was_noted_those_are_covered_that_have_use(store: Store) -> None:
    with store.write() as connection:
        add_limit_use(connection, [LimitCharge("a", "key:x", 0, 100)])

    assert covered_limits(store) == {"a"}


def test_use_that_an_earlier_version_brought_along_is_known_until_its_limit_goes(store: Store) -> None:
    cover(store, frozenset({"a%_", "abc"}), [])
    with store.write() as connection:
        for limit_id in ("a%_", "abc"):
            write_fact(connection, f"carried_use/{limit_id}/key:x", "1")

    cover(store, frozenset({"abc"}), [])

    with store.read() as connection:
        assert not has_carried(connection, "a%_", "key:x")
        assert has_carried(connection, "abc", "key:x")


def test_old_windows_are_forgotten_and_lifetimes_are_not(store: Store) -> None:
    with store.write() as connection:
        add_limit_use(connection, [LimitCharge("a", "key:x", start, 1) for start in (0, 60, 120)])
        add_limit_use(connection, [LimitCharge("b", "key:x", 60, 1)])

    forget_windows(store, [("a", 120)])

    assert use_of(store) == {("a", "key:x"): {0: 1, 120: 1}, ("b", "key:x"): {60: 1}}
