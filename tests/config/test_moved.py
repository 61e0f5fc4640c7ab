import json
from dataclasses import replace
from pathlib import Path

import pytest

from tokenrouter.config.load import load
from tokenrouter.config.moved import forget_overruled, keep_moved
from tokenrouter.config.settings import Settings

TLS = '[tls]\nenabled = true\nmode = "self_signed"\nlisten_addr = "127.0.0.1:8443"\n'


def read(folder: Path, text: str = "", **flags: str) -> Settings:
    (folder / "torod.toml").write_text(text)
    return load(config=None, environ={"TOKENROUTER_HOME": str(folder)}, overrides=flags)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path


def test_a_moved_address_counts_after_a_restart_and_says_what_it_was_moved_from(folder: Path) -> None:
    kept = keep_moved(read(folder), "listen_addr", "0.0.0.0:9090")
    again = read(folder)

    assert (kept.listen_addr, again.listen_addr) == ("0.0.0.0:9090", "0.0.0.0:9090")
    assert kept.moved == again.moved == {"listen_addr": "127.0.0.1:8080"}


def test_a_flag_is_a_declaration_like_any_other(folder: Path) -> None:
    keep_moved(read(folder, listen_addr="127.0.0.1:1"), "listen_addr", "127.0.0.1:2")

    assert read(folder, listen_addr="127.0.0.1:1").listen_addr == "127.0.0.1:2"


def test_an_operator_who_says_otherwise_has_the_last_word(folder: Path) -> None:
    keep_moved(read(folder), "listen_addr", "0.0.0.0:9090")
    again = read(folder, 'listen_addr = "127.0.0.1:7"\n')

    assert (again.listen_addr, again.moved) == ("127.0.0.1:7", {})
    assert [(one.where, "0.0.0.0:9090" in one.message) for one in again.notices] == [("torod.toml:1", True)]


def test_what_was_overruled_does_not_come_back_one_day(folder: Path) -> None:
    keep_moved(read(folder), "listen_addr", "0.0.0.0:9090")
    forget_overruled(read(folder))
    assert read(folder).listen_addr == "0.0.0.0:9090"

    forget_overruled(read(folder, 'listen_addr = "127.0.0.1:7"\n'))

    assert (read(folder).listen_addr, read(folder).notices) == ("127.0.0.1:8080", ())


def test_moving_back_forgets_the_move(folder: Path) -> None:
    moved = keep_moved(read(folder, TLS), "tls.listen_addr", "0.0.0.0:443")
    assert (moved.tls.listen_addr, read(folder, TLS).tls.listen_addr) == ("0.0.0.0:443", "0.0.0.0:443")

    back = keep_moved(moved, "tls.listen_addr", "127.0.0.1:8443")

    assert back == replace(read(folder, TLS), moved={})


@pytest.mark.parametrize("damaged", ["", "[]", "{", '{"listen_addr": 7}', '{"listen_addr": {"address": 7}}'])
def test_a_file_that_is_damaged_moves_nothing(folder: Path, damaged: str) -> None:
    (folder / "data" / "moved.json").write_text(damaged)

    assert (read(folder).listen_addr, read(folder).moved) == ("127.0.0.1:8080", {})


def test_a_setting_that_cannot_be_moved_is_not(folder: Path) -> None:
    (folder / "data" / "moved.json").write_text(json.dumps({"workers": {"address": "2", "instead_of": "1"}}))

    assert read(folder).workers == 1
