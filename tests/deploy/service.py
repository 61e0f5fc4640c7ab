"""A packaged service on another root, started with the words of its unit, as systemd would."""

import os
import re
import shlex
import signal
from pathlib import Path

from tests.deploy.other_root import OtherRoot
from tests.repo.files import ROOT
from tokenrouter.testing.processes import Answer, ServerProcess, call, free_port

UNIT = ROOT / "deploy/systemd/tokenrouter.service"
STATE = "/var/lib/tokenrouter"
STOP_S = 40


def unit_values(name: str, text: str | None = None) -> list[str]:
    """Return every value that the unit gives a directive, in order."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text() if text is None else text, re.MULTILINE)


class PackagedService(ServerProcess):
    """`ExecStart` with the unit's user and environment, the sandbox and a free port."""

    def __init__(self, root: OtherRoot, log_file: Path) -> None:
        self.root = root
        self.address = f"127.0.0.1:{free_port()}"
        (start,) = unit_values("ExecStart")
        environ = dict(pair.split("=", 1) for line in unit_values("Environment") for pair in shlex.split(line))
        environ |= {
            "TOKENROUTER_AUTO_DETECT_LOCAL_SERVERS": "false",
            "TOKENROUTER_AUTO_ENABLE_PUBLIC_FREE_MODELS": "false",
        }
        root.run("install", "-d", "-m", "700", "-o", "tokenrouter", "-g", "tokenrouter", STATE)  # StateDirectory=
        plain = ["setpriv", "--reuid=tokenrouter", "--regid=tokenrouter", "--clear-groups", "--no-new-privs"]
        argv = [*plain, *shlex.split(start), "--sandbox", "--listen-addr", self.address]
        super().__init__(root.command(argv, **environ), env=os.environ, log_file=log_file)

    def is_ready(self) -> bool:
        return "First API key" in self.log()

    def ask(self) -> Answer:
        """Send a request with the key of the first start."""
        told = (self.root.upper / STATE.lstrip("/") / "data/first-start.txt").read_text()
        key = told.split()[1]
        body = b'{"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello!"}]}'
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        return call(f"http://{self.address}", "POST", "/v1/chat/completions", body=body, headers=headers)

    def stop(self, timeout_s: float = STOP_S) -> int:
        """Stop it as systemd does; its namespace ends with it, and with that every process in it."""
        process, _ = self._started()
        if process.poll() is None:
            os.kill(self.pids["supervisor"], signal.SIGTERM)
        return process.wait(timeout_s)
