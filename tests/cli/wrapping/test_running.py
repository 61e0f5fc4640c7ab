"""Programs run in the place of another: their signals, their terminal, their end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.cli.wrapping.terminal import BASH, Terminal, children, spawned
from tokenrouter.cli.wrapping.running import run_program
from tokenrouter.testing.processes import Home, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="who has sent a signal is told on Linux only")

RUN = """
import os, sys
from tokenrouter.cli.wrapping.running import run_program
say = lambda text: lambda: print(text, flush=True)
sys.exit(run_program(sys.argv[1:], os.environ, say("awake"), say("started")))
"""
RUN_UNTOLD = "import signal; del signal.sigwaitinfo, signal.sigtimedwait\n" + RUN
"""As on macOS, where nobody is told who has sent a signal."""
LISTEN = """
import os, signal, sys
def say(number, frame):
    os.write(1, b"got %s\\n" % signal.Signals(number).name.encode())
    if number == signal.SIGTERM: sys.exit(7)
for name in ("INT", "QUIT", "TERM", "HUP", "USR1", "WINCH", "CONT"): signal.signal(getattr(signal, "SIG" + name), say)
print("ready", flush=True)
while True: signal.pause()
"""


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str, str], str]:
    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


@pytest.fixture
def command(script: Callable[[str, str], str]) -> list[str]:
    """The runner with a program that tells its signals."""
    return [sys.executable, script("run.py", RUN), sys.executable, script("listen.py", LISTEN)]


def run(argv: Sequence[str], home: Home) -> "subprocess.CompletedProcess[str]":
    runner = [sys.executable, "-c", RUN, *argv]
    return subprocess.run(runner, env=home.env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("ends", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137), ("kill -TERM $$", 143)]
)
def test_the_exit_code_is_the_program_s(home: Home, ends: str, code: int) -> None:
    assert run(["sh", "-c", ends], home).returncode == code


def test_the_program_has_the_standard_streams_and_signals_of_whoever_started_it(home: Home) -> None:
    told = ["sh", "-c", "cat; grep -E '^Sig(Blk|Ign)' /proc/self/status"]
    runner = [sys.executable, "-c", RUN, *told]

    through, plain = (
        subprocess.run(argv, env=home.env, input="hello\n", capture_output=True, text=True, timeout=60, check=True)
        for argv in (runner, told)
    )

    assert "hello\n" in through.stdout
    assert signal_sets(through.stdout) == signal_sets(plain.stdout)


@pytest.mark.usefixtures("signals_as_before")
def test_a_program_that_is_not_there_is_an_error_of_the_system() -> None:
    with pytest.raises(FileNotFoundError):
        run_program(["/no/such/program"], os.environ, lambda: None, lambda: None)


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGWINCH"])
def test_a_signal_for_the_runner_alone_reaches_the_program_once(home: Home, command: list[str], name: str) -> None:
    with spawned(command, home.env) as runner:
        out = runner.stdout
        assert out is not None
        assert {out.readline(), out.readline()} == {"started\n", "ready\n"}
        runner.send_signal(getattr(signal, name))
        assert out.readline() == f"got {name}\n"
        runner.send_signal(signal.SIGTERM)
        assert out.read() == "got SIGTERM\n"
    assert runner.returncode == 7


def test_what_was_to_be_ignored_is_ignored(home: Home, command: list[str]) -> None:
    with spawned(["nohup", *command], home.env) as runner:
        out = runner.stdout
        assert out is not None
        assert {out.readline(), out.readline()} == {"started\n", "ready\n"}
        runner.send_signal(signal.SIGHUP)
        runner.send_signal(signal.SIGTERM)
        assert out.read() == "got SIGTERM\n"


def test_the_end_is_heard_of_where_whoever_started_it_does_not_care_for_ends(home: Home) -> None:
    careless = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    argv = [sys.executable, "-c", careless, sys.executable, "-c", RUN, "sh", "-c", "exit 4"]

    assert subprocess.run(argv, env=home.env, timeout=60, check=False).returncode == 4


def test_what_a_terminal_sends_reaches_the_program_once(home: Home, command: list[str]) -> None:
    with Terminal(BASH, home.env) as terminal:
        terminal.type(" ".join(command) + "; echo code $?\n")
        terminal.wait_for("ready")
        terminal.type("\x03")
        terminal.wait_for("got SIGINT")
        terminal.type("\x1c")
        assert "got" not in terminal.wait_for("got SIGQUIT")
        runner = children(terminal.process.pid)[0]
        os.kill(runner, signal.SIGTERM)
        assert "got" not in terminal.wait_for("got SIGTERM")
        terminal.wait_for("code 7")


def test_where_nobody_tells_who_has_sent_it_a_signal_reaches_the_program_once_as_well(
    home: Home, script: Callable[[str, str], str]
) -> None:
    command = [sys.executable, script("run.py", RUN_UNTOLD), sys.executable, script("listen.py", LISTEN)]
    with spawned(command, home.env, start_new_session=True) as runner:
        out = runner.stdout
        assert out is not None
        assert {out.readline(), out.readline()} == {"started\n", "ready\n"}
        runner.send_signal(signal.SIGINT)
        assert out.readline() == "got SIGINT\n"
        runner.terminate()
        assert out.read() == "got SIGTERM\n"
    with Terminal(BASH, home.env) as terminal:
        terminal.type(" ".join(command) + "; echo code $?\n")
        terminal.wait_for("ready")
        terminal.type("\x03")
        terminal.wait_for("got SIGINT")
        os.kill(children(terminal.process.pid)[0], signal.SIGTERM)
        assert "got" not in terminal.wait_for("got SIGTERM")
        terminal.wait_for("code 7")


def test_a_terminal_stops_both_and_the_shell_lets_them_go_on(home: Home, command: list[str]) -> None:
    with Terminal(BASH, home.env) as terminal:
        terminal.type(" ".join(command) + "\n")
        terminal.wait_for("ready")
        runner = children(terminal.process.pid)[0]
        terminal.type("\x1a")
        terminal.wait_for("Stopped")
        both = (runner, *children(runner))
        wait_until("both have stopped", lambda: [state(pid) for pid in both] == ["T", "T"])
        terminal.type("fg\n")
        terminal.wait_for("awake")
        terminal.type("\x03")
        terminal.wait_for("got SIGINT")
        os.kill(runner, signal.SIGTERM)
        terminal.wait_for("got SIGTERM")


def test_a_program_that_stops_itself_gives_the_terminal_back(home: Home, script: Callable[[str, str], str]) -> None:
    stops = script("stops.py", 'import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nprint("goes on", flush=True)')
    with Terminal(BASH, home.env) as terminal:
        terminal.type(f"{sys.executable} {script('run.py', RUN)} {sys.executable} {stops}\n")
        terminal.wait_for("Stopped")
        terminal.type("fg\n")
        terminal.wait_for("goes on")


def test_a_terminal_that_is_closed_ends_the_program(home: Home, command: list[str]) -> None:
    with Terminal(command, home.env) as terminal:  # it leads the session, so the hang-up is for it alone
        terminal.wait_for("ready")
        program = children(terminal.process.pid)[0]
        os.kill(terminal.process.pid, signal.SIGHUP)
        terminal.wait_for("got SIGHUP")
        os.kill(program, signal.SIGTERM)
        terminal.wait_for("got SIGTERM")


def test_a_pipeline_reads_the_terminal_beside_it(home: Home, script: Callable[[str, str], str]) -> None:
    line = f"{sys.executable} {script('run.py', RUN)} echo from the program | (read word </dev/tty; echo $word; cat)"
    with Terminal(BASH, home.env) as terminal:
        terminal.type(f"{line}\n")
        terminal.type("from-me\n")
        terminal.wait_for("from the program\r\n")


def signal_sets(told: str) -> list[int]:
    """Return what is blocked and ignored, but for the C library's own two, which no spawned program hears."""
    return [int(line.split()[1], 16) & ~(0b11 << 31) for line in told.splitlines() if line.startswith("Sig")]


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
