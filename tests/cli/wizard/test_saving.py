"""Files are replaced whole, for their owner only, and no secret of theirs is shown."""

import stat
from pathlib import Path

import pytest

from tokenrouter.cli.wizard.saving import (
    Draft,
    NotSaved,
    check_text,
    hidden,
    problems_of,
    read_text,
    replace_file,
    save,
    unset_variables,
)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_for_its_owner_as_are_the_folders_that_were_missing(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "torod.toml"

    save(Draft(path, None, "workers = 1\n"), backup=True)

    assert path.read_text() == "workers = 1\n"
    assert (mode_of(path), mode_of(path.parent), mode_of(tmp_path / "a")) == (0o600, 0o700, 0o700)
    assert [one.name for one in path.parent.iterdir()] == ["torod.toml"]


def test_a_file_keeps_its_group_s_rights_and_loses_everybody_else_s(tmp_path: Path) -> None:
    path = tmp_path / "torod.toml"
    path.write_text("old\n")
    path.chmod(0o644)

    save(Draft(path, "old\n", "new\n"), backup=True)

    assert (path.read_text(), mode_of(path)) == ("new\n", 0o640)
    assert (tmp_path / "torod.toml.bak").read_text() == "old\n"


def test_who_may_read_the_configuration_may_read_the_keys_that_it_names(tmp_path: Path) -> None:
    config, key = tmp_path / "torod.toml", tmp_path / "keys" / "lab.key"
    config.write_text("")
    config.chmod(0o640)

    replace_file(key, "secret\n", like=config)

    assert (mode_of(key), mode_of(key.parent)) == (0o640, 0o750)


def test_a_link_goes_on_leading_to_the_file(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text("old\n")
    link = tmp_path / "torod.toml"
    link.symlink_to(real)

    save(Draft(link, "old\n", "new\n"), backup=False)

    assert link.is_symlink()
    assert real.read_text() == "new\n"


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "torod.toml"
    path.write_text("theirs\n")

    with pytest.raises(NotSaved, match="changed by somebody else"):
        save(Draft(path, "old\n", "new\n"), backup=False)

    assert path.read_text() == "theirs\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NotSaved, match="cannot be"):
        save(Draft(tmp_path / "file" / "torod.toml", None, "new\n"), backup=False)


def test_a_file_of_bytes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "torod.toml"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(NotSaved, match="not UTF-8"):
        read_text(path)


def test_secrets_are_shown_nowhere() -> None:
    text = """\
admin_api_key = "tr_secret_one"
redis_url = "redis://user:hunter22@host/0"
incoming_api_keys = ["tr_secret_two"]
[[providers]]
name = "lab"
api_key = "env:LAB_KEY"
headers = { x-api-key = "secret-three" }
[tls]
cert_file = "/etc/ssl/gateway.pem"
key_pem = '''
-----BEGIN PRIVATE KEY-----
secretfour
'''
"""
    before = text.replace("lab", "far")

    shown = Draft(Path("torod.toml"), before, text).difference() + hidden(text, text)

    assert not [
        word for word in ("secret_one", "hunter22", "secret_two", "secret-three", "secretfour") if word in shown
    ]
    assert all(
        word in shown for word in ("env:LAB_KEY", "/etc/ssl/gateway.pem", '-name = "far"', "redis://user:…@host")
    )


def test_variables_that_only_the_server_has_count_as_set() -> None:
    text = '[[providers]]\nname = "openai"\napi_key = "env:NOT_HERE"\n'

    assert unset_variables(text, {}) == ["NOT_HERE"]
    assert check_text(Path("torod.toml"), text, {"HOME": "/nowhere"}).providers[0].secret


def test_only_mistakes_that_a_change_brings_stop_it() -> None:
    before = 'wrokers = 1\nlisten_addr = "a:1"\n'
    path, environ = Path("torod.toml"), {"HOME": "/nowhere"}

    better = problems_of(Draft(path, before, before.replace("a:1", "b:2")), environ)
    worse = problems_of(Draft(path, before, "\n" + before.replace("a:1", "b")), environ)

    assert better == []
    assert [one.key for one in worse] == ["listen_addr"]
    assert str(worse[0]).startswith("torod.toml:3: ")
