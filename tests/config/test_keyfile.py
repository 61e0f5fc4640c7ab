import stat
from pathlib import Path

import pytest

from tokenrouter.config.keyfile import (
    FILE_NAME,
    conversations_key,
    fingerprint,
    load_or_create_secret,
    pepper,
    sign_in_key,
    snapshot_key,
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
    uses = (bytes, pepper, snapshot_key, sign_in_key, conversations_key)
    assert len({key(b"s" * 32) for key in uses}) == len(uses)
