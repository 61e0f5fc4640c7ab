"""What this machine says against answers."""

import socket
from pathlib import Path

import pytest

from tests.cli.wizard.certificates import write_pair
from tokenrouter.cli.wizard.checks import (
    address_problem,
    certificate_names,
    database_problem,
    key_file_problem,
    machine_mistakes,
    name_problem,
    pem_problem,
    warnings,
)
from tokenrouter.cli.wizard.redis_check import redis_problem


def test_a_port_that_is_free_is_right_and_one_that_is_taken_is_told(free_port: int) -> None:
    assert address_problem(f"127.0.0.1:{free_port}") == ""

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert address_problem(f"127.0.0.1:{port}").startswith(f"port {port} is taken by another program")
        assert address_problem(f"0.0.0.0:{port}").startswith(f"port {port} is taken")


def test_addresses_that_are_not_here_are_told() -> None:
    assert "is no address of this machine" in address_problem("192.0.2.7:8080")
    assert "there is no host 'nowhere.invalid'" in address_problem("nowhere.invalid:8080")
    assert "is not host:port" in address_problem("8080")


def test_a_certificate_and_its_key_are_right(tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path)

    assert pem_problem(certificate, key)[1] == ""
    assert certificate_names(certificate) == ("ai.example.org",)


def test_every_way_for_a_certificate_to_be_wrong_is_told(tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path)
    other, _ = write_pair(tmp_path, "other")
    old, old_key = write_pair(tmp_path, "old", days=-1)
    early, early_key = write_pair(tmp_path, "early", days=40)
    locked, locked_key = write_pair(tmp_path, "locked", password=b"x")

    told = [
        pem_problem(str(tmp_path / "none"), key),
        pem_problem(certificate, str(tmp_path / "none")),
        pem_problem(key, key),
        pem_problem(certificate, certificate),
        pem_problem(other, key),
        pem_problem(old, old_key),
        pem_problem(early, early_key),
        pem_problem(locked, locked_key),
    ]

    assert [
        (name.removesuffix("_file"), next(word for word in WORDS if word in problem)) for name, problem in told
    ] == [
        ("tls_cert", "cannot be read"),
        ("tls_key", "cannot be read"),
        ("tls_cert", "no certificate"),
        ("tls_key", "no private key"),
        ("tls_key", "another certificate"),
        ("tls_cert", "ended on"),
        ("tls_cert", "begins on"),
        ("tls_key", "locked"),
    ]


WORDS = ("cannot be read", "no certificate", "no private key", "another certificate", "ended on", "begins on", "locked")


def test_key_files_names_and_databases_are_looked_at(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    database = tmp_path / "other.db"
    database.write_text("this is no database, but it is long enough to be taken for one")

    assert "is empty" in key_file_problem(str(empty))
    assert "cannot be read" in key_file_problem(str(tmp_path / "none"))
    assert name_problem("localhost") == ""
    assert "make its DNS entry first" in name_problem("nowhere.invalid")
    assert database_problem("sqlite:///tokenrouter.db") == ""
    assert database_problem(f"sqlite:///{database}")


def test_a_database_and_a_redis_that_do_not_answer_are_told_without_their_password(free_port: int) -> None:
    at = f"127.0.0.1:{free_port}"

    told = [database_problem(f"postgresql://u:hunter2@{at}/d"), redis_problem(f"redis://u:hunter2@{at}/0")]

    assert all(told)
    assert "hunter2" not in "".join(told)
    assert redis_problem("unix:///nowhere/redis.sock")


def test_what_the_file_says_already_is_not_looked_at_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        said = {"listen_addr": address, "provider_key_file": str(tmp_path / "none")}

        now = machine_mistakes(said, {"listen_addr": address.replace("127.0.0.1", "0.0.0.0")}, network=False)
        fresh = machine_mistakes(said, {}, network=False)

    assert [one.name for one in now] == ["provider_key_file"]
    assert [one.name for one in fresh] == ["listen_addr", "provider_key_file"]


def test_a_variable_that_wins_over_the_answer_is_told() -> None:
    told = warnings({"listen_addr": "127.0.0.1:8080"}, {"TOKENROUTER_LISTEN_ADDR": "127.0.0.1:9", "REDIS_URL": "x"})

    assert told == ["TOKENROUTER_LISTEN_ADDR is set here and comes before listen_addr of the file."]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"listen_addr": "0.0.0.0:8080"}, "in the clear"),
        ({"listen_addr": "127.0.0.1:8080", "provider_key_env": "NOT_SET"}, "NOT_SET is not set here"),
        ({"tls": "letsencrypt"}, "port 80 or 443"),
    ],
)
def test_what_is_worth_knowing_is_told(said: dict[str, str], told: str) -> None:
    assert any(told in one for one in warnings(said, {}))
    assert not warnings({"listen_addr": "127.0.0.1:8080"}, {})
