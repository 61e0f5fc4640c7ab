"""A gateway between the programs and the sandbox, and the sandbox's word for what was asked."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.programs import PROGRAMS, Place
from tests.e2e.matrix.conftest import PROVIDERS
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, make_home, wait_until

SHY = {"claude-code": "gemini", "codex": "messages", "gemini-cli": "responses", "opencode": "chat"}
"""The dialect of the provider that refuses a program's first request: one account for each, `shy-…`."""
ALIASES = {"gpt-5.5": "messages", "gpt-6.1-sol": "gemini", "gpt-6-luna": "responses"}
"""Models that Codex knows, so that it brings other tools to them, and who stands behind them here."""

StartPlace = Callable[..., Place]


@dataclass(frozen=True)
class Crossroads:
    """The running pair."""

    gateway: GatewayProcess
    sandbox: SandboxProcess

    def asked(self) -> list[dict[str, object]]:
        """What the sandbox was asked so far, oldest first."""
        return self._lines("begin")

    def billed(self) -> list[dict[str, object]]:
        """What it would have billed, oldest first; counting tokens costs nothing."""
        return [line for line in self._lines("end") if line["prompt_tokens"]]

    def _lines(self, event: str) -> list[dict[str, object]]:
        return [line for line in self.sandbox.booked() if line["event"] == event]


@pytest.fixture(scope="session")
def crossroads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crossroads]:
    """A gateway whose providers are named after the dialect they speak."""
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, env=make_home(folder).env) as sandbox:
        root = sandbox.base_url.removesuffix("/v1")
        accounts = {dialect: dialect for dialect in PROVIDERS} | {f"shy-{name}": SHY[name] for name in PROGRAMS}
        config = 'active_model_profile = "default"\n' + "".join(
            f'[[providers]]\nname = "{name}"\napi_key = "{name}"\n{PROVIDERS[dialect].format(root=root)}\n'
            for name, dialect in accounts.items()
        )
        config += "".join(
            f'[[model_aliases]]\nname = "{name}"\n'
            f'[[model_aliases.targets]]\nprofile = "default"\nprovider = "{provider}"\nmodel = "echo"\n'
            for name, provider in ALIASES.items()
        )
        with GatewayProcess(make_home(tmp_path_factory.mktemp("gateway")), config) as gateway:
            wait_until("the control plane", lambda: gateway.call("GET", "/api/v1/keys").status == 200)
            yield Crossroads(gateway, sandbox)


@pytest.fixture
def place(crossroads: Crossroads, tmp_path: Path) -> StartPlace:
    """A function that returns a place of its own for one run."""

    def make(model: str, key: str = "") -> Place:
        return Place(tmp_path / "run", crossroads.gateway.origin, key or crossroads.gateway.key, model)

    return make


@pytest.fixture(scope="session")
def revoked_key(crossroads: Crossroads) -> str:
    """A key that the gateway had made, and no longer knows."""
    gateway = crossroads.gateway

    def is_known() -> bool:
        return gateway.call("GET", "/v1/models", key=key).status == 200

    key = _torod(gateway, "keys", "create", "leaver")
    wait_until("the key is known", is_known)
    _torod(gateway, "keys", "revoke", "leaver")
    wait_until("the key is revoked", lambda: not is_known())
    return key


def _torod(gateway: GatewayProcess, *args: str) -> str:
    argv = [str(Path(sys.executable).with_name("torod")), *args]
    done = subprocess.run(argv, env=dict(gateway.home.env), capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()
