"""A PostgreSQL that tests may stop."""

from contextlib import closing

import psycopg
import pytest

from tokenrouter.testing.postgres import NoPostgres, PostgresServer


def test_what_was_committed_is_there_after_a_crash_and_a_restart() -> None:
    server = PostgresServer()
    try:
        server.open()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    with closing(server):
        with psycopg.connect(server.url()) as connection:
            connection.execute("CREATE TABLE colours (name text)")
            connection.execute("INSERT INTO colours VALUES ('blue')")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url())
        server.start()

        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT name FROM colours").fetchall() == [("blue",)]
