"""The single file: made, started with nothing but a Python, asked, its children killed, and stopped."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.conftest import run
from tests.repo.files import ROOT
from tokenrouter import __version__
from tokenrouter.testing.processes import GatewayProcess, make_home, wait_until

pytestmark = [pytest.mark.shipping, pytest.mark.e2e, pytest.mark.xdist_group("shipping"), pytest.mark.timeout(300)]


class OneFileProcess(GatewayProcess):
    """`torod.pyz serve`, with an empty home and a PATH on which only the system's programs are."""

    def __init__(self, file: Path, folder: Path) -> None:
        super().__init__(make_home(folder), args=["--sandbox"])
        self.argv = (str(file), *self.argv[1:])
        self.env = {**self.env, "PATH": "/usr/bin:/bin", "PYTHONPATH": ""}


@pytest.fixture(scope="module")
def onefile(tmp_path_factory: pytest.TempPathFactory, wheels: Path, system_python: Path) -> Path:
    file = tmp_path_factory.mktemp("onefile") / "torod.pyz"
    run(ROOT / "deploy/onefile/build.sh", file, WHEELS=str(wheels), PYTHONS=str(system_python))
    return file


def test_it_serves_and_starts_its_children_again(onefile: Path, tmp_path: Path) -> None:
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello!"}]}
    with OneFileProcess(onefile, tmp_path) as running:
        answer = running.call("POST", "/v1/chat/completions", json_body=body)
        wait_until("the pages", lambda: running.call("GET", "/admin/login", key=None).status == 200)
        before = running.pids
        running.kill_child("data")
        wait_until("another data process", lambda: running.pids.get("data", before["data"]) != before["data"])
        wait_until("it serves again", running.is_ready)
        again = running.call("POST", "/v1/chat/completions", json_body=body)

    assert (answer.status, again.status) == (200, 200)
    assert {"data", "control", "sandbox"} <= set(before)


def test_it_is_both_programs(onefile: Path, tmp_path: Path) -> None:
    other = tmp_path / "toro"
    shutil.copy(onefile, other)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}

    said = [
        subprocess.run([*argv, "--json"], env=env, capture_output=True, text=True, check=True).stdout
        for argv in ((str(onefile), "version"), (str(onefile), "toro", "version"), (str(other), "version"))
    ]
    plain = subprocess.run([other, "version"], env=env, capture_output=True, text=True, check=True).stdout

    assert [json.loads(one)["version"] for one in said] == [__version__] * 3
    assert plain == f"toro {__version__}\n"


def test_a_python_that_it_was_not_made_for_is_told_so(onefile: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "env", "dirname"):
        (folder / name).symlink_to(shutil.which(name) or name)
    env = {"PATH": str(folder), "HOME": str(tmp_path)}

    done = subprocess.run([onefile, "version"], env=env, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "python" in done.stderr.lower()
    assert os.access(onefile, os.X_OK)
