"""Wheel and sdist, installed by the tools that people use into places that were empty, and taken away again."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.repo.files import ROOT
from tokenrouter import __version__
from tokenrouter.testing.processes import GatewayProcess, make_home, wait_until

pytestmark = [pytest.mark.shipping, pytest.mark.e2e, pytest.mark.xdist_group("shipping"), pytest.mark.timeout(300)]

TOOLS = Path(sys.executable).parent


class InstalledGateway(GatewayProcess):
    """`torod serve` by the program that an installer has put somewhere."""

    def __init__(self, program: Path, folder: Path) -> None:
        super().__init__(make_home(folder), args=["--sandbox"])
        self.argv = (str(program), *self.argv[1:])
        self.env = {**self.env, "PATH": "/usr/bin:/bin"}


def check(program: Path, folder: Path) -> None:
    """Start it, ask it for an answer and for the page, and stop it."""
    with InstalledGateway(program, folder) as running:
        body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello!"}]}
        assert running.call("POST", "/v1/chat/completions", json_body=body).status == 200
        wait_until("the pages", lambda: running.call("GET", "/admin/login", key=None).status == 200)
        assert b"<html" in running.call("GET", "/admin/login", headers={"accept": "text/html"}, key=None).body


def do(*argv: str | Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(argv, env=dict(env), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def wheel_of(wheels: Path) -> Path:
    (wheel,) = wheels.glob("tokenrouter-*.whl")
    return wheel


@pytest.fixture
def offline(wheels: Path, tmp_path: Path) -> dict[str, str]:
    """An environment in which the folder of wheels is all that installers see, and everything lies below `tmp_path`."""
    told = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    told |= {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels), "UV_OFFLINE": "1", "UV_NO_CONFIG": "1"}
    told |= {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "PIPX_MAN_DIR": str(tmp_path / "man"),
    }
    told |= {
        "UV_TOOL_DIR": str(tmp_path / "uv"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
    }
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "user"), **told}


def test_pipx_installs_it_and_takes_it_away(
    wheels: Path, system_python: Path, offline: dict[str, str], tmp_path: Path
) -> None:
    pipx = TOOLS / "pipx"
    if not (pipx.exists() and (TOOLS / "uv").exists()):
        pytest.skip("pipx is not installed here; make test-shipping installs it")
    # pipx's other backend asks an index for a newer pip first, and there is none here.
    env = {**offline, "PIPX_DEFAULT_BACKEND": "uv", "PATH": f"{tmp_path / 'programs'}:/usr/bin:/bin"}
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs/uv").symlink_to(TOOLS / "uv")

    do(pipx, "install", "--python", system_python, wheel_of(wheels), env=env)
    check(tmp_path / "bin/torod", tmp_path)
    assert do(tmp_path / "bin/toro", "version", env=env) == f"toro {__version__}\n"
    do(pipx, "uninstall", "tokenrouter", env=env)

    assert not list((tmp_path / "bin").iterdir())
    assert not list((tmp_path / "pipx").rglob("tokenrouter*"))


def test_uv_installs_it_as_a_tool_and_takes_it_away(
    wheels: Path, system_python: Path, offline: dict[str, str], tmp_path: Path
) -> None:
    uv = TOOLS / "uv"
    if not uv.exists():
        pytest.skip("uv is not installed here; make test-shipping installs it")

    do(uv, "tool", "install", "--python", system_python, wheel_of(wheels), env=offline)
    check(tmp_path / "bin/torod", tmp_path)
    do(uv, "tool", "uninstall", "tokenrouter", env=offline)

    assert not list((tmp_path / "bin").iterdir())
    assert not list((tmp_path / "uv").rglob("site-packages"))


def test_the_sdist_becomes_the_same_wheel_without_node(tmp_path: Path, wheels: Path) -> None:
    build: list[str | Path] = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path / "dist"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (archive,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as held:
        held.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    # hatchling alone: a folder that holds it and what it needs, and no Node.js.
    bare = tmp_path / "bare"
    wanted = ["hatchling", "packaging", "pathspec", "pluggy", "trove-classifiers"]
    locked = (ROOT / "requirements/build.txt").read_text()
    pinned = [line.split()[0] for line in locked.splitlines() if line.split("==")[0] in wanted]
    env = {"PATH": str(tmp_path / "no-programs"), "PYTHONPATH": str(bare), "HOME": str(tmp_path)}
    _link_packages(pinned, bare)

    program: list[str | Path] = [
        sys.executable,
        "-S",
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        tmp_path / "again",
    ]
    subprocess.run(program, cwd=source, env=env, check=True, capture_output=True)

    (again,) = (tmp_path / "again").glob("*.whl")
    assert again.stat().st_size == wheel_of(wheels).stat().st_size


def _link_packages(pinned: list[str], folder: Path) -> None:
    """Put the packages that are installed here, and nothing else that is, into a folder."""
    folder.mkdir()
    for requirement in pinned:
        held = distribution(requirement.split("==")[0])
        for file in {Path(str(one)).parts[0] for one in held.files or []} - {".."}:
            (folder / file).symlink_to(Path(str(held.locate_file(file))))
