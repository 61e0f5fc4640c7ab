"""`toro chat` line by line, at a terminal and a real gateway."""

import json
from typing import Any

import pexpect
import pytest

from tests.cli.terminal.conftest import Toro, typed

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


class Talker:
    """Somebody at a terminal who waits for the prompt before each line."""

    def __init__(self, toro: Toro, *args: str) -> None:
        self._terminal: Any = typed(toro, "chat", *args)
        self._wait()

    def say(self, line: str) -> str:
        """Type a line and return what appears until the next prompt."""
        self._terminal.sendline(line)
        return self._wait()

    def interrupt(self, line: str, after: str) -> str:
        """Type a line, and Ctrl-C when `after` has appeared."""
        self._terminal.sendline(line)
        self._terminal.expect_exact(after)
        self._terminal.sendintr()
        return self._wait()

    def leave(self, how: str = "") -> int:
        """Type a word that ends it, or Ctrl-D, and return the exit code."""
        if how:
            self._terminal.sendline(how)
        else:
            self._terminal.sendeof()
        self._terminal.expect(pexpect.EOF)
        self._terminal.close()
        return int(self._terminal.exitstatus)

    def type_on(self, line: str) -> None:
        """Type a line that goes on in the next."""
        self._terminal.sendline(line)
        self._terminal.expect_exact("… ")

    def _wait(self) -> str:
        self._terminal.expect(r"(?:^|[\r\n])(?:\x1b\[\?2004h)?> ")
        return str(self._terminal.before)


@pytest.mark.parametrize("how", ["/quit", "/exit ", ""])
def test_a_conversation_can_be_left(alice: Toro, how: str) -> None:
    talker = Talker(alice, "-m", "lab/echo")

    assert "/quit" in talker.say("/help")
    assert talker.leave(how) == 0


def test_a_conversation_goes_on_and_can_be_steered_and_saved(alice: Toro) -> None:
    talker = Talker(alice, "-m", "lab/echo")
    assert "$0.00" in talker.say("hello")
    assert "is asked from now on" in talker.say("/model lab/mirror")
    assert "lab/mirror is asked" in talker.say("/model")
    assert "the model is told that" in talker.say("/system be kind")
    shown = talker.say("what did I say?")
    assert all(word in shown for word in ("be kind", "hello", "what did I say?"))
    talker.type_on("two\\")
    assert "two\\nlines" in talker.say("lines")
    file = alice.home / "talk.json"
    assert "saved in" in talker.say(f"/save {file}")
    assert "is there already" in talker.say(f"/save {file}")
    assert "saved in" in talker.say(f"/save {file.with_suffix('.md')}")
    assert "name a file" in talker.say("/save")
    assert "cannot be written" in talker.say("/save /nowhere/x")
    assert "forgotten" in talker.say("/clear")
    assert "two" not in talker.say("who am I?")
    assert "/clear" in talker.say("/help")
    assert "/bye is not known" in talker.say("/bye")
    assert talker.leave() == 0

    saved = json.loads(file.read_text())
    roles = [message["role"] for message in saved["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user", "assistant"]
    assert "**user**\n\nhello\n" in file.with_suffix(".md").read_text()


def test_ctrl_c_stops_the_answer_and_not_the_chat(alice: Toro) -> None:
    talker = Talker(alice, "-m", "lab/lorem-5000@20")

    assert "stopped; it is not part of the conversation" in talker.interrupt("go on", "Lorem")
    talker.say("/model lab/mirror")
    assert "go on" not in talker.say("hello")
    assert talker.leave() == 0


def test_an_error_does_not_end_the_chat(alice: Toro) -> None:
    talker = Talker(alice, "-m", "lab/fault/cut")

    assert "closed the connection" in talker.say("one")
    assert "nope" in (talker.say("/model nope/x"), talker.say("two"))[1]
    talker.say("/model lab/echo")
    assert "three" in talker.say("three")
    assert talker.leave() == 0
