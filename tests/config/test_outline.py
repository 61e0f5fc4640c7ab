import json
from pathlib import Path

from tests.config.wholes import TEXT, whole
from tokenrouter.config.load import unconfigured
from tokenrouter.config.outline import SEAL, outline_of, sealed
from tokenrouter.config.shown import SHOWN


def test_no_secret_stands_in_an_outline(tmp_path: Path) -> None:
    told = json.dumps(outline_of(whole(tmp_path), b"key"))

    assert "hidden" not in told
    assert told.count(SEAL) >= 14
    assert "hooks.test" in told


def test_everything_that_is_declared_stands_in_it(tmp_path: Path) -> None:
    outline = outline_of(whole(tmp_path), b"key")

    assert set(outline["setting"][""]) >= set(SHOWN)
    assert {kind: list(of) for kind, of in outline.items() if kind != "setting"} == {
        "provider": ["acme"],
        "key": ["legacy-1", "legacy-admin", "alice"],
        "alias": ["fast"],
        "limit": ["key:alice|cost_usd|day"],
        "price": ["acme/small"],
        "hook": ["theirs"],
        "webhook": ["hooks.test"],
        "e-mail": ["alerts"],
    }


def test_a_secret_that_changes_has_another_seal_and_one_that_does_not_the_same(tmp_path: Path) -> None:
    one = outline_of(whole(tmp_path), b"key")
    same = outline_of(whole(tmp_path), b"key")
    other = outline_of(whole(tmp_path, TEXT.replace("hidden-second", "hidden-third")), b"key")

    assert one == same
    assert one["provider"]["acme"]["api_keys"] != other["provider"]["acme"]["api_keys"]
    assert sealed("x", b"key") != sealed("x", b"another key")
    assert sealed("", b"key") == ""


def test_a_line_that_moves_is_no_change(tmp_path: Path) -> None:
    assert outline_of(whole(tmp_path), b"key") == outline_of(whole(tmp_path, "\n\n" + TEXT), b"key")


def test_an_installation_of_which_nobody_said_anything_has_settings_only(tmp_path: Path) -> None:
    assert list(outline_of(unconfigured(whole(tmp_path).paths), b"key")) == ["setting"]
