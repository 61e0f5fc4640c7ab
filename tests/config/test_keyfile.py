import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tokenrouter.config.keyfile import (
    FILE_NAME,
    MAX_SECRETS,
    add_secret,
    conversations_key,
    fingerprint,
    keep_secrets,
    key_file,
    load_or_create_secret,
    load_or_create_secrets,
    pepper,
    sign_in_key,
    snapshot_key,
    wrapping_key,
    wrapping_key_id,
)
from tokenrouter.config.settings import Paths, Settings


def settings(folder: Path, key: str = "") -> Settings:
    return Settings(paths=Paths(None, folder / "torod.toml", folder / "data", folder / "cache"), encryption_key=key)


def test_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    first = load_or_create_secret(settings(tmp_path))

    assert load_or_create_secret(settings(tmp_path)) == first
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / "data" / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_named_secret_needs_no_file(tmp_path: Path) -> None:
    assert load_or_create_secret(settings(tmp_path, "words")) == load_or_create_secret(settings(tmp_path, "words"))
    assert not (tmp_path / "data").exists()


def test_a_damaged_file_is_told_and_not_replaced(tmp_path: Path) -> None:
    load_or_create_secret(settings(tmp_path))
    (tmp_path / "data" / FILE_NAME).write_bytes(b"short")

    with pytest.raises(ValueError, match="backup"):
        load_or_create_secret(settings(tmp_path))


def test_the_secret_of_a_file_can_be_named_instead(tmp_path: Path) -> None:
    secret = load_or_create_secret(settings(tmp_path))

    assert load_or_create_secret(settings(tmp_path / "other", f"hex:{secret.hex()}")) == secret


@pytest.mark.parametrize("digits", ["", "00", "g" * 64, "0" * 66])
def test_a_secret_that_is_cut_off_is_told_and_not_taken_for_a_text(tmp_path: Path, digits: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        load_or_create_secret(settings(tmp_path, f"hex:{digits}"))


def test_a_fingerprint_tells_secrets_apart_and_does_not_tell_them() -> None:
    assert fingerprint(b"s" * 32) == fingerprint(b"s" * 32) != fingerprint(b"t" * 32)
    assert (b"s" * 32).hex() not in fingerprint(b"s" * 32)


def test_each_use_has_a_key_of_its_own() -> None:
    secret = b"s" * 32
    uses = (bytes, pepper, snapshot_key, sign_in_key, conversations_key, wrapping_key)

    assert len({key(secret) for key in uses}) == len(uses)
    assert wrapping_key_id(secret) not in wrapping_key(secret).hex()


def test_a_rotated_file_has_the_first_secret_first_and_the_newest_last(tmp_path: Path) -> None:
    path = key_file(settings(tmp_path))
    first = load_or_create_secret(settings(tmp_path))
    second, third = add_secret(path), add_secret(path)
    assert load_or_create_secrets(settings(tmp_path)) == (first, second, third)

    keep_secrets(path, [third])

    assert load_or_create_secrets(settings(tmp_path)) == (first, third)
    assert load_or_create_secret(settings(tmp_path)) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [FILE_NAME]


def test_a_rotated_file_can_be_named_whole(tmp_path: Path) -> None:
    load_or_create_secret(settings(tmp_path))
    add_secret(key_file(settings(tmp_path)))

    named = settings(tmp_path / "other", f"hex:{key_file(settings(tmp_path)).read_bytes().hex()}")

    assert load_or_create_secrets(named) == load_or_create_secrets(settings(tmp_path))


def test_variables_name_the_first_the_old_and_the_new_secret(tmp_path: Path) -> None:
    def named(**texts: Any) -> tuple[bytes, ...]:
        return load_or_create_secrets(replace(settings(tmp_path), **texts))

    (first,), (old,), (new,) = (named(encryption_key=text) for text in ("first", "old", "new"))

    assert named(encryption_key="new", encryption_key_old="old") == (old, new)
    assert named(encryption_key="new", encryption_key_first="first") == (first, new)
    assert named(encryption_key="new", encryption_key_old="old", encryption_key_first="first") == (first, old, new)
    assert named(encryption_key="new", encryption_key_old="new") == (new,)


def test_a_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    load_or_create_secret(settings(tmp_path))
    path = key_file(settings(tmp_path))
    for _ in range(MAX_SECRETS - 1):
        add_secret(path)

    with pytest.raises(ValueError, match="holds 16 secrets already"):
        add_secret(path)
