"""A program wrapped by `toro`, over a real server: what it gets, how it ends, and what is left."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli.wrapping.terminal import BASH, Terminal, children, spawned
from tokenrouter.store.engine import open_store
from tokenrouter.store.heartbeats import suspend_silent_keys
from tokenrouter.store.keys import find_key
from tokenrouter.testing.processes import GatewayProcess, Home, SandboxProcess, make_home, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro wrap")]

TORO = str(Path(sys.executable).with_name("toro"))
KEYS = "/api/v1/keys"
ASK = """
import os, sys, openai
answer = openai.OpenAI().chat.completions.create(model="sandbox/echo", messages=[{"role": "user", "content": "hello"}])
print(answer.choices[0].message.content)
sys.exit(5)
"""
WAIT = 'import signal; print("ready", flush=True); signal.pause()'


@pytest.fixture(scope="module")
def server(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """One server; keys of it are `alice`, an inferrer's."""
    config = f"""
[[providers]]
name = "sandbox"
provider_type = "sandbox"
base_url = "{sandbox.base_url}"
api_key = "sandbox"

[[incoming_tokens]]
name = "alice"
role = "inferrer"
key = "{ALICE}"
"""
    with GatewayProcess(make_home(tmp_path_factory.mktemp("server")), config) as running:
        answers(running)
        yield running


ALICE = "tr_alice-0123456789-0123456789"


def answers(server: GatewayProcess) -> None:
    """Wait until the control plane does."""
    wait_until("the control plane answers", lambda: server.call("GET", KEYS).status == 200)


@pytest.fixture
def env(home: Home, server: GatewayProcess, tmp_path: Path) -> dict[str, str]:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    said = {"TOKENROUTER_URL": server.origin, "TOKENROUTER_API_KEY": ALICE, "TMPDIR": str(temporary)}
    return {**home.env, **said, "ANOTHER_COPY": f"x-api-key: {ALICE}"}


def toro(env: dict[str, str], *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([TORO, *args], env=env, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def started(env: dict[str, str], args: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    """Run `toro` until it ends, with a program that has said that it is ready."""
    with spawned([TORO, *args], env, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def temporary_keys(server: GatewayProcess) -> dict[str, dict[str, Any]]:
    return {key["name"]: key for key in server.call("GET", KEYS).json()["data"] if key["temporary"]}


def nothing_is_left(server: GatewayProcess, env: dict[str, str]) -> bool:
    return not temporary_keys(server) and not list(Path(env["TMPDIR"]).iterdir())


def test_a_program_asks_with_a_key_of_its_own_and_its_exit_code_is_kept(
    server: GatewayProcess, env: dict[str, str]
) -> None:
    ended = toro(env, "wrap", "--", sys.executable, "-c", ASK)

    assert (ended.returncode, "hello" in ended.stdout) == (5, True), ended
    name = ended.stderr.split("'")[1]
    assert name.startswith("toro-wrap-20")
    assert nothing_is_left(server, env)
    server.call("GET", "/api/v1/usage")
    wait_until("the row is written", lambda: bool(rows(server, name)))
    assert [(row["key_name"], row["status"]) for row in rows(server, name)] == [(name, 200)]


def rows(server: GatewayProcess, key_name: str) -> list[dict[str, Any]]:
    data = server.call("GET", "/api/v1/ledger").json()["data"]
    return [row for row in data if row["key_name"] == key_name]


def test_no_program_sees_the_key_of_whoever_starts_it(server: GatewayProcess, env: dict[str, str]) -> None:
    ended = toro(
        env, "-q", "wrap", "sh", "-c", "env; tr '\\0' ' ' < /proc/$PPID/cmdline; tr '\\0' ' ' < /proc/$$/cmdline"
    )

    got = dict(line.split("=", 1) for line in ended.stdout.splitlines() if "=" in line and line[0].isupper())
    assert (ALICE in ended.stdout, "ANOTHER_COPY" in got, ended.stderr) == (False, False, "")
    assert got["OPENAI_BASE_URL"] == f"{server.origin}/v1"
    assert got["TOKENROUTER_API_KEY"] == got["OPENAI_API_KEY"]
    assert ended.stdout.count(got["OPENAI_API_KEY"]) == 2


def test_words_that_nobody_hears_end_nothing(server: GatewayProcess, env: dict[str, str]) -> None:
    line = f"(sleep 0; exec {TORO} wrap sh -c 'exit 6') 2>&1 >/dev/null | true; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", line], env=env, capture_output=True, text=True, timeout=60, check=False)

    assert ended.stdout == "6\n"
    assert nothing_is_left(server, env)


def test_a_program_that_asks_toro_stands_below_its_own_key(server: GatewayProcess, env: dict[str, str]) -> None:
    inner = f"{TORO} -q --name inner wrap -- {sys.executable} -c '{WAIT}'"
    with started(env, ["--name", "outer", "wrap", "sh", "-c", f"exec {inner}"]) as running:
        keys = temporary_keys(server)
        assert keys["inner"]["parent_id"] == keys["outer"]["id"]
        assert keys["outer"]["parent_id"] == "alice"
        running.terminate()
    assert nothing_is_left(server, env)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_for_toro_ends_program_and_key(
    server: GatewayProcess, env: dict[str, str], number: signal.Signals
) -> None:
    with started(
        env, ["wrap", sys.executable, "-c", f"import signal; signal.signal(2, signal.SIG_DFL); {WAIT}"]
    ) as run:
        assert len(temporary_keys(server)) == 1
        run.send_signal(number)
    assert run.returncode == 128 + number
    assert nothing_is_left(server, env)


def test_ctrl_c_ends_program_and_key(server: GatewayProcess, env: dict[str, str]) -> None:
    with Terminal(BASH, env) as terminal:
        terminal.type(f"{TORO} wrap -- sh -c 'echo rea\"\"dy; exec sleep 60'; echo code $?\n")
        terminal.wait_for("ready")
        terminal.type("\x03")
        terminal.wait_for("code 130")
    assert nothing_is_left(server, env)


@pytest.mark.parametrize(
    ("program", "code", "says"),
    [
        (["no-such-program"], 127, "no-such-program: there is no such program"),
        (["/etc"], 126, "/etc cannot be started: Permission denied"),
    ],
)
def test_a_program_that_cannot_be_started_leaves_no_key(
    server: GatewayProcess, env: dict[str, str], program: list[str], code: int, says: str
) -> None:
    ended = toro(env, "wrap", *program)

    assert (ended.returncode, says in ended.stderr) == (code, True), ended.stderr
    assert nothing_is_left(server, env)


REFUSES = """
import sys, click
from tokenrouter.cli.client import find_server
from tokenrouter.cli.wrapping.lifecycle import run_with_key
from tokenrouter.cli.wrapping.wishes import Wishes

class Tool:
    name = "tool"
    def prepare(self, server, key, model, args, folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "settings.json").write_text(key)
        print(folder)
        raise {error}

sys.exit(run_with_key(find_server(None, None), Tool(), Wishes(), args=[], model=""))
"""


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [('click.ClickException("it has no model")', 1, "it has no model"), ('RuntimeError("a slip")', 1, "a slip")],
)
def test_a_tool_that_cannot_begin_leaves_neither_key_nor_file(
    server: GatewayProcess, env: dict[str, str], error: str, code: int, says: str
) -> None:
    script = [sys.executable, "-c", REFUSES.format(error=error)]
    ended = subprocess.run(script, env=env, capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, says in ended.stderr) == (code, True), ended.stderr
    assert ended.stdout.startswith(env["TMPDIR"])
    assert nothing_is_left(server, env)


def test_a_twenty_first_program_is_refused_with_words(server: GatewayProcess, env: dict[str, str]) -> None:
    wanted = {"temporary": True, "ttl_s": 60}
    ids = [server.call("POST", KEYS, json_body={**wanted, "name": f"n{n}"}, key=ALICE).json()["id"] for n in range(20)]

    refused = toro(env, "wrap", "true")
    for key_id in ids:
        server.call("DELETE", f"{KEYS}/{key_id}")

    assert refused.returncode == 1
    assert "an inferrer has at most 20 temporary keys at a time; revoke one first" in refused.stderr


def test_a_server_that_starts_anew_meanwhile_disturbs_nobody(server: GatewayProcess, env: dict[str, str]) -> None:
    program = f"{WAIT}\n".replace("signal.pause()", "signal.sigwait({signal.SIGUSR1}); exec(open(0).read())")
    code = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1}); " + program
    command = [TORO, "wrap", "--", sys.executable, "-c", code]
    with spawned(command, env, stdin=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        server.stop()
        server.start()
        answers(server)
        assert [key["suspended"] for key in temporary_keys(server).values()] == [False]
        running.send_signal(signal.SIGUSR1)
        out, _ = running.communicate(ASK, timeout=60)
    assert (running.returncode, "hello" in out) == (5, True)
    assert nothing_is_left(server, env)


def test_a_server_that_is_away_at_the_end_is_told_with_what_becomes_of_the_key(
    server: GatewayProcess, env: dict[str, str]
) -> None:
    with started(env, ["--name", "left", "wrap", sys.executable, "-c", WAIT]) as running:
        key_id = temporary_keys(server)["left"]["id"]
        server.stop()
        running.send_signal(signal.SIGTERM)  # ends the program
        program_has_ended(running.pid)
        running.send_signal(signal.SIGTERM)  # ends the waiting for the server
        _, said = running.communicate(timeout=60)
    server.start()
    answers(server)

    assert running.returncode == 143
    assert f"the key 'left' ({key_id}) could not be revoked: nothing answers at {server.origin}" in said
    assert "it is suspended within 90 seconds, and deleted at 20" in said
    server.call("DELETE", f"{KEYS}/left")


def program_has_ended(pid: int) -> None:
    wait_until("the program has ended", lambda: not children(pid))


def test_a_key_of_a_toro_that_was_killed_is_suspended_refused_in_every_dialect_and_revived(
    server: GatewayProcess, env: dict[str, str]
) -> None:
    script = "import os, signal; print(os.environ['OPENAI_API_KEY'], flush=True); signal.pause()"
    command = [TORO, "--name", "orphan", "wrap", sys.executable, "-c", script]
    with spawned(command, env) as running:
        assert running.stdout is not None
        secret = running.stdout.readline().strip()
        program = children(running.pid)[0]
        running.kill()
        os.kill(program, signal.SIGKILL)
    assert ask(server, secret) == 200

    fall_silent(server, "orphan")

    wait_until("the key is refused", lambda: ask(server, secret) == 401)
    for path in ("/v1/chat/completions", "/v1/messages", "/v1beta/models/echo:generateContent"):
        told = server.call("POST", path, json_body={"model": "sandbox/echo"}, key=secret)
        assert (told.status, "is suspended" in told.json()["error"]["message"]) == (401, True)
    assert temporary_keys(server)["orphan"]["suspended"]
    assert server.call("POST", f"{KEYS}/orphan/heartbeat", key=ALICE).json()["revived"]
    assert ask(server, secret) == 200
    server.call("DELETE", f"{KEYS}/orphan")


def test_a_folder_of_a_toro_that_was_killed_is_removed_by_the_next_when_its_program_has_ended(
    server: GatewayProcess, env: dict[str, str]
) -> None:
    temporary = Path(env["TMPDIR"])
    with started(env, ["--name", "killed", "wrap", sys.executable, "-c", WAIT]) as running:
        program = children(running.pid)[0]
        running.kill()
        running.wait()
    (left,) = temporary.iterdir()

    toro(env, "wrap", "true")
    assert [*temporary.iterdir()] == [left]  # the program may still read what is in it

    os.kill(program, signal.SIGKILL)
    wait_until("the program has ended", lambda: not Path(f"/proc/{program}/exe").exists(), 20)
    toro(env, "wrap", "true")
    assert [*temporary.iterdir()] == []
    server.call("DELETE", f"{KEYS}/killed")


def test_without_a_place_for_temporary_files_there_is_no_key(server: GatewayProcess, env: dict[str, str]) -> None:
    script = "import sys, tempfile; tempfile._candidate_tempdir_list = lambda: ['/proc/none']"
    call = f"{script}; sys.argv[0] = 'toro'; from tokenrouter.cli.toro import main; main()"
    command = [sys.executable, "-c", call, "wrap", "true"]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stderr.startswith("Error: there is no place for temporary files")) == (1, True)
    assert not temporary_keys(server)


def test_a_key_is_good_again_as_soon_as_toro_goes_on(server: GatewayProcess, env: dict[str, str]) -> None:
    with started(env, ["--name", "slept", "wrap", sys.executable, "-c", WAIT]) as running:
        running.send_signal(signal.SIGSTOP)
        fall_silent(server, "slept")
        assert temporary_keys(server)["slept"]["suspended"]
        running.send_signal(signal.SIGCONT)
        wait_until("the key is revived", lambda: not temporary_keys(server)["slept"]["suspended"])
        running.terminate()
    assert nothing_is_left(server, env)


def ask(server: GatewayProcess, key: str) -> int:
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "hello"}]}
    return server.call("POST", "/v1/chat/completions", json_body=body, key=key).status


def fall_silent(server: GatewayProcess, name: str) -> None:
    """Do what the watch does after 90 seconds of silence (`jobs/heartbeat_watch.py`, in its own test)."""
    with closing(open_store(f"sqlite:///{server.home.path / 'data' / 'tokenrouter.db'}")) as store:
        key = find_key(store, name)
        assert suspend_silent_keys(store, {key.id: key.created_at_s})


class Hanging(ThreadingHTTPServer):
    """A server at which making a key takes for ever; it notes what it is asked to delete."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.is_asked, self.is_over = threading.Event(), threading.Event()
        hanging = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hanging.is_asked.set()
                hanging.is_over.wait(60)

            def do_DELETE(self) -> None:
                hanging.deleted.append(self.path)
                self.send_response(404)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    with Hanging() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.is_over.set()
        server.shutdown()


@pytest.mark.parametrize(("options", "deletes"), [((), 1), (("--name", "mine"), 0)])
def test_whoever_is_interrupted_while_a_key_is_made_leaves_none_and_takes_no_other_s(
    home: Home, hanging: Hanging, options: Sequence[str], deletes: int
) -> None:
    url = f"http://127.0.0.1:{hanging.server_port}"
    command = [TORO, "--url", url, "--key", "tr_own", *options, "wrap", "true"]
    with spawned(command, home.env, stderr=subprocess.PIPE) as running:
        assert hanging.is_asked.wait(60)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)

    assert (running.returncode, said) == (130, "")
    assert len(hanging.deleted) == deletes
    assert all(path.startswith(f"{KEYS}/toro-wrap-20") for path in hanging.deleted)


@pytest.mark.torture
def test_a_key_is_suspended_ninety_seconds_after_its_toro_was_killed(
    server: GatewayProcess, env: dict[str, str]
) -> None:
    with started(env, ["--name", "killed", "wrap", sys.executable, "-c", WAIT]) as running:
        program = children(running.pid)[0]
        killed_s = time.monotonic()
        running.kill()
    os.kill(program, signal.SIGKILL)
    wait_until("it is suspended", lambda: temporary_keys(server)["killed"]["suspended"], 95)

    assert 70 < time.monotonic() - killed_s <= 90
    server.call("DELETE", f"{KEYS}/killed")


@pytest.mark.torture
def test_a_key_of_a_toro_that_runs_for_long_stays_good(server: GatewayProcess, env: dict[str, str]) -> None:
    with started(env, ["--name", "long", "wrap", sys.executable, "-c", WAIT]) as running:
        for _ in range(10):
            time.sleep(10)
            assert not temporary_keys(server)["long"]["suspended"]
        running.terminate()
