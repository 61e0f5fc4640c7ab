"""What is made at the end: secrets beside the file, the administrator's key, and where to go next."""

import stat
from typing import Any

import pytest

from tests.cli.installed import torod
from tokenrouter.cli.wizard.outcome import client_address
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import Home


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ({"listen_addr": "127.0.0.1:8080"}, "http://127.0.0.1:8080"),
        ({"listen_addr": "0.0.0.0:8080"}, "http://127.0.0.1:8080"),
        ({"listen_addr": "[::1]:8080"}, "http://[::1]:8080"),
        ({"listen_addr": ":8080", "public_url": "https://ai.example/v1/"}, "https://ai.example"),
        ({"tls": "letsencrypt", "tls_listen_addr": ":443", "tls_domain": ("ai.example",)}, "https://ai.example"),
        ({"tls": "self_signed", "tls_listen_addr": "0.0.0.0:8443"}, "https://127.0.0.1:8443"),
        ({}, ""),
    ],
)
def test_clients_are_told_where_they_reach_it(said: dict[str, Any], address: str) -> None:
    assert client_address(said) == address


def test_a_postgres_gets_its_encryption_key_and_an_administrator(home: Home, postgres: PostgresServer) -> None:
    url = postgres.url(postgres.create_database())
    (home.path / ".env").write_text("OTHER=1")
    args = ("config", "--provider-type", "none", "--admin", "key")

    done = torod(home, *args, TOROD_CONFIG_DATABASE_URL=url)
    again = torod(home, *args)

    assert done.exit_code == again.exit_code == 0, done.stderr
    env_file = home.path / ".env"
    first, second = env_file.read_text().splitlines()
    assert first == "OTHER=1"
    assert second.startswith("ENCRYPTION_KEY=")
    assert len(second) > 40
    assert stat.S_IMODE(env_file.stat().st_mode) & 0o007 == 0
    assert second.partition("=")[2] not in done.output
    listed = torod(home, "keys", "list").stdout
    assert [line.partition("  ")[0] for line in listed.splitlines()] == ["admin", "admin-2"]


def test_the_administrator_s_key_is_in_the_database_only(home: Home) -> None:
    done = torod(home, "config", "--provider-type", "sandbox", "--admin", "key")

    key = next(line for line in done.stdout.splitlines() if line.startswith("tr_"))
    assert key not in done.stderr
    assert not [file for file in home.path.rglob("*") if file.is_file() and key.encode() in file.read_bytes()]
    assert "admin  admin  " in torod(home, "keys", "list").stdout
