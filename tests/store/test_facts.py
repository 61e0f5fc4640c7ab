"""Facts by name."""

from tokenrouter.store.engine import Store
from tokenrouter.store.facts import read_fact, write_fact


def test_a_fact_is_what_was_written_last(store: Store) -> None:
    with store.write() as connection:
        write_fact(connection, "colour", "blue")
        write_fact(connection, "colour", "green")

    with store.read() as connection:
        assert read_fact(connection, "colour") == "green"
        assert read_fact(connection, "taste") is None
