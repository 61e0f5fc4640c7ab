from pathlib import Path

import pytest

from tests.config.wholes import TEXT
from tokenrouter.config.file_values import file_values
from tokenrouter.config.problems import ConfigErrors

HOOK = '[[hooks]]\nname = "theirs"\noptions = { token = "hidden-option" }\n'


def shown(folder: Path, text: str) -> dict[str, tuple[object, str]]:
    file = folder / "torod.toml"
    file.write_text(text)
    return {one.path: (one.value, one.where) for one in file_values(file)}


def test_nothing_that_is_secret_is_shown(tmp_path: Path) -> None:
    found = shown(tmp_path, TEXT + HOOK)

    assert "hidden" not in str(found)
    assert found["providers[0].api_keys"][0] == ["(secret)", "(secret)"]
    assert found["hooks[0].options.token"][0] == "(secret)"
    assert found["database_url"][0] == "postgresql://me@db.test/tokenrouter"


def test_values_stand_in_their_order_with_their_lines(tmp_path: Path) -> None:
    found = shown(tmp_path, 'unpriced = "deny"\n[cache]\nteams = ["a"]\nttl_s = 1.5\n[[teams]]\nname = "a"\n')

    assert found == {
        "unpriced": ("deny", "torod.toml:1"),
        "cache.teams": (["a"], "torod.toml:3"),
        "cache.ttl_s": ("1.5", "torod.toml:4"),
        "teams[0].name": ("a", "torod.toml:6"),
    }


def test_what_points_to_a_secret_is_none(tmp_path: Path) -> None:
    found = shown(tmp_path, '[[providers]]\nname = "a"\napi_key = "env:ACME_KEY"\n')

    assert found["providers[0].api_key"][0] == "env:ACME_KEY"


def test_a_file_that_is_not_toml_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"torod.toml:1: is not TOML"):
        shown(tmp_path, "= 1")
