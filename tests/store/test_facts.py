"""Facts by name."""

from tokenrouter.store.engine import Store
from tokenrouter.store.facts import facts_under, read_fact, write_fact


def test_a_fact_is_what_was_written_last(store: Store) -> None:
    with store.write() as connection:
        write_fact(connection, "colour", "blue")
        write_fact(connection, "colour", "green")

    with store.read() as connection:
        assert read_fact(connection, "colour") == "green"
        assert read_fact(connection, "taste") is None


def test_facts_are_found_by_how_their_keys_begin(store: Store) -> None:
    with store.write() as connection:
        for key in ("a_\tb", "a_\tc", "ax\td"):
            write_fact(connection, key, key[-1])

    with store.read() as connection:
        assert facts_under(connection, "a_\t") == {"a_\tb": "b", "a_\tc": "c"}
