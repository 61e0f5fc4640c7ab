"""What is opened, and what is refused untouched."""

import threading
from pathlib import Path
from traceback import format_exception

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from tokenrouter.store.engine import Store, make_engine, open_store, schema_is_current
from tokenrouter.store.errors import DatabaseUnusable, ForeignDatabase, SchemaMissing, SchemaTooNew
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.urls import is_postgres
from tokenrouter.testing.postgres import PostgresServer

CLASSROOM = ("teams", "request_logs")
LLM_API_PROXY = ("users", "usage_logs")
TOKEN_TRACER = ("users", "model_aliases", "request_logs", "api_keys")


def make_tables(url: str, tables: tuple[str, ...]) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        for table in tables:
            connection.execute(text(f'CREATE TABLE "{table}" (id INTEGER)'))
    engine.dispose()


def tables_in(url: str) -> set[str]:
    engine = make_engine(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


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
    new_database_url: str, tmp_path: Path, tables: tuple[str, ...], program: str
) -> None:
    (tmp_path / "new").mkdir()
    make_tables(new_database_url, tables)
    before = {file.name: file.read_bytes() for file in (tmp_path / "new").iterdir()}

    with pytest.raises(ForeignDatabase, match="choose another database_url") as refused:
        open_store(new_database_url)

    assert refused.value.looks_like == program
    assert program in str(refused.value)
    assert tables_in(new_database_url) == set(tables)
    assert {file.name: file.read_bytes() for file in (tmp_path / "new").iterdir()} == before


def test_the_refusal_says_how_everything_is_brought_over(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'their own.db'}"
    make_tables(url, ("users", "tokens", "channels", "logs"))

    with pytest.raises(ForeignDatabase) as refused:
        open_store(url)

    assert f"torod import one-api '{tmp_path / 'their own.db'}'" in str(refused.value)


def test_a_password_is_not_part_of_it(new_postgres_url: str, postgres: PostgresServer) -> None:
    make_tables(new_postgres_url, ("LiteLLM_VerificationToken",))

    with pytest.raises(ForeignDatabase, match="torod import litellm -") as refused:
        open_store(new_postgres_url)

    assert postgres.password not in str(refused.value)


def test_a_foreign_table_beside_ours_is_refused_too(database_url: str) -> None:
    make_tables(database_url, ("invoices",))

    with pytest.raises(ForeignDatabase, match="invoices"):
        open_store(database_url)


def test_a_schema_of_a_newer_version_is_refused_by_name(store: Store, database_url: str) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE tr_schema SET version_num = '9999'"))

    with pytest.raises(SchemaTooNew, match="9999"):
        open_store(database_url)


def test_without_our_tables_nothing_is_opened_or_created(new_database_url: str, tmp_path: Path) -> None:
    with pytest.raises(SchemaMissing):
        open_store(new_database_url)

    assert list(tmp_path.iterdir()) == []
    if is_postgres(new_database_url):
        assert tables_in(new_database_url) == set()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("shopping list, not a database; " * 100)

    with pytest.raises(DatabaseUnusable, match=r"notes\.txt"):
        open_store(f"sqlite:///{tmp_path / 'notes.txt'}")


def test_a_server_that_does_not_answer_is_told_without_the_password(free_port: int) -> None:
    url = f"postgresql://me:hunter2@127.0.0.1:{free_port}/db"

    with pytest.raises(DatabaseUnusable, match="refused") as refused:
        open_store(url)

    assert str(free_port) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "hunter2" not in "".join(format_exception(refused.value))


def test_a_password_that_is_wrong_is_told_without_it(postgres: PostgresServer) -> None:
    wrong = postgres.url().replace(postgres.password, "hunter2")

    with pytest.raises(DatabaseUnusable, match="password authentication failed") as refused:
        open_store(wrong)

    assert "hunter2" not in "".join(format_exception(refused.value))


def test_what_the_url_says_of_the_connection_is_done(postgres_url: str) -> None:
    with pytest.raises(DatabaseUnusable, match="SSL"):
        open_store(f"{postgres_url}?sslmode=require")
    with pytest.raises(DatabaseUnusable, match="colour"):
        open_store(f"{postgres_url}?colour=blue")
    store = open_store(f"{postgres_url}?application_name=mine&sslmode=disable")
    with store.read() as connection:
        assert connection.execute(text("SHOW application_name")).scalar() == "mine"
    store.close()


def test_the_values_of_a_failed_statement_are_not_told(store: Store) -> None:
    with pytest.raises(DBAPIError) as failed, store.write() as connection:
        connection.execute(text("SELECT nothing FROM nowhere WHERE name = :name"), {"name": "hunter2"})

    assert "hunter2" not in str(failed.value)


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


def test_a_current_schema_is_current(database_url: str) -> None:
    engine = make_engine(database_url)

    assert schema_is_current(engine)
    engine.dispose()
