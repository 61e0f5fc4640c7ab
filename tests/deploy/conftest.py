"""What the tests of packages share: one folder of wheels, one tree, and machines to install them on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deploy.other_root import NoOtherRoot, OtherRoot
from tests.repo.files import ROOT

SYSTEM_PYTHON = Path("/usr/bin/python3")


def run(*argv: str | Path, **environ: str) -> str:
    """Run one of the project's scripts; return what it printed."""
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, "BUILD_PYTHON": sys.executable, "LEVEL": "0", **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{argv[0]}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def system_python() -> Path:
    """The Python that packages for this system use, whatever runs the tests."""
    ask = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    if (
        not SYSTEM_PYTHON.exists()
        or subprocess.run([SYSTEM_PYTHON, "-c", ask], check=False, capture_output=True).returncode
    ):
        pytest.skip(f"{SYSTEM_PYTHON} is not Python 3.11 or newer with venv; packages are made for the system's own")
    return SYSTEM_PYTHON.resolve()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory, system_python: Path) -> Path:
    """A folder with everything that an installation is made of."""
    folder = tmp_path_factory.mktemp("wheels")
    run(ROOT / "deploy/wheels.sh", folder, system_python)
    return folder


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, wheels: Path, system_python: Path) -> Path:
    """The tree that the packages carry."""
    folder = tmp_path_factory.mktemp("stage") / "tree"
    run(ROOT / "deploy/packages/stage.sh", folder, PYTHON=str(system_python), WHEELS=str(wheels))
    return folder


@pytest.fixture
def other_root(tmp_path: Path) -> Iterator[Callable[[], OtherRoot]]:
    """A function that makes a machine to install things on."""
    made: list[Path] = []

    def make() -> OtherRoot:
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            pytest.skip("another root file system is mounted by root only, on Linux")
        folder = tmp_path / f"machine-{len(made)}"
        made.append(folder)
        try:
            return OtherRoot(folder)
        except NoOtherRoot as reason:
            pytest.skip(str(reason))

    yield make
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)
