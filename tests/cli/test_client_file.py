"""`toro.toml`, read and written."""

from pathlib import Path

import pytest

from tokenrouter.cli.client_errors import ClientMistake
from tokenrouter.cli.client_file import client_file, read_client_file, write_client_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "toro.toml"


def test_the_file_lies_where_the_servers_does() -> None:
    assert client_file({"HOME": "/h"}) == Path("/h/.config/tokenrouter/toro.toml")
    assert client_file({"HOME": "/h", "XDG_CONFIG_HOME": "/c"}) == Path("/c/tokenrouter/toro.toml")
    assert client_file({"TOKENROUTER_HOME": "/t", "HOME": "/h"}) == Path("/t/toro.toml")


def test_what_is_written_is_read_and_only_its_owner_may_read_it(file: Path) -> None:
    assert read_client_file(file) == {}

    write_client_file(file, {"server_url": "http://x", "api_key": "tr_1", "ca_file": ""})

    assert read_client_file(file) == {"server_url": "http://x", "api_key": "tr_1"}
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [path.name for path in file.parent.iterdir()] == ["toro.toml"]


def test_comments_and_what_toro_does_not_know_stay(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('# mine\nserver_url = "http://a" # the lab\napi_key = "tr_1"\n\n[chat]\nmodel = "x" # ä\n')
    file.chmod(0o644)

    write_client_file(file, {"server_url": "http://b", "api_key": ""})

    assert file.read_text() == '# mine\nserver_url = "http://b" # the lab\n\n[chat]\nmodel = "x" # ä\n'
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_client_file(file) == {"server_url": "http://b"}


def test_a_link_to_the_file_stays_a_link(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    file.symlink_to(tmp_path / "elsewhere.toml")

    write_client_file(file, {"api_key": "tr_1"})

    assert file.is_symlink()
    assert (tmp_path / "elsewhere.toml").read_text() == 'api_key = "tr_1"\n'


@pytest.mark.parametrize("broken", ["api_key = ", "\x00", "a = 1\na = 2"])
def test_a_broken_file_is_left_as_it_is(file: Path, broken: str) -> None:
    file.parent.mkdir()
    file.write_text(broken)

    with pytest.raises(ClientMistake, match="cannot be read"):
        write_client_file(file, {"api_key": "tr_1"})

    assert file.read_text() == broken


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")

    with pytest.raises(ClientMistake, match=r"toro\.toml: cannot be"):
        write_client_file(tmp_path / "a" / "toro.toml", {"api_key": "tr_1"})
