"""A fresh database for each test, on SQLite and on PostgreSQL; what is migrated once is copied, in milliseconds."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.migrate import migrate
from tokenrouter.testing.postgres import PostgresServer


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables."""
    file = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def empty_template(postgres: PostgresServer) -> str:
    """The name of a PostgreSQL database with our tables."""
    name = postgres.create_database()
    migrate(postgres.url(name))
    return name


@pytest.fixture
def sqlite_url(empty_file: Path, tmp_path: Path) -> str:
    shutil.copy(empty_file, tmp_path / "tokenrouter.db")
    return f"sqlite:///{tmp_path / 'tokenrouter.db'}"


@pytest.fixture
def postgres_url(postgres: PostgresServer, empty_template: str) -> Iterator[str]:
    name = postgres.create_database(empty_template)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def new_postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database without any table."""
    name = postgres.create_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of either kind, with our tables and nothing in them."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of either kind without any table; the SQLite file is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'tokenrouter.db'}"
    url: str = request.getfixturevalue("new_postgres_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = open_store(database_url)
    yield store
    store.close()
