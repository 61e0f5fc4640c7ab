"""What is looked at, and what becomes of a change: with a copy of the program, which a test may spoil."""

import shutil
import threading
from http.client import HTTPException
from pathlib import Path

import pytest

import tokenrouter
from tests.conftest import StartGateway
from tokenrouter.app.arguments import ChildArguments
from tokenrouter.app.watching import changed_files, configuration_files, marks_of, source_files
from tokenrouter.testing.processes import GatewayProcess, wait_until

PACKAGE = Path(tokenrouter.__file__).parent
KEY = "tr_new-key-0123456789-abcdef"
ADDED = f'\n[[incoming_tokens]]\nname = "new"\nkey = "{KEY}"\n'
TOLD_S = 60.0


def test_files_that_changed_came_and_went_are_found(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("same", "changed", "gone", "new")]
    for file in files[:3]:
        file.write_text("1")
    before = marks_of(map(str, files))
    files[1].write_text("22")
    files[2].unlink()
    files[3].write_text("3")

    assert changed_files(before, marks_of(map(str, files))) == [str(files[1]), str(files[2]), str(files[3])]
    assert changed_files(before, before) == []


def test_a_program_that_is_installed_as_a_copy_is_not_looked_at(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "tokenrouter"
    package.mkdir(parents=True)
    (package / "a.py").write_text("")

    assert list(source_files(package)) == []
    assert f"{PACKAGE}/app/watching.py" in list(source_files(PACKAGE))


def test_files_that_hold_secrets_are_looked_at_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENROUTER_HOME", str(tmp_path))
    looked_at = ChildArguments(runtime=tmp_path)
    file = tmp_path / "torod.toml"
    usual = [str(file), str(tmp_path / ".env")]
    assert list(configuration_files(looked_at)) == usual

    file.write_text(
        '[[providers]]\nname = "a"\napi_keys = ["env:A", "file:/run/a.key"]\nreport_key = "file:/run/b.key"\n'
    )
    assert list(configuration_files(looked_at)) == [*usual, "/run/a.key", "/run/b.key"]

    file.write_text("= 1")
    assert list(configuration_files(looked_at)) == usual


class Caller:
    """Asks again and again, each time over a new connection, and keeps who turned it away.

    A connection that is made in the moment in which its process ends may be closed before its request: no server can
    help that (RFC 9112, 9.5), and clients send it again.
    """

    def __init__(self, running: GatewayProcess) -> None:
        self._running = running
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._call)
        self.problems: list[str] = []
        self.answers = 0

    def __enter__(self) -> "Caller":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _call(self) -> None:
        body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello"}]}
        while not self._is_over.is_set():
            try:
                answer = self._running.call("POST", "/v1/chat/completions", json_body=body)
            except ConnectionRefusedError as error:
                self.problems.append(repr(error))
                continue
            except (OSError, HTTPException):
                continue
            self.answers += 1
            if answer.status in (401, 404):
                self.problems.append(answer.body.decode())


@pytest.mark.e2e
def test_changes_of_configuration_and_program_are_followed_and_nobody_is_turned_away(
    gateway: StartGateway, tmp_path: Path
) -> None:
    package = tmp_path / "tokenrouter"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__", "ui", "*.pyc"))
    running = gateway(args=["--sandbox", "--reload"], env={"PYTHONPATH": str(tmp_path)})
    wait_until("the watch", lambda: "watching the configuration and" in running.log(), TOLD_S)
    text = running.config_file.read_text()

    def models() -> int:
        return running.call("GET", "/v1/models", key=KEY).status

    with Caller(running) as caller:
        running.config_file.write_text(text + ADDED)
        wait_until("the new key", lambda: models() == 200, TOLD_S)

        running.config_file.write_text("nonsense = 1\n" + text + ADDED)
        wait_until("the complaint", lambda: "was not applied" in running.log(), TOLD_S)
        assert models() == 200

        first = running.pids["data"]
        running.config_file.write_text("max_body_bytes = 2000\n" + text + ADDED)
        wait_until("another data process", lambda: running.pids.get("data", first) != first, TOLD_S)
        large = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x" * 3000}]}
        wait_until(
            "the new bound",
            lambda: running.call("POST", "/v1/chat/completions", json_body=large).status == 413,
            TOLD_S,
        )

        program = package / "app" / "data.py"
        code = program.read_text()
        program.write_text(code + "\ndef\n")
        wait_until("the traceback", lambda: "cannot be loaded" in running.log(), TOLD_S)
        assert models() == 200
        program.write_text(
            code.replace("import asyncio\n", "import asyncio\nprint('the changed code runs', flush=True)\n", 1)
        )
        wait_until("the changed code", lambda: "the changed code runs" in running.log(), TOLD_S)
        wait_until("an answer", lambda: models() == 200, TOLD_S)

    assert caller.answers > 10
    assert caller.problems == []
