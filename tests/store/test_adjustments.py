"""Adjustments in the database."""

from dataclasses import replace

from tokenrouter.store.adjustments import (
    Adjustment,
    add_adjustments,
    adjustments_of,
    adjustments_since,
    last_adjustment,
)
from tokenrouter.store.engine import Store

RESET = Adjustment("reset", "a", "key:x", -30, 5, 10, "root", "new term")


def test_what_was_written_is_read_back_in_order_with_rising_numbers(store: Store) -> None:
    correction = Adjustment("correction", "b", "key:y", 7, 6, 20, request_id="req_1", once="correction/req_1")
    with store.write() as connection:
        assert add_adjustments(connection, [RESET, correction]) == [RESET, correction]

    first, second = adjustments_since(store, 0)

    assert [replace(first, number=0), replace(second, number=0)] == [RESET, correction]
    assert 0 < first.number < second.number
    assert adjustments_since(store, 20) == [second]
    with store.read() as connection:
        assert adjustments_of(connection, ["a"]) == [first]
        assert adjustments_of(connection, []) == []
        assert last_adjustment(connection) == second.number


def test_what_may_happen_once_is_written_once(store: Store) -> None:
    once = replace(RESET, once="import/a/key:x")
    with store.write() as connection:
        add_adjustments(connection, [once, RESET])
    with store.write() as connection:
        assert add_adjustments(connection, [once, RESET]) == [RESET]

    assert len(adjustments_since(store, 0)) == 3


def test_a_boost_is_used_by_nobody() -> None:
    assert replace(RESET, kind="boost", amount=50).used == 0
    assert RESET.used == -30


def test_without_any_the_last_is_number_nought(store: Store) -> None:
    with store.read() as connection:
        assert last_adjustment(connection) == 0
