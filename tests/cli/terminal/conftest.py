"""One real gateway in front of the sandbox for all commands of `toro`, which run in this process."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pexpect
import pytest
from click.testing import CliRunner, Result

from tokenrouter.cli.toro import main
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, make_home, wait_until

CONFIG = """
[[providers]]
name = "lab"
provider_type = "sandbox"
base_url = "{base_url}"
api_key = "sandbox"

[[aliases]]
name = "best"
targets = ["lab/thinker-open"]

[[prices]]
provider = "lab"
model = "*"
input_per_1m = 1
output_per_1m = 2

[[incoming_tokens]]
name = "alice"
role = "inferrer"
key = "{alice}"

[[limits]]
scope = "key:alice"
metric = "requests"
amount = 1000
window = "day"
"""
ALICE = "tr_alice-0123456789-0123456789"


@dataclass(frozen=True, slots=True)
class Toro:
    """`toro` for one user: a home, a server and a key."""

    home: Path
    url: str
    key: str

    @property
    def env(self) -> dict[str, str]:
        return {"TOKENROUTER_HOME": str(self.home), "TOKENROUTER_URL": self.url, "TOKENROUTER_API_KEY": self.key}

    def __call__(self, *args: str, text: str = "", **env: str | None) -> Result:
        """Run one command in this process."""
        alone = {**dict.fromkeys(os.environ), "PATH": os.environ["PATH"], **self.env, **env}
        return CliRunner().invoke(main, args, input=text, env=alone)


@pytest.fixture(scope="session")
def served(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The gateway, one for each test process."""
    home = make_home(tmp_path_factory.mktemp("toro"))
    with GatewayProcess(home, CONFIG.format(base_url=sandbox.base_url, alice=ALICE)) as gateway:
        wait_until("its provider is online", lambda: b'"providers_online":1' in gateway.call("GET", "/v1/status").body)
        yield gateway


@pytest.fixture
def toro(served: GatewayProcess, tmp_path: Path) -> Toro:
    """The administrator's."""
    return Toro(tmp_path, served.origin, served.key)


@pytest.fixture
def alice(served: GatewayProcess, tmp_path: Path) -> Toro:
    """That of somebody whose key may ask and no more."""
    return Toro(tmp_path, served.origin, ALICE)


@pytest.fixture
def alone(tmp_path: Path) -> Toro:
    """That of somebody who has said nothing yet."""
    return Toro(tmp_path, "", "")


def typed(toro: Toro, *args: str, columns: int = 90) -> Any:
    """Return `toro` at a terminal of its own (pexpect), all of which is in its `logfile_read`."""
    env = {"PATH": os.environ["PATH"], "HOME": str(toro.home), "TERM": "xterm", "NO_COLOR": "1", **toro.env}
    command = ["-m", "tokenrouter.cli.toro", *args]
    terminal = pexpect.spawn(sys.executable, command, env=env, encoding="utf-8", timeout=60, dimensions=(40, columns))
    terminal.logfile_read = StringIO()
    return terminal
