"""The wheel that a release is: installed, it has the UI, without Node.js and without anything to build."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.files import ROOT
from tokenrouter.testing.processes import ServerProcess, call, free_port, make_home, wait_until

pytestmark = pytest.mark.e2e

SECRET = "a password that is long enough"
IMPORTED = re.compile(r"""["'`]\./([\w.-]+\.(?:js|css))["'`]""")


class InstalledServer(ServerProcess):
    """`torod serve` out of a folder into which the wheel was installed, in an environment that has no Node.js."""

    def __init__(self, package: Path, folder: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        env = {**make_home(folder).env, "PATH": str(folder / "empty"), "PYTHONPATH": str(package)}
        env["ADMIN_PASSWORD"] = SECRET
        program = "import sys; from tokenrouter.cli.torod import main; sys.exit(main())"
        argv = [sys.executable, "-c", program, "serve", "--sandbox", "--no-wizard", "--listen-addr", self.address]
        super().__init__(argv, env=env, log_file=folder / "serve.log")

    @property
    def origin(self) -> str:
        return f"http://{self.address}"

    def is_ready(self) -> bool:
        return "curl " in self.log()


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[InstalledServer]:
    package = tmp_path / "installed"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(package)]
    subprocess.run([*install, str(wheel)], check=True, env={**os.environ, "PIP_NO_INPUT": "1"})
    with InstalledServer(package, tmp_path) as running:
        wait_until("the pages to be there", lambda: call(running.origin, "GET", "/admin").status == 200)
        yield running


def test_the_installed_wheel_serves_the_ui_and_everything_that_it_loads(installed: InstalledServer) -> None:
    signed_in = call(
        installed.origin,
        "POST",
        "/admin/login",
        body=f"secret={SECRET.replace(' ', '+')}".encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    cookie = signed_in.headers["set-cookie"].partition(";")[0]

    page = call(installed.origin, "GET", "/admin/status", headers={"cookie": cookie, "accept": "text/html"})
    loaded = set(re.findall(r'"/admin/(assets/[^"]+)"', page.body.decode()))
    seen: set[str] = set()
    while loaded - seen:
        name = min(loaded - seen)
        seen.add(name)
        asset = call(installed.origin, "GET", f"/admin/{name}")
        assert (asset.status, bool(asset.body)) == (200, True), name
        if name.endswith(".js"):
            loaded |= {f"assets/{one}" for one in IMPORTED.findall(asset.body.decode())}

    assert page.status == 200
    assert len([name for name in seen if name.endswith(".js")]) > 10, "pages are loaded when they are visited"
    assert str(installed.log_file.parent) in _where_it_runs(installed)


def _where_it_runs(installed: InstalledServer) -> str:
    """Return the folder of the package that serves, so that it is not the one of the sources."""
    script = "import tokenrouter.admin; print(tokenrouter.admin.__file__)"
    done = subprocess.run([sys.executable, "-c", script], env=installed.env, capture_output=True, text=True, check=True)
    return done.stdout
