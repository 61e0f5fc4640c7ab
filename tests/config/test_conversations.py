"""`[conversations]`."""

from pathlib import Path

import pytest

from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import ConversationSettings, Settings

SAID = """
[conversations]
enabled = true
capture = ["team:physics", "key:ann", "team:physics"]
max_items = 100
max_age_days = 1
max_bytes = 1048576
max_body_bytes = 4096
"""


def read(folder: Path, text: str) -> Settings:
    (folder / "torod.toml").write_text(text)
    return load(config=str(folder / "torod.toml"), environ={"TOKENROUTER_HOME": str(folder)})


def test_nobodys_conversations_are_kept_unless_it_is_said_whose(tmp_path: Path) -> None:
    settings = read(tmp_path, "")

    assert settings.conversations == ConversationSettings()
    assert settings.conversations.capture == ()
    assert settings.notices == ()


def test_what_is_said_is_taken(tmp_path: Path) -> None:
    settings = read(tmp_path, SAID)

    assert settings.conversations == ConversationSettings(True, ("team:physics", "key:ann"), 100, 1, 2**20, 4096)


def test_a_file_of_tokenrouter_go_captures_nobody_and_its_operator_is_told(tmp_path: Path) -> None:
    settings = read(tmp_path, "[conversations]\nenabled = true\nmax_items = 5000\nmax_age_days = 30\n")

    assert settings.conversations.capture == ()
    (notice,) = settings.notices
    assert notice.where == "torod.toml:2"
    assert 'capture = ["global"]' in notice.message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"key:ann"', '"ann"', "torod.toml:4: conversations.capture: 'ann' is no scope"),
        ("max_items = 100", "max_items = 99", "use at least 100"),
        ("max_items = 100", "max_items = 200001", "use at most 200000"),
        ("max_age_days = 1", "max_age_days = 0", "use at least 1"),
        ("max_body_bytes", "max_body_byte", 'did you mean "max_body_bytes"'),
    ],
)
def test_mistakes_are_told_with_their_line(old: str, new: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors) as told:
        read(tmp_path, SAID.replace(old, new))

    assert words in str(told.value)
