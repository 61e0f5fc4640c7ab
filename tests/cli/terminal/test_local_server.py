"""What the files of this machine's server propose."""

from pathlib import Path

import pytest

from tokenrouter.cli.client_errors import ClientMistake
from tokenrouter.cli.terminal.local_server import LocalServer, find_local_server

KEYS = """
[[incoming_tokens]]
name = "old"
role = "admin"
key = "tr_old"
expires_at = 2020-01-01T00:00:00Z

[[incoming_tokens]]
name = "older"
role = "admin"
key = "tr_older"
expires_at = "2020-01-01T00:00:00Z"

[[incoming_tokens]]
name = "elsewhere"
role = "admin"
key = "env:NOWHERE"

[[incoming_tokens]]
name = "small"
key = "tr_small"

[[incoming_tokens]]
name = "master"
role = "keymaster"
key = "env:MASTER_KEY"
expires_at = 2999-01-01
"""


def found(folder: Path, text: str, **environ: str) -> LocalServer:
    (folder / "torod.toml").write_text(text)
    return find_local_server(None, {"TOKENROUTER_HOME": str(folder), **environ})


def test_the_key_that_may_do_most_and_has_not_ended_is_proposed(tmp_path: Path) -> None:
    local = found(tmp_path, KEYS, MASTER_KEY="tr_master")
    assert (local.key_name, local.key) == ("master", "tr_master")
    assert "tr_master" not in repr(local)

    local = found(tmp_path, KEYS)
    assert (local.key_name, local.key) == ("small", "tr_small")

    (tmp_path / ".env").write_text("MASTER_KEY=tr_beside\n")
    assert found(tmp_path, KEYS).key == "tr_beside"


def test_keys_in_files_and_of_old_are_found(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("tr_file\n")

    assert found(tmp_path, f'admin_api_key = "file:{tmp_path}/key"\nincoming_api_keys = ["tr_a"]').key == "tr_file"
    assert found(tmp_path, 'admin_api_key = "file:/nowhere"\nincoming_api_keys = ["tr_a", 1]').key == "tr_a"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "http://127.0.0.1:8080"),
        ('listen_addr = ":7050"', "http://127.0.0.1:7050"),
        ('listen_addr = "0.0.0.0:80"', "http://127.0.0.1"),
        ('listen_addr = "[::]:8080"', "http://[::1]:8080"),
        ('listen_addr = "10.0.0.7:8000"', "http://10.0.0.7:8000"),
        ("[tls]\nenabled = false", "http://127.0.0.1:8080"),
        ("[tls]\nenabled = true", "https://127.0.0.1"),
        ('[tls]\nenabled = true\ndomain = "ai.example.org"', "https://ai.example.org"),
        ('[tls]\nenabled = true\ndomain = ["a.org", "b.org"]\nlisten_addr = ":8443"', "https://a.org:8443"),
        ('[tls]\nenabled = true\nmode = "self_signed"\nlisten_addr = "[::]:8443"', "https://[::1]:8443"),
    ],
)
def test_the_address_is_one_that_can_be_asked(tmp_path: Path, text: str, url: str) -> None:
    assert found(tmp_path, text).url == url


def test_the_environment_says_where_it_listens(tmp_path: Path) -> None:
    assert found(tmp_path, 'listen_addr = ":1"', TOKENROUTER_LISTEN_ADDR=":2").url == "http://127.0.0.1:2"


def test_a_certificate_of_its_own_making_comes_along(tmp_path: Path) -> None:
    text = '[tls]\nenabled = true\nmode = "self_signed"'
    assert found(tmp_path, text).ca_file == ""

    (tmp_path / "data" / "tls").mkdir(parents=True)
    made = tmp_path / "data" / "tls" / "self_signed.crt"
    made.write_text("")

    assert found(tmp_path, text).ca_file == str(made)
    assert found(tmp_path, text.replace("self_signed", "pem")).ca_file == ""


def test_without_a_configuration_the_first_start_tells(tmp_path: Path) -> None:
    environ = {"TOKENROUTER_HOME": str(tmp_path)}
    assert find_local_server(None, environ) == LocalServer()

    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "first-start.txt").write_text("key: tr_1\nsetup: http://127.0.0.1:99/admin/setup?token=x\n")

    local = find_local_server(None, environ)
    assert (local.url, local.key, local.key_name) == ("http://127.0.0.1:99", "tr_1", "first")
    assert found(tmp_path, 'listen_addr = ":7"') == LocalServer(
        str(tmp_path / "torod.toml"), "http://127.0.0.1:7", "tr_1", "first"
    )


@pytest.mark.parametrize("broken", ["a = ", "\x00", "incoming_tokens = 1\ntls = 1", "[[incoming_tokens]]\nrole = []"])
def test_what_is_broken_is_passed_over_unless_it_was_named(tmp_path: Path, broken: str) -> None:
    assert found(tmp_path, broken).key == ""

    with pytest.raises(ClientMistake, match="cannot be read"):
        find_local_server(str(tmp_path / "gone.toml"), {})
