"""An installation to import into: a home, its database, and what hashes and wraps there."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tokenrouter.config.keyfile import load_or_create_secret, pepper
from tokenrouter.config.keyring import ring_of
from tokenrouter.config.load import load
from tokenrouter.imports.found import Found, SourceKind
from tokenrouter.imports.outcome import Installation, Outcome
from tokenrouter.imports.reading import SourceOptions, read_source
from tokenrouter.imports.writer import write_found
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.migrate import migrate
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import Home

NOW_S = 1_790_100_000.0
BASE_URL = "http://127.0.0.1:9/v1"


@dataclass(frozen=True, slots=True)
class Here:
    """What is imported into, and the two ways to do it."""

    store: Store
    installation: Installation

    def write(self, found: Found, **options: bool) -> Outcome:
        return write_found(self.store, found, self.installation, now_s=NOW_S, **options)

    def bring(self, kind: SourceKind, *sources: object, encryption_key: str = "", **options: bool) -> Outcome:
        told = SourceOptions(NOW_S, encryption_key, environ={})
        with read_source(kind, [str(source) for source in sources], told) as found:
            return self.write(found, **options)


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
def postgres_here(postgres: PostgresServer, empty_template: str) -> Iterator[str]:
    """The URL of a PostgreSQL with our tables."""
    name = postgres.create_database(empty_template)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def here(request: pytest.FixtureRequest, empty_file: Path, home: Home) -> Iterator[Here]:
    """On SQLite, or where a test asks for it (`indirect`) on PostgreSQL."""
    (home.path / "torod.toml").write_text('[[incoming_tokens]]\nname = "declared"\nkey = "declared-key-0123456789"\n')
    settings = load(config=str(home.path / "torod.toml"), environ=home.env)
    settings.paths.state_dir.mkdir(parents=True, exist_ok=True)
    shutil.copy(empty_file, settings.paths.state_dir / "tokenrouter.db")
    in_postgres = getattr(request, "param", "") == "postgresql"
    store = open_store(request.getfixturevalue("postgres_here") if in_postgres else settings.database_url)
    secret = load_or_create_secret(settings)
    yield Here(store, Installation(settings, pepper(secret), ring_of(settings)))
    store.close()


@pytest.fixture
def foreign_url(postgres: PostgresServer) -> Iterator[str]:
    """A PostgreSQL without any table, to build another gateway's in."""
    name = postgres.create_database()
    yield postgres.url(name)
    postgres.drop_database(name)
