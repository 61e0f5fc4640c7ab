import stat
from pathlib import Path

import pytest

from tokenrouter.app.key_feed import all_parts, news_of
from tokenrouter.app.key_file import CHANGES_NAME, KEYS_NAME, KeyFile, read_keys
from tokenrouter.domain.catalog import Key

SECRET = b"k" * 32
ANN, BOB, CYD = (Key(f"key_{name}", name, name.encode() * 16, comment="kept here") for name in ("an", "bo", "cy"))


def names(folder: Path, secret: bytes = SECRET) -> list[str]:
    return sorted(one.id for one in read_keys(folder, secret))


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    """Ann and Bob, and then Cyd in place of Ann."""
    file = KeyFile(tmp_path, lambda: SECRET)
    file.write(all_parts([ANN, BOB], 1))
    file.add(news_of([CYD], [], base=1, version=2))
    file.add(news_of([], ["key_an"], base=2, version=3))
    return file


def test_keys_are_read_as_they_were_after_the_last_change(file: KeyFile, tmp_path: Path) -> None:
    ring = read_keys(tmp_path, SECRET)

    assert names(tmp_path) == ["key_bo", "key_cy"]
    assert (ring.version, ring.key(CYD.digest), ring.key(ANN.digest)) == (3, CYD, None)


def test_nobody_else_can_read_them(file: KeyFile, tmp_path: Path) -> None:
    for name in (KEYS_NAME, CHANGES_NAME):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert b"kept here" not in (tmp_path / name).read_bytes()
    assert names(tmp_path, b"o" * 32) == []


def test_after_a_rotation_both_keys_are_needed_until_all_is_written_again(tmp_path: Path) -> None:
    secrets = [SECRET]
    file = KeyFile(tmp_path, lambda: secrets[-1])
    file.write(all_parts([ANN], 1))
    secrets.append(b"n" * 32)
    assert file.needs_whole
    file.add(news_of([BOB], [], base=1, version=2))

    assert sorted(one.id for one in read_keys(tmp_path, *secrets)) == ["key_an", "key_bo"]
    file.write(all_parts([ANN, BOB], 2))
    assert names(tmp_path, secrets[-1]) == ["key_an", "key_bo"]
    assert not file.needs_whole


def test_writing_all_of_them_puts_an_end_to_the_changes(file: KeyFile, tmp_path: Path) -> None:
    file.write(all_parts([BOB], 4))

    assert names(tmp_path) == ["key_bo"]
    assert [path.name for path in tmp_path.iterdir()] == [KEYS_NAME]


def test_a_change_that_was_torn_in_two_is_as_if_it_had_not_begun(file: KeyFile, tmp_path: Path) -> None:
    path = tmp_path / CHANGES_NAME
    path.write_bytes(path.read_bytes()[:-1])

    assert names(tmp_path) == ["key_an", "key_bo", "key_cy"]


def test_changes_of_an_earlier_whole_are_passed_over(file: KeyFile, tmp_path: Path) -> None:
    changes = (tmp_path / CHANGES_NAME).read_bytes()
    file.write(all_parts([BOB], 9))
    (tmp_path / CHANGES_NAME).write_bytes(changes)

    assert names(tmp_path) == ["key_bo"]


@pytest.mark.parametrize("damage", [b"", b"\0", b"\xff\xff\xff\xff123", b"\0\0\0\x0512345"])
def test_a_file_that_is_damaged_holds_no_keys(file: KeyFile, tmp_path: Path, damage: bytes) -> None:
    (tmp_path / KEYS_NAME).write_bytes(damage)

    assert names(tmp_path) == []
