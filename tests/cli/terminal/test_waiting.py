"""What a terminal shows while `toro` waits, and that nobody else sees it."""

import json
import subprocess
import sys
import threading

import pexpect
import pytest

from tests.cli.answering import Answering
from tests.cli.terminal.conftest import Toro, typed
from tokenrouter.cli.terminal.waiting import DELAY_S, Waiting, waits

USAGE = {
    "by": "model",
    "total": {
        "requests": 3,
        "failed": 0,
        "input_tokens": 5,
        "output_tokens": 7,
        "cached_input_tokens": 0,
        "cost_usd": "0.00",
    },
    "groups": [],
}


def test_a_terminal_sees_who_is_waited_for_and_nothing_of_it_is_left(alone: Toro) -> None:
    with Answering(200, json.dumps(USAGE).encode()).hold() as server:
        terminal = typed(alone, "usage", "--url", server.url)
        terminal.expect_exact(f"asking {server.url} (")
        server.release()
        terminal.expect_exact("nothing was used")
        shown = terminal.before
        terminal.expect(pexpect.EOF)

    assert shown.endswith("\r" + " " * len(f"- asking {server.url} (0 s)") + "\r")
    assert "\x1b" not in terminal.logfile_read.getvalue()


def test_a_narrow_terminal_gets_one_line_that_fits(alone: Toro) -> None:
    with Answering(200, json.dumps(USAGE).encode()).hold() as server:
        terminal = typed(alone, "usage", "--url", server.url, columns=20)
        terminal.expect_exact("asking http")
        server.release()
        terminal.expect_exact("nothing was used")
        terminal.expect(pexpect.EOF)

    waited, _, _ = terminal.logfile_read.getvalue().partition("nothing")
    assert max(len(line) for line in waited.split("\r")) == 19
    assert "\n" not in waited


def test_ctrl_c_ends_the_wait_and_its_line(alone: Toro) -> None:
    with Answering(200, json.dumps(USAGE).encode()).hold() as server:
        terminal = typed(alone, "usage", "--url", server.url)
        terminal.expect_exact(f"asking {server.url} (")
        terminal.sendintr()
        terminal.expect(pexpect.EOF)
        terminal.close()

    assert terminal.exitstatus == 130
    assert terminal.before.endswith(" \r\r\n")


def test_who_asks_for_a_model_is_told_that_it_is_waited_for(alice: Toro) -> None:
    terminal = typed(alice, "chat", "-m", "lab/fault/slow-first-byte", "hi")
    terminal.expect_exact("waiting for lab/fault/slow-first-byte (")
    terminal.expect("Lorem")
    terminal.expect_exact(" tokens in, ")

    assert "waiting for" not in terminal.before


def test_a_talk_of_models_says_how_far_it_is(alice: Toro) -> None:
    flags = ("--turn-pairs", "1", "--show-tokens", "none")

    terminal = typed(alice, "pingpong", "--models", "lab/lorem-20@20,lab/echo", *flags)
    terminal.expect_exact("0 of 2 answers (")
    terminal.expect_exact("ANSWERS")


def test_who_runs_a_program_is_told_of_its_key_before_and_behind_it(alone: Toro) -> None:
    made = {"id": "key_1", "name": "run", "expires_at": "2026-11-22T16:00:00Z", "key": "tr_run"}
    answering = Answering(404, b"{}").after((201, json.dumps(made).encode()))
    with answering.hold() as server:
        flags = ("--url", server.url, "--key", "tr_own", "--name", "run")
        terminal = typed(alone, *flags, "wrap", "--", "sh", "-c", "echo ready; read line; echo over")
        terminal.expect_exact(f"asking {server.url} for a temporary key (")
        server.release()
        terminal.expect_exact("ready")
        server.hold()
        terminal.sendline()
        terminal.expect_exact("over")
        terminal.expect_exact("revoking the temporary key 'run' (")
        server.release()
        terminal.expect(pexpect.EOF)
        terminal.close()

    assert terminal.exitstatus == 0
    assert [row[0] for row in server.asked] == ["POST", "DELETE"]


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_pipes_see_nothing_of_it(alone: Toro, flags: list[str]) -> None:
    with Answering(200, json.dumps(USAGE).encode()).hold() as server:
        command = [sys.executable, "-m", "tokenrouter.cli.toro", "usage", *flags, "--url", server.url]
        with subprocess.Popen(command, env={"HOME": str(alone.home)}, stderr=subprocess.PIPE, text=True) as toro:
            with pytest.raises(subprocess.TimeoutExpired):
                toro.wait(2 * DELAY_S)
            server.release()
            _, said = toro.communicate(timeout=30)

    assert [word for word in said.split() if word == "asking"] == []


def test_programs_see_nothing_of_it_on_a_terminal_either(alone: Toro) -> None:
    with Answering(200, json.dumps(USAGE).encode()).hold() as server:
        terminal = typed(alone, "usage", "--json", "--url", server.url)
        with pytest.raises(pexpect.TIMEOUT):
            terminal.expect(".", timeout=1.5)
        server.release()
        terminal.expect(pexpect.EOF)

    assert json.loads(terminal.before)["total"]["requests"] == 3


def test_where_no_thread_can_be_had_it_is_waited_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with Waiting("asking") as waiting:
        waiting.stop()


def test_where_nobody_looks_no_thread_is_started(capsys: pytest.CaptureFixture[str]) -> None:
    with waits("asking")(), Waiting("asking", is_shown=False) as waiting:
        waiting.stop()

    assert capsys.readouterr().err == ""
