"""What a release consists of fits together."""

import json
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from build_ui import pinned_node
from tests.repo.files import PACKAGE, ROOT, project_files, project_text, pyproject
from tokenrouter import __version__

REGISTRIES = re.compile(r"registry\.npmjs\.|npmmirror|files\.pythonhosted|\bpypi\.org|deb\.debian\.org|index-url \S*/")
MACHINE_PATHS = re.compile(r"(?<![\w.~/$}])/(?:root|home|Users|work)/[\w.]")


def test_the_version_is_the_same_everywhere() -> None:
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert newest is not None
    asked = subprocess.run([sys.executable, "-m", "hatchling", "version"], cwd=ROOT, capture_output=True, check=True)
    assert newest[1] == __version__ == asked.stdout.decode().strip()


def test_what_builds_the_package_is_what_an_install_prepares() -> None:
    settings = pyproject()

    prepared = settings["dependency-groups"]["build"]
    assert [*settings["build-system"]["requires"], pinned_node(ROOT)] == prepared


@pytest.mark.parametrize("name", ["build.txt", "runtime.txt", "dev.txt"])
def test_every_requirement_is_pinned_with_hashes(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]

    assert entries
    assert not [entry for entry in entries if not re.match(r"[\w.-]+==\S+ (?:;[^\\]*)?\\\n    --hash=sha256:", entry)]


def test_every_declared_dependency_is_in_the_lock_files() -> None:
    settings = pyproject()
    groups = {
        "runtime.txt": settings["project"]["dependencies"],
        "dev.txt": [name for name in settings["dependency-groups"]["dev"] if isinstance(name, str)],
    }

    for file, declared in groups.items():
        locked = set(re.findall(r"^([a-z0-9][\w.-]*)==", (ROOT / "requirements" / file).read_text(), re.MULTILINE))
        assert {re.split(r"[\[<>=;]", name)[0] for name in declared} <= locked, file


@pytest.mark.parametrize("folder", ["tests/clients", "tests/sdk_node"])
def test_a_node_lock_file_holds_no_addresses(folder: str) -> None:
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]

    assert not [name for name, entry in packages.items() if "resolved" in entry]


def test_no_file_names_a_registry_or_a_folder_of_somebodys_machine() -> None:
    found = [
        (path.as_posix(), match[0])
        for path, text in project_text()
        if path.as_posix() != "tests/repo/test_release.py"
        for pattern in (REGISTRIES, MACHINE_PATHS)
        if (match := pattern.search(text))
    ]

    assert not found


def test_there_is_one_way_of_locking() -> None:
    assert not [path for path in project_files() if path.name == "uv.lock" or path.name.startswith("pylock")]


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")

    held = set(ZipFile(wheel).namelist())

    assert {path.relative_to(ROOT / "src").as_posix() for path in project_files(PACKAGE)} <= held
    assert {"tokenrouter/providers/presets.toml", "tokenrouter/admin/ui/index.html"} <= held
