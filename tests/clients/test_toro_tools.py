"""Codex, Claude Code, Gemini CLI, opencode and aider under `toro`, in homes whose settings lead elsewhere."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Final

import pytest

from tests.clients.conftest import Crossroads, StartPlace
from tests.clients.own_settings import LOGIN, VARIABLES, files_with_a_key, settle
from tests.clients.programs import BINARIES, PROGRAMS, TIMEOUT_S, Place, bare
from tokenrouter.testing.process_table import descendants, is_running
from tokenrouter.testing.processes import wait_until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("toro tools"),
    pytest.mark.skipif(
        not all(program.is_installed() for program in PROGRAMS.values()),
        reason="`make test-clients` installs the programs (1.2 GB)",
    ),
]


@dataclass(frozen=True)
class Wrapped:
    """A tool as it is asked a prompt, and the codes with which it ends by itself."""

    ask: Callable[[str], list[str]]
    failing: int = 1
    signalled: dict[str, int] = field(default_factory=lambda: {"SIGINT": 130, "SIGTERM": 143})


TOOLS: Final = {
    "codex": Wrapped(lambda prompt: ["exec", "--skip-git-repo-check", prompt], signalled={"SIGINT": 1, "SIGTERM": 143}),
    "claude": Wrapped(lambda prompt: ["-p", prompt], signalled={"SIGINT": 0, "SIGTERM": 143}),
    "gemini": Wrapped(lambda prompt: ["--skip-trust", "-p", prompt], signalled={"SIGINT": 0, "SIGTERM": 0}),
    "opencode": Wrapped(lambda prompt: ["run", prompt]),
    "aider": Wrapped(lambda prompt: ["--yes-always", "--no-git", "--message", prompt], failing=0),
}
WORDS: Final = "say-it-again"
each_tool = pytest.mark.parametrize("name", ["codex", "claude", "gemini", "opencode"])
each_tool_and_aider = pytest.mark.parametrize(
    "name",
    [
        *("codex", "claude", "gemini", "opencode"),
        pytest.param(
            "aider", marks=pytest.mark.skipif(shutil.which("aider") is None, reason="aider is not on the PATH")
        ),
    ],
)


@contextmanager
def toro(place: Place, name: str, *args: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `toro`, and end whatever of it still runs."""
    argv = [str(Path(sys.executable).with_name("toro")), *args]
    path = os.pathsep.join((str(BINARIES), os.environ["PATH"]))
    env = bare(place) | VARIABLES | {"PATH": path, "IS_SANDBOX": "1", "CLAUDE_CODE_MAX_RETRIES": "1"}
    env |= {"TOKENROUTER_URL": place.origin, "TOKENROUTER_API_KEY": place.key}
    with (place.folder / "out").open("w") as out, (place.folder / "err").open("w") as err:
        process = subprocess.Popen(
            argv,
            cwd=place.work,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            below = [row.pid for row in descendants(process.pid)]
            for pid in (process.pid, *below):
                if is_running(pid):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def told(place: Place) -> str:
    """All that a user sees."""
    return (place.folder / "out").read_text() + (place.folder / "err").read_text()


def key_names(crossroads: Crossroads) -> set[str]:
    return {key["name"] for key in crossroads.gateway.call("GET", "/api/v1/keys").json()["data"]}


def ledger(crossroads: Crossroads, key_name: str) -> list[dict[str, str]]:
    argv = [str(Path(sys.executable).with_name("torod")), "ledger", "export"]
    env = dict(crossroads.gateway.home.env)
    text = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=True).stdout
    return [row for row in csv.DictReader(StringIO(text)) if row["key_name"] == key_name]


@pytest.fixture
def desk(place: StartPlace) -> Place:
    """A working folder, and a home in which nobody has settings yet."""
    here = place("chat/echo")
    here.work.mkdir(parents=True)
    here.home.mkdir()
    return here


@each_tool_and_aider
def test_it_answers_under_a_key_of_its_own_and_the_users_settings_stay_to_the_byte(
    crossroads: Crossroads, desk: Place, name: str
) -> None:
    settings = settle(desk)
    notebook = desk.home / ".claude.json"
    notebook.write_text(json.dumps(LOGIN))
    with toro(desk, name, "--name", f"answers-{name}", name, "--model", "chat/echo", *TOOLS[name].ask(WORDS)) as run:
        code = run.wait(TIMEOUT_S)

    assert code == 0, told(desk)
    assert WORDS in (desk.folder / "out").read_text()
    assert f"answers-{name}" not in key_names(crossroads)
    assert {file: file.read_text() for file in settings} == settings
    assert {name: json.loads(notebook.read_text()).get(name) for name in LOGIN} == LOGIN
    assert list(files_with_a_key(desk.folder)) == []
    wait_until("the ledger has it", lambda: bool(ledger(crossroads, f"answers-{name}")))
    assert {row["requested_model"] for row in ledger(crossroads, f"answers-{name}")} == {"chat/echo"}


@each_tool
def test_its_failure_is_toros(crossroads: Crossroads, desk: Place, name: str) -> None:
    settings = settle(desk)
    model = "chat/no-such-model"
    with toro(desk, name, "--name", f"fails-{name}", name, "--model", model, *TOOLS[name].ask(WORDS)) as run:
        code = run.wait(TIMEOUT_S)

    assert code == TOOLS[name].failing, told(desk)
    assert "no-such-model" in told(desk)
    assert f"fails-{name}" not in key_names(crossroads)
    assert {file: file.read_text() for file in settings} == settings


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
@each_tool
def test_a_signal_to_toro_ends_the_tool_and_the_key(
    crossroads: Crossroads, desk: Place, name: str, signal_name: str
) -> None:
    settings = settle(desk)
    key = f"{signal_name}-{name}"
    before = len(crossroads.asked())
    with toro(desk, name, "--name", key, name, "--model", "chat/fault/stall", *TOOLS[name].ask(WORDS)) as run:
        wait_until("it has asked", lambda: len(crossroads.asked()) > before, TIMEOUT_S)
        assert key in key_names(crossroads)
        below = [row.pid for row in descendants(run.pid)]
        run.send_signal(signal.Signals[signal_name])
        code = run.wait(TIMEOUT_S)
        wait_until("nothing of it runs", lambda: not any(map(is_running, below)))

    assert code == TOOLS[name].signalled[signal_name], told(desk)
    assert key not in key_names(crossroads)
    assert {file: file.read_text() for file in settings} == settings


def test_opencode_may_choose_among_all_models_of_the_key(desk: Place) -> None:
    with toro(desk, "opencode", "-q", "opencode", "models") as run:
        assert run.wait(TIMEOUT_S) == 0, told(desk)
    listed = (desk.folder / "out").read_text().split()

    assert {"tokenrouter/chat/echo", "tokenrouter/messages/echo"} <= set(listed)
    assert all(name.startswith("tokenrouter/") for name in listed)


def test_opencode_keeps_the_users_providers_where_that_is_wanted(desk: Place) -> None:
    (desk.work / "opencode.json").write_text(
        '{"$schema": "https://opencode.ai/config.json", "provider": {"mine": {"npm": "@ai-sdk/openai-compatible", '
        '"models": {"a": {}}, "options": {"baseURL": "http://127.0.0.1:9", "apiKey": "x"}}}}'
    )
    with toro(desk, "opencode", "-q", "opencode", "--no-disable-other-providers", "models") as run:
        assert run.wait(TIMEOUT_S) == 0, told(desk)
    listed = (desk.folder / "out").read_text().split()

    assert {"mine/a", "tokenrouter/chat/echo"} <= set(listed)
