"""Opening with the tables made where they are missing, and left alone where a person must decide."""

import subprocess
import sys

import pytest
from alembic import command
from sqlalchemy import text

from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.errors import ForeignDatabase, SchemaMissing, SchemaTooNew, WrongSecret
from tokenrouter.store.keys import list_keys
from tokenrouter.store.migrate import alembic_config
from tokenrouter.store.prepare import find_revision, migrate_elsewhere, prepare_store
from tokenrouter.store.schema import REVISIONS


def make_older(url: str) -> None:
    store = open_store(url)
    config = alembic_config()
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, REVISIONS[-2])
    store.close()


def test_a_new_database_is_ready_at_once(new_database_url: str) -> None:
    store = prepare_store(new_database_url)

    assert list_keys(store) == ()
    store.close()


def test_older_tables_of_sqlite_are_migrated_at_the_start(sqlite_url: str) -> None:
    make_older(sqlite_url)

    prepare_store(sqlite_url).close()

    assert find_revision(sqlite_url) == REVISIONS[-1]


def test_older_tables_of_postgresql_are_migrated_when_somebody_says_so(postgres_url: str) -> None:
    make_older(postgres_url)

    with pytest.raises(SchemaMissing, match="torod store migrate"):
        prepare_store(postgres_url)
    assert find_revision(postgres_url) == REVISIONS[-2]
    prepare_store(postgres_url, migrate_on_start=True).close()

    assert find_revision(postgres_url) == REVISIONS[-1]
    make_older(postgres_url)
    migrate_elsewhere(postgres_url)
    assert find_revision(postgres_url) == REVISIONS[-1]


def test_newer_tables_are_refused_and_left_alone(store: Store, database_url: str) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE tr_schema SET version_num = '9999'"))

    with pytest.raises(SchemaTooNew, match="9999"):
        prepare_store(database_url, migrate_on_start=True)


def test_a_foreign_database_is_refused_before_any_migration(new_postgres_url: str) -> None:
    store_of_theirs = prepare_store(new_postgres_url)
    with store_of_theirs.write() as connection:
        connection.execute(text("CREATE TABLE teams (id INTEGER)"))
    store_of_theirs.close()

    with pytest.raises(ForeignDatabase):
        prepare_store(new_postgres_url, migrate_on_start=True)


def test_nodes_of_one_postgresql_must_have_one_secret(postgres_url: str) -> None:
    for _ in range(2):
        prepare_store(postgres_url, fingerprint="aa11").close()

    with pytest.raises(WrongSecret):
        prepare_store(postgres_url, fingerprint="bb22")


def test_the_secret_of_sqlite_is_not_looked_at(sqlite_url: str) -> None:
    for fingerprint in ("aa11", "bb22"):
        prepare_store(sqlite_url, fingerprint=fingerprint).close()


def test_the_process_that_prepares_does_not_load_alembic_nor_a_driver_that_it_does_not_need(sqlite_url: str) -> None:
    program = (
        "import sys; from tokenrouter.store.prepare import prepare_store; "
        f"prepare_store({sqlite_url!r}); sys.exit('alembic' in sys.modules or 'psycopg' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
