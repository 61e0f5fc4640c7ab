import sqlite3
from pathlib import Path

from sqlalchemy import text

from tests.cli.doctor.patients import patient, told
from tokenrouter.cli.doctor.database import check_database
from tokenrouter.config.keyfile import fingerprint
from tokenrouter.store.engine import open_store
from tokenrouter.store.migrate import migrate
from tokenrouter.store.prepare import prepare_store
from tokenrouter.testing.postgres import PostgresServer


def made(folder: Path) -> Path:
    file = folder / "data" / "tokenrouter.db"
    migrate(f"sqlite:///{file}")
    return file


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert "the first start makes them" in told(list(check_database(patient(tmp_path))), "note")
    assert not (tmp_path / "data").exists()


def test_one_that_is_right_is_said_to_be_current_and_whole(tmp_path: Path) -> None:
    made(tmp_path)

    said = told(list(check_database(patient(tmp_path))), "ok")

    assert "is ours and current" in said
    assert "is whole" in said


def test_a_newer_one_and_one_of_another_program_are_problems(tmp_path: Path) -> None:
    file = made(tmp_path)
    connection = sqlite3.connect(file)
    connection.execute("UPDATE tr_schema SET version_num = '9999'")
    connection.commit()

    assert "schema 9999, made by a newer version" in told(list(check_database(patient(tmp_path))), "problem")
    connection.execute("CREATE TABLE theirs (id)")
    connection.commit()
    connection.close()
    assert "not TokenRouter's (theirs)" in told(list(check_database(patient(tmp_path))), "problem")


def test_damage_is_found(tmp_path: Path) -> None:
    file = made(tmp_path)
    with sqlite3.connect(file) as connection:
        connection.executescript("PRAGMA journal_mode = DELETE; CREATE TABLE tr_filler (x)")
        connection.executemany("INSERT INTO tr_filler VALUES (?)", [("x" * 500,)] * 2000)
    connection.close()
    data = bytearray(file.read_bytes())
    data[-40 * 4096 :] = b"\xff" * (40 * 4096)
    file.write_bytes(data)

    said = told(list(check_database(patient(tmp_path))), "problem")

    assert "is damaged" in said
    assert "restore a backup" in said


def test_what_is_no_database_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tokenrouter.db").write_text("no database at all, but a text of some length\n" * 30)

    assert "cannot open the database" in told(list(check_database(patient(tmp_path))), "problem")


def test_a_postgresql_is_asked_and_must_know_the_secret(tmp_path: Path, postgres: PostgresServer) -> None:
    url = postgres.url(postgres.create_database())
    config = f'database_url = "{url}"\n'
    empty = list(check_database(patient(tmp_path, config, env={"ENCRYPTION_KEY": "a"})))
    assert "has no tables yet" in told(empty, "note")

    prepare_store(url, fingerprint=fingerprint(b"x" * 32)).close()
    found = list(check_database(patient(tmp_path, config, env={"ENCRYPTION_KEY": "a"})))
    assert "PostgreSQL 18" in told(found, "ok")
    assert "ENCRYPTION_KEY is not the one" in told(found, "problem")
    assert postgres.password not in str(found)

    store = open_store(url)
    with store.write() as connection:
        connection.execute(text("UPDATE tr_schema SET version_num = '0021'"))
    store.close()
    found = list(check_database(patient(tmp_path, config, env={"ENCRYPTION_KEY": "a"})))
    assert "torod store migrate" in told(found, "problem")


def test_a_postgresql_that_is_away_is_a_problem_without_its_password(tmp_path: Path) -> None:
    config = 'database_url = "postgresql://me:hidden@127.0.0.1:9/x"\n'

    found = list(check_database(patient(tmp_path, config, env={"ENCRYPTION_KEY": "a"})))

    assert "cannot open the database" in told(found, "problem")
    assert "hidden" not in str(found)
