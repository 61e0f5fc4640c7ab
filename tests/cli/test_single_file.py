"""Which of the two programs the single file is."""

import pytest

from tokenrouter.cli.single_file import choose


@pytest.mark.parametrize(
    ("called_as", "words", "chosen"),
    [
        ("/opt/torod.pyz", ["serve"], ("torod", ["serve"])),
        ("/opt/torod-0.1.0-linux-x86_64.pyz", [], ("torod", [])),
        ("./toro", ["explain", "fast"], ("toro", ["explain", "fast"])),
        ("torod.pyz", ["toro", "version"], ("toro", ["version"])),
        ("toro", ["torod", "version"], ("torod", ["version"])),
        ("gateway", ["version"], ("torod", ["version"])),
        ("torod.pyz", ["keys", "create", "toro"], ("torod", ["keys", "create", "toro"])),
    ],
)
def test_name_and_first_word_choose_the_program(
    called_as: str, words: list[str], chosen: tuple[str, list[str]]
) -> None:
    assert choose(called_as, words) == chosen
