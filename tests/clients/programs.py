"""The programs people point at a gateway: how each is told of it, and one run of it.

Settings are those of docs/clients.md. Every run has a home and a working folder of its own, no way to the internet
(whatever asks for it goes to a port where nobody listens) and an end: whatever it started is stopped with it.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tokenrouter.testing.process_table import descendants

FOLDER: Final = Path(__file__).parent
BINARIES: Final = FOLDER / "node_modules" / ".bin"
TIMEOUT_S: Final = 60.0
"""opencode alone starts for up to twenty seconds on a busy machine."""
NOBODY: Final = "http://127.0.0.1:9"
"""The discard port, as the proxy for everything that is not on this machine."""


@dataclass(frozen=True)
class Place:
    """Where one run happens, and the gateway and model that it asks."""

    folder: Path
    origin: str
    key: str
    model: str

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def work(self) -> Path:
        return self.folder / "work"


@dataclass(frozen=True)
class Ran:
    """How a run ended. `code` is None for one that was stopped because it had gone on for too long."""

    code: int | None
    out: str
    err: str

    @property
    def told(self) -> str:
        """All that a user sees."""
        return self.out + self.err


@dataclass(frozen=True)
class Command:
    """What is started: arguments behind the program's name, and variables on top of the bare ones."""

    args: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """One program.

    Attributes:
        prepare: writes its settings into a place, and says how it is asked a prompt there.
        shell_call: the words that make the sandbox's model call its tool that runs a command.
        picture_call: the same for its tool that looks at a picture, where models of any name get one.
    """

    binary: str
    prepare: Callable[[Place, str], Command]
    shell_call: Callable[[str], str]
    picture_call: Callable[[str], str] | None = None

    def is_installed(self) -> bool:
        return (BINARIES / self.binary).exists()

    def run(self, place: Place, prompt: str, timeout_s: float = TIMEOUT_S) -> Ran:
        """Ask `prompt` and return how it went, once nothing of it runs any more."""
        place.home.mkdir(parents=True)
        place.work.mkdir(exist_ok=True)
        command = self.prepare(place, prompt)
        argv = [str(BINARIES / self.binary), *command.args]
        out, err = place.folder / "out", place.folder / "err"
        with out.open("wb") as out_file, err.open("wb") as err_file:
            process = subprocess.Popen(
                argv,
                cwd=place.work,
                env={**bare(place), **command.env},
                stdin=subprocess.DEVNULL,
                stdout=out_file,
                stderr=err_file,
                start_new_session=True,
            )
            code = _wait(process, timeout_s)
        return Ran(code, out.read_text(errors="replace"), err.read_text(errors="replace"))


def bare(place: Place) -> dict[str, str]:
    """Return the environment of somebody who lives in `place`: nobody's key, and no way to the internet."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    proxies = {"HTTPS_PROXY": NOBODY, "https_proxy": NOBODY, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return {**kept, **proxies, "HOME": str(place.home), "TMPDIR": str(place.folder), "NO_COLOR": "1"}


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> int | None:
    """Return the exit code, or None after `timeout_s`; ends the process, its group and its descendants."""
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        below = [row.pid for row in descendants(process.pid)]
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for pid in below:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _claude_code(place: Place, prompt: str) -> Command:
    return Command(
        ["-p", prompt, "--model", place.model, "--dangerously-skip-permissions"],
        {
            "ANTHROPIC_BASE_URL": place.origin,
            "ANTHROPIC_API_KEY": place.key,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "2",  # it is ten, over minutes
            "IS_SANDBOX": "1",  # else it refuses to skip permissions for root, which CI often is
        },
    )


def _codex(place: Place, prompt: str) -> Command:
    settings = f"""
model = "{place.model}"
model_provider = "tokenrouter"

[model_providers.tokenrouter]
name = "TokenRouter"
base_url = "{place.origin}/v1"
env_key = "TOKENROUTER_KEY"
wire_api = "responses"
"""
    (place.home / ".codex").mkdir()
    (place.home / ".codex" / "config.toml").write_text(settings)
    args = ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", prompt]
    return Command(args, {"TOKENROUTER_KEY": place.key, "CODEX_HOME": str(place.home / ".codex")})


def _gemini_cli(place: Place, prompt: str) -> Command:
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
    }
    (place.home / ".gemini").mkdir()
    (place.home / ".gemini" / "settings.json").write_text(json.dumps(settings))
    return Command(
        ["--skip-trust", "--yolo", "-m", place.model, "-p", prompt],
        {"GOOGLE_GEMINI_BASE_URL": place.origin, "GEMINI_API_KEY": place.key},
    )


def opencode(package: str = "@ai-sdk/openai-compatible", base_path: str = "/v1") -> Program:
    """opencode with one of the SDKs that it brings; each speaks another dialect."""

    def prepare(place: Place, prompt: str) -> Command:
        provider = {
            "npm": package,
            "options": {"baseURL": place.origin + base_path, "apiKey": place.key},
            "models": {place.model: {}},
        }
        settings = {
            "$schema": "https://opencode.ai/config.json",
            "autoupdate": False,
            "share": "disabled",
            "provider": {"tokenrouter": provider},
            "model": f"tokenrouter/{place.model}",
            "small_model": f"tokenrouter/{place.model}",
        }
        (place.work / "opencode.json").write_text(json.dumps(settings))
        return Command(["run", prompt])

    return Program("opencode", prepare, _call("bash", "command", description="x"))


def _call(tool: str, argument: str, **more: str) -> Callable[[str], str]:
    return lambda command: f"use tool {tool} with {json.dumps({argument: command, **more})}"


PROGRAMS: Final = {
    "claude-code": Program(
        "claude", _claude_code, _call("Bash", "command", description="x"), _call("Read", "file_path")
    ),
    "codex": Program("codex", _codex, _call("exec_command", "cmd"), _call("view_image", "path")),
    "gemini-cli": Program(
        "gemini", _gemini_cli, _call("run_shell_command", "command", description="x"), _call("read_file", "file_path")
    ),
    "opencode": opencode(),
}
SDKS_OF_OPENCODE: Final = {
    "responses": opencode("@ai-sdk/openai"),
    "messages": opencode("@ai-sdk/anthropic"),
    "gemini": opencode("@ai-sdk/google", "/v1beta"),
}
"""By the dialect they speak; `PROGRAMS` has the one for Chat Completions."""
