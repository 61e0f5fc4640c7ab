"""What is opened, and what is refused untouched."""

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from tokenrouter.store.engine import Store, make_engine, open_store, schema_is_current, shown
from tokenrouter.store.errors import DatabaseUnusable, ForeignDatabase, SchemaMissing, SchemaTooNew
from tokenrouter.store.facts import read_fact, write_fact

CLASSROOM = ("teams", "request_logs")
LLM_API_PROXY = ("users", "usage_logs")
TOKEN_TRACER = ("users", "model_aliases", "request_logs", "api_keys")


def make_database(file: Path, tables: tuple[str, ...]) -> str:
    connection = sqlite3.connect(file)
    for table in tables:
        connection.execute(f"CREATE TABLE {table} (id INTEGER)")
    connection.close()
    return f"sqlite:///{file}"


@pytest.mark.parametrize(
    ("tables", "program"),
    [
        (CLASSROOM, "the Classroom system"),
        (LLM_API_PROXY, "the LLM API Proxy"),
        (TOKEN_TRACER, "TokenTracer"),
        (("invoices",), ""),
    ],
)
def test_a_database_of_another_program_is_named_and_not_touched(
    tmp_path: Path, tables: tuple[str, ...], program: str
) -> None:
    url = make_database(tmp_path / "theirs.db", tables)
    before = (tmp_path / "theirs.db").read_bytes()

    with pytest.raises(ForeignDatabase, match="choose another database_url") as refused:
        open_store(url)

    assert refused.value.looks_like == program
    assert program in str(refused.value)
    assert (tmp_path / "theirs.db").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["theirs.db"]


def test_a_foreign_table_beside_ours_is_refused_too(database_url: str, tmp_path: Path) -> None:
    make_database(tmp_path / "tokenrouter.db", ("invoices",))

    with pytest.raises(ForeignDatabase, match="invoices"):
        open_store(database_url)


def test_a_schema_of_a_newer_version_is_refused_by_name(database_url: str, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "tokenrouter.db")
    connection.execute("UPDATE tr_schema SET version_num = '9999'")
    connection.commit()
    connection.close()

    with pytest.raises(SchemaTooNew, match="9999"):
        open_store(database_url)


def test_without_our_tables_nothing_is_opened_or_created(tmp_path: Path) -> None:
    with pytest.raises(SchemaMissing):
        open_store(f"sqlite:///{tmp_path / 'none.db'}")

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("shopping list, not a database; " * 100)

    with pytest.raises(DatabaseUnusable, match=r"notes\.txt"):
        open_store(f"sqlite:///{tmp_path / 'notes.txt'}")


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://user:hunter2@host/db", "postgresql://me:hunter2@host/db"])
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        make_engine(url)

    assert "hunter2" not in str(refused.value)


def test_a_password_is_never_shown() -> None:
    assert shown("postgresql://me:hunter2@host/db") == "postgresql://me:***@host/db"


def test_a_failed_write_leaves_nothing_behind(store: Store) -> None:
    def fail_after_writing() -> None:
        with store.write() as connection:
            write_fact(connection, "colour", "blue")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()

    with store.read() as connection:
        assert read_fact(connection, "colour") is None


def test_a_reader_sees_one_state_while_another_writes(store: Store) -> None:
    with store.read() as reader:
        assert read_fact(reader, "colour") is None
        with store.write() as writer:
            write_fact(writer, "colour", "blue")
        assert read_fact(reader, "colour") is None

    with store.read() as reader:
        assert read_fact(reader, "colour") == "blue"


def test_writers_queue_and_lose_nothing(store: Store) -> None:
    with store.write() as connection:
        write_fact(connection, "count", "0")

    def count_to_ten() -> None:
        for _ in range(10):
            with store.write() as connection:
                write_fact(connection, "count", str(int(read_fact(connection, "count") or "0") + 1))

    threads = [threading.Thread(target=count_to_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.read() as connection:
        assert read_fact(connection, "count") == "40"


def test_commits_survive_a_power_failure_and_readers_do_not_wait(store: Store) -> None:
    with store.read() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_a_current_schema_is_current(database_url: str) -> None:
    engine = make_engine(database_url)

    assert schema_is_current(engine)
    engine.dispose()
