"""A fresh database for each test: the migrated file is made once and copied, which takes a millisecond."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.migrate import migrate


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def database_url(empty_database: Path, tmp_path: Path) -> str:
    shutil.copy(empty_database, tmp_path / "tokenrouter.db")
    return f"sqlite:///{tmp_path / 'tokenrouter.db'}"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = open_store(database_url)
    yield store
    store.close()
