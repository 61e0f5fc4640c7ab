"""How commands begin and end."""

import pytest

from tokenrouter.cli.opening import counted, fail


def test_a_failure_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        fail("the disk is full", code=3)

    assert ended.value.code == 3
    assert capsys.readouterr() == ("", "torod: the disk is full\n")


def test_one_is_told_apart_from_many() -> None:
    assert [counted(number, "key") for number in (0, 1, 2)] == ["0 keys", "1 key", "2 keys"]
