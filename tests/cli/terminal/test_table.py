"""Tables in a pipe and in a terminal."""

import sys

import pexpect
import pytest

from tokenrouter.cli.terminal.table import print_table

LONG = "lab/" + "long-" * 20


def test_in_a_pipe_every_row_is_one_plain_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")

    print_table(("NAME", ">N", "EMPTY", "WHAT"), [("a", "1", "", "x"), (LONG, "200", "", "[red]é")])

    blank = " " * (len(LONG) - 4)
    assert capsys.readouterr().out.splitlines() == [
        f"NAME{blank}    N  WHAT",
        f"a   {blank}    1  x",
        f"{LONG}  200  [red]é",
    ]


def test_a_table_without_rows_has_its_first_column(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("NAME", ">N"), [])

    assert capsys.readouterr().out == "NAME\n"


@pytest.mark.parametrize("colour", [True, False])
def test_in_a_terminal_it_fits_the_width_and_loses_no_name(colour: bool) -> None:
    code = f"from tokenrouter.cli.terminal.table import print_table as p; p(('NAME', '>N'), [({LONG!r}, '1,234')])"
    env = {"TERM": "xterm", **({} if colour else {"NO_COLOR": "1"})}
    terminal = pexpect.spawn(sys.executable, ["-c", code], env=env, dimensions=(24, 40), encoding="utf-8")
    terminal.expect(pexpect.EOF)
    shown = terminal.before or ""

    if colour:
        assert "\x1b[1m" in shown
        return
    header, *lines = shown.splitlines()
    assert header.split() == ["NAME", "N"]
    assert max(map(len, lines)) <= 40
    assert "".join(line.split()[0] for line in lines) == LONG
    assert lines[0].endswith("1,234")


def test_a_terminal_that_is_too_narrow_for_its_numbers_gets_a_line_for_each() -> None:
    columns = ("MODEL", ">REQUESTS", ">TOKENS IN", "PROBLEM")
    rows = [("lab/small", "1,234", "1,234,567", ""), ("lab/é", "2", "3", "silent")]
    code = f"from tokenrouter.cli.terminal.table import print_table as p; p({columns!r}, {rows!r})"
    terminal = pexpect.spawn(sys.executable, ["-c", code], env={"TERM": "xterm"}, dimensions=(24, 30), encoding="utf-8")
    terminal.expect(pexpect.EOF)

    assert (terminal.before or "").splitlines() == [
        "lab/small",
        "  REQUESTS   1,234",
        "  TOKENS IN  1,234,567",
        "lab/é",
        "  REQUESTS   2",
        "  TOKENS IN  3",
        "  PROBLEM    silent",
    ]
