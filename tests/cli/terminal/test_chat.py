"""`toro chat` with a prompt, at a real gateway."""

import json
import subprocess
import sys

import pexpect
import pytest

from tests.cli.terminal.conftest import Toro, typed

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


def test_an_answer_to_a_prompt_is_printed_and_nothing_else(alice: Toro) -> None:
    done = alice("chat", "-m", "lab/echo", "hello", "there")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "hello there\n", "")


def test_what_is_piped_in_stands_below_the_prompt(alice: Toro) -> None:
    assert alice("chat", "-m", "lab/echo", text="piped ü\n").stdout == "piped ü\n"
    assert alice("chat", "-m", "lab/echo", "sum up:", text="a\nb").stdout == "sum up:\n\na\nb\n"


def test_the_model_is_told_what_was_wished(alice: Toro) -> None:
    done = alice("chat", "-m", "lab/mirror", "-s", "be kind", "--reasoning", "low", "--max-tokens", "900", "hi")

    sent = json.loads(done.stdout)
    assert [message["content"] for message in sent["messages"]] == ["be kind", "hi"]
    assert (sent["reasoning_effort"], sent["max_tokens"]) == ("low", 900)


def test_programs_get_the_answer_with_its_cost(alice: Toro) -> None:
    told = json.loads(alice("chat", "-m", "best", "--json", "hello").stdout)

    assert (told["model"], told["provider"], told["text"], told["cost_usd"]) == ("best", "lab", "hello", "0.000268")
    assert told["reasoning"].startswith("Lorem")
    assert told["usage"]["total_tokens"] == 138
    assert told["request_id"].startswith("req_")


def test_without_a_model_one_is_chosen(alice: Toro) -> None:
    assert json.loads(alice("chat", "--json", "hello").stdout)["model"] == "best"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        ((), 2, "there is no question"),
        (("-m", "nope/x", "hi"), 1, "nope"),
        (("-m", "lab/fault/cut", "hi"), 1, "closed the connection"),
        (("-m", "lab/echo", "--key", "tr_nobodys-0123456789-0123456789", "hi"), 1, "`toro connect`"),
        (("-m", "lab/echo", "--url", "http://127.0.0.1:1", "hi"), 3, "is torod running"),
        (("--reasoning", "wild", "hi"), 2, "--reasoning"),
    ],
)
def test_what_goes_wrong_is_said(alice: Toro, args: tuple[str, ...], code: int, words: str) -> None:
    done = alice("chat", *args)

    assert (done.exit_code, words in done.stderr) == (code, True), done.output


@pytest.mark.parametrize(("argument", "piped", "words"), [(b"a\xff", b"", "typed"), (b"a", b"b\xff", "piped in")])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_what_is_no_text_is_told_so_whatever_the_system_makes_of_it(
    alice: Toro, argument: bytes, piped: bytes, words: str, locale: str
) -> None:
    command: list[str | bytes] = [sys.executable, "-m", "tokenrouter.cli.toro", "chat", "-m", "lab/echo", argument]
    done = subprocess.run(command, env={**alice.env, "LC_ALL": locale}, input=piped, capture_output=True, check=False)

    assert (done.returncode, done.stderr.decode()) == (2, f"toro: what is {words} is no text (UTF-8)\n")


def test_in_a_terminal_thoughts_and_the_cost_are_shown(alice: Toro) -> None:
    terminal = typed(alice, "chat", "-m", "best", "hello")
    terminal.expect(pexpect.EOF)
    terminal.close()
    shown = str(terminal.before)

    assert terminal.exitstatus == 0
    assert shown.startswith("Lorem ipsum")
    assert "\r\n\r\nhello\r\n" in shown
    assert "8 tokens in, 130 out (128 of them thoughts) · $0.000268 · " in shown


def test_an_answer_cannot_command_the_terminal(alice: Toro) -> None:
    terminal = typed(alice, "chat", "-m", "lab/echo", "a\x1b]0;title\x07b")
    terminal.expect(pexpect.EOF)

    assert "a]0;titleb\r\n" in terminal.before


def test_ctrl_c_stops_an_answer_to_a_prompt(alice: Toro) -> None:
    terminal = typed(alice, "chat", "-m", "lab/lorem-5000@20", "hello")
    terminal.expect("Lorem")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 130
    assert "Traceback" not in str(terminal.before)
