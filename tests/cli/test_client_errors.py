"""The exit codes of `toro`."""

import click
import pytest
from click.testing import CliRunner

from tokenrouter.cli.client_errors import ClientMistake, EndingGroup, NoAnswer, Refused


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (None, 0, ""),
        (Refused(404, "no such key"), 1, "toro: no such key\n"),
        (Refused(401, "Unknown key."), 1, "toro: Unknown key. (`toro connect`"),
        (Refused(400, "red \x1b[31mtape"), 1, "toro: red [31mtape\n"),
        (ClientMistake("a mistake"), 2, "toro: a mistake\n"),
        (UnicodeEncodeError("utf-8", "a\udcff", 1, 2, "surrogates not allowed"), 2, "toro: what was typed is no text"),
        (click.UsageError("odd"), 2, "Error: odd"),
        (NoAnswer("nobody"), 3, "toro: nobody\n"),
        (KeyboardInterrupt(), 130, "\n"),
        (click.Abort(), 130, "\n"),
    ],
)
def test_each_ending_has_a_code_of_its_own(error: BaseException | None, code: int, words: str) -> None:
    @click.group(cls=EndingGroup)
    def main() -> None:
        """Run something."""

    @main.command()
    def act() -> None:
        if error is not None:
            raise error

    done = CliRunner().invoke(main, ["act"])

    assert done.exit_code == code
    assert words in done.output
