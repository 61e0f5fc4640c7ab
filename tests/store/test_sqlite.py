"""SQLite as we drive it."""

from sqlalchemy import text

from tokenrouter.store.engine import open_store


def test_commits_survive_a_power_failure_and_readers_do_not_wait(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with store.read() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    store.close()
