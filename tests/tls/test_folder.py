from pathlib import Path

import pytest

from tests.tls.certificates import issued, settings
from tokenrouter.tls.folder import keep_pair, kept_file, served_file, tls_folder
from tokenrouter.tls.pair import BadCertificate, Pair


def test_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    folder = tls_folder(settings(tmp_path))
    keep_pair(folder / "pem.pem", issued())

    assert (folder.stat().st_mode & 0o777, (folder / "pem.pem").stat().st_mode & 0o777) == (0o700, 0o600)
    assert [path.name for path in folder.iterdir()] == ["pem.pem"]


def test_a_state_folder_that_is_made_for_it_is_private_too(tmp_path: Path) -> None:
    path = tmp_path / "data" / "tls" / "pem.pem"
    keep_pair(path, issued())

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_served_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pem.pem"
    good = issued()
    keep_pair(path, good)

    with pytest.raises(BadCertificate):
        keep_pair(path, Pair(good.chain, issued().key))

    assert path.read_bytes() == good.pem
    assert list(tmp_path.iterdir()) == [path]


def test_until_an_authority_has_answered_ours_is_served(tmp_path: Path) -> None:
    wanted = settings(tmp_path, mode="letsencrypt")
    assert served_file(wanted).name == "self_signed.pem"

    keep_pair(kept_file(wanted, "letsencrypt"), issued())

    assert served_file(wanted).name == "letsencrypt.pem"


def test_what_was_left_behind_half_written_opens_no_key_to_others(tmp_path: Path) -> None:
    path = tmp_path / "tls" / "pem.pem"
    path.parent.mkdir()
    (left := path.with_suffix(".new")).write_bytes(b"from a backup")
    left.chmod(0o644)

    keep_pair(path, issued())

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_that_somebody_laid_is_not_followed(tmp_path: Path) -> None:
    path, theirs = tmp_path / "tls" / "pem.pem", tmp_path / "theirs"
    path.parent.mkdir()
    path.with_suffix(".new").symlink_to(theirs)

    keep_pair(path, issued())

    assert (theirs.exists(), path.is_symlink()) == (False, False)
