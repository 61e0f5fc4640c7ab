from pathlib import Path

import pytest

from tests.config.test_keyfile import settings
from tokenrouter.config.envelope import CannotDecrypt
from tokenrouter.config.keyfile import add_secret, key_file, wrapping_key, wrapping_key_id
from tokenrouter.config.keyring import ring_of


def test_a_key_that_came_into_the_file_meanwhile_is_found_without_a_restart(tmp_path: Path) -> None:
    ring = ring_of(settings(tmp_path))
    fresh = add_secret(key_file(settings(tmp_path)))
    assert len(ring.ids) == 1

    assert ring.key(wrapping_key_id(fresh)) == wrapping_key(fresh)
    assert ring.ids[-1] == wrapping_key_id(fresh)
    assert ring.secrets[-1] == fresh


def test_an_unknown_key_is_told_with_what_to_restore(tmp_path: Path) -> None:
    with pytest.raises(CannotDecrypt, match=r"'0123'.*restore secret\.key, or ENCRYPTION_KEY"):
        ring_of(settings(tmp_path)).key("0123")


def test_a_key_file_that_is_gone_is_told_and_leaves_the_known_keys(tmp_path: Path) -> None:
    ring = ring_of(settings(tmp_path))
    key_file(settings(tmp_path)).write_bytes(b"short")

    with pytest.raises(CannotDecrypt, match="cannot be read"):
        ring.key("0123")
    assert ring.key(ring.ids[0])
