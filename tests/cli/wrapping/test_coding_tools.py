"""What a tool's own arguments say."""

import pytest

from tokenrouter.cli.wrapping.coding_tools import last_of, values_of


@pytest.mark.parametrize(
    ("args", "model"),
    [
        (["--model", "a"], "a"),
        (["--model=a"], "a"),
        (["-m", "a"], "a"),
        (["-ma"], "a"),
        (["-m=a"], "a"),
        (["exec", "-m", "a", "--model", "b"], "b"),
        (["--model"], ""),
        (["--models", "a", "--model-x=a", "model", "a"], ""),
        (["exec", "--", "--model", "a"], ""),
        ([], ""),
    ],
)
def test_the_last_option_that_is_one_counts(args: list[str], model: str) -> None:
    assert last_of(args, "-m", "--model") == model


def test_what_belongs_to_an_option_is_not_taken_for_another() -> None:
    assert list(values_of(["-c", "-m", "-c", "x=1"], "-c")) == ["-m", "x=1"]
