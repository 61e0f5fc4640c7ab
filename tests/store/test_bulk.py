"""Many rows at once."""

from sqlalchemy import select

from tokenrouter.store.bulk import add_rows, insert_new, insert_rows
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_journal, tr_limit_use

COUNTER = ("limit_id", "scope", "window_start_us")


def positions(store: Store) -> list[tuple[str, int]]:
    with store.read() as connection:
        return sorted(map(tuple, connection.execute(select(tr_journal.c.file, tr_journal.c.offset)).all()))


def test_rows_arrive_whatever_the_order_of_their_columns(store: Store) -> None:
    with store.write() as connection:
        insert_rows(connection, tr_journal, ("file", "offset"), [("a", 1), ("b", 2)])
        insert_rows(connection, tr_journal, ("offset", "file"), [(3, "c")])

    assert positions(store) == [("a", 1), ("b", 2), ("c", 3)]


def test_no_rows_are_no_rows(store: Store) -> None:
    with store.write() as connection:
        insert_rows(connection, tr_journal, ("file", "offset"), [])

        assert insert_new(connection, tr_journal, ("file", "offset"), []) == frozenset()


def test_only_new_rows_are_inserted_and_told_however_many_there_are(store: Store) -> None:
    rows = [(f"{number:04}", number) for number in range(1700)]
    with store.write() as connection:
        insert_rows(connection, tr_journal, ("file", "offset"), [("0007", 0), ("1234", 0)])

        new = insert_new(connection, tr_journal, ("file", "offset"), rows)

    assert new == {name for name, _ in rows} - {"0007", "1234"}
    assert positions(store) == [(name, 0 if name in {"0007", "1234"} else number) for name, number in rows]


def test_sums_grow_and_of_the_rest_the_newest_smallest_and_largest_stays(store: Store) -> None:
    with store.write() as connection:
        for used in (5, 7):
            add_rows(connection, tr_limit_use, COUNTER, ("used",), [("a", "key:x", 0, used), ("a", "key:y", 0, 1)])
        for offset in (5, 9, 7):
            add_rows(connection, tr_journal, ("file",), (), [("new", offset)], replaced=("offset",))
            add_rows(connection, tr_journal, ("file",), (), [("small", offset)], least=("offset",))
            add_rows(connection, tr_journal, ("file",), (), [("large", offset)], most=("offset",))

    with store.read() as connection:
        assert sorted(map(tuple, connection.execute(select(tr_limit_use)))) == [
            ("a", "key:x", 0, 12),
            ("a", "key:y", 0, 2),
        ]
    assert positions(store) == [("large", 9), ("new", 7), ("small", 5)]


def test_words_of_sql_are_names_of_columns_and_values_are_only_values(store: Store) -> None:
    evil = '%s \'; DROP TABLE tr_keys; -- \\u0000 "{}" ☃'
    with store.write() as connection:
        insert_rows(connection, tr_journal, ("file", "offset"), [(evil, 1)])

    assert positions(store) == [(evil, 1)]
