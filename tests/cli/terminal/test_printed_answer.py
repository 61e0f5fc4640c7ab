"""Answers in a pipe; tests/cli/terminal/test_chat.py sees them in a terminal."""

from collections.abc import Iterator

import pytest

from tokenrouter.cli.terminal.conversation import Answer, Piece
from tokenrouter.cli.terminal.printed_answer import bold, dim, print_pieces, print_summary
from tokenrouter.cli.terminal.waiting import Waiting


def test_in_a_pipe_is_what_was_said_as_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    print_pieces(iter([Piece("hm", is_thought=True), Piece("a\x1b[1m"), Piece("b")]), Waiting(is_shown=False))
    print_pieces(iter([Piece("c\n")]), Waiting(is_shown=False))

    assert capsys.readouterr().out == "a\x1b[1mb\nc\n"


def test_a_line_that_broke_off_is_ended(capsys: pytest.CaptureFixture[str]) -> None:
    def breaking() -> Iterator[Piece]:
        yield Piece("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        print_pieces(breaking(), Waiting(is_shown=False))

    assert capsys.readouterr().out == "a\n"


def test_below_it_stands_what_it_came_to(capsys: pytest.CaptureFixture[str]) -> None:
    details = {"reasoning_tokens": 4}
    usage = {"prompt_tokens": 1500, "completion_tokens": 9, "completion_tokens_details": details}
    print_summary(Answer("m", usage=usage, cost_usd="0.00120", first_s=1.0, took_s=2.0, finish_reason="length\x1b[1m"))
    print_summary(Answer("m", took_s=0.25, finish_reason="stop"))

    assert capsys.readouterr().err.splitlines() == [
        "1,500 tokens in, 9 out (4 of them thoughts) · $0.0012 · 2.0 s · 9 tokens/s · ended by length[1m",
        "0.2 s",
    ]


def test_where_no_colours_are_wanted_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert (dim("a"), bold("a")) == ("\x1b[2ma\x1b[0m", "\x1b[1ma\x1b[0m")
    monkeypatch.setenv("NO_COLOR", "1")
    assert (dim("a"), bold("a")) == ("a", "a")
