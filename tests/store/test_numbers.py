from tokenrouter.store.engine import Store
from tokenrouter.store.numbers import add_numbers, numbers_of, subject_of


def test_numbers_are_given_in_order_and_stay(store: Store) -> None:
    assert numbers_of(store, "team", ["b", "a"]) == {"b": 1, "a": 2}
    assert numbers_of(store, "team", ["c", "a"]) == {"c": 3, "a": 2}
    assert subject_of(store, "team", 1) == "b"


def test_kinds_are_numbered_apart(store: Store) -> None:
    numbers_of(store, "team", ["a"])

    assert numbers_of(store, "key", ["a", "b"]) == {"a": 1, "b": 2}
    assert subject_of(store, "alias", 1) is None


def test_numbers_that_were_brought_along_are_kept_and_not_given_again(store: Store) -> None:
    with store.write() as connection:
        add_numbers(connection, "team", {"physics": 7})

    assert numbers_of(store, "team", ["physics", "history"]) == {"physics": 7, "history": 8}


def test_who_is_asked_for_twice_at_once_gets_one_number(store: Store) -> None:
    assert numbers_of(store, "team", ["a", "a"]) == {"a": 1}
