"""Database URLs."""

from pathlib import Path

import pytest

from tokenrouter.store.errors import DatabaseUnusable
from tokenrouter.store.urls import database_file, is_postgres, parse_url, shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://user:hunter2@host/db",
        "postgresql://me:hunter2@host:port/db",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        parse_url(url)

    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"])
def test_whatever_driver_is_named_ours_is_taken(scheme: str) -> None:
    url = f"{scheme}://me:pass%40word@host:5433/db?sslmode=verify-full"

    assert is_postgres(url)
    parsed = parse_url(url)
    assert (parsed.drivername, parsed.password, parsed.port) == ("postgresql+psycopg", "pass@word", 5433)


def test_no_secret_is_ever_shown() -> None:
    assert shown("postgresql+psycopg://me:hunter2@host/db?sslmode=require") == (
        "postgresql://me:***@host/db?sslmode=require"
    )
    assert "hunter2" not in shown("postgresql://host/db?user=me&password=hunter2&sslpassword=hunter2")


def test_only_sqlite_has_a_file() -> None:
    assert database_file("sqlite:////data/tokenrouter.db") == Path("/data/tokenrouter.db")
    assert database_file("postgresql://host/db") is None
