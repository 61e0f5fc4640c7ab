"""The hook that builds the admin UI (build_ui.py)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import build_ui
from build_ui import BUILT, STAMP, UiNotBuilt, build, digest, is_built, pinned_node
from tests.repo.files import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project that has a UI, which was built."""
    for name, text in (
        ("ui/package.json", '{"name": "ui", "version": "1.0.0", "dependencies": {"nothing-like-it": "1.0.0"}}'),
        ("ui/src/main.ts", "start()"),
        ("ui/src/api/schema.d.ts", "generated"),
        ("ui/node_modules/tool/index.js", "installed"),
        ("docs/openapi.json", "{}"),
        (f"{BUILT}/index.html", "the page"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in ("pyproject.toml", "build_ui.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    package = tmp_path / "src/tokenrouter"
    shutil.copy(ROOT / "src/tokenrouter/__init__.py", package / "__init__.py")
    (tmp_path / BUILT / STAMP).write_text(digest(tmp_path) + "\n")
    return tmp_path


def hatchling(root: Path, target: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, *options]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["ui/src/main.ts", "ui/package.json", "docs/openapi.json", "ui/src/new.ts"])
def test_a_change_of_any_source_is_seen(root: Path, name: str) -> None:
    assert is_built(root)

    (root / name).write_text("something else")

    assert not is_built(root)


@pytest.mark.parametrize("name", ["ui/src/api/schema.d.ts", "ui/node_modules/tool/index.js"])
def test_what_is_made_of_them_does_not_count(root: Path, name: str) -> None:
    (root / name).write_text("something else")

    assert is_built(root)


def test_a_file_that_was_moved_counts(root: Path) -> None:
    (root / "ui/src/main.ts").rename(root / "ui/src/start.ts")

    assert not is_built(root)


def test_without_a_build_there_is_something_to_do_and_without_sources_there_is_not(root: Path) -> None:
    (root / BUILT / STAMP).unlink()
    assert not is_built(root)
    shutil.rmtree(root / "ui")
    assert is_built(root)


def test_node_is_asked_for_only_where_something_is_to_be_built(root: Path) -> None:
    hook = build_ui.BuildUi(str(root), {}, None, None, "", "wheel")  # type: ignore[arg-type]

    assert hook.dependencies() == []
    (root / "ui/src/main.ts").write_text("something else")
    assert hook.dependencies() == [pinned_node(ROOT)]


def test_where_no_registry_can_be_reached_only_an_editable_install_goes_on(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    (root / "ui/src/main.ts").write_text("something else")
    shutil.rmtree(root / "ui/node_modules")

    with pytest.raises(UiNotBuilt, match="registry be reached"):
        build(root)
    editable, wheel = hatchling(root, "wheel:editable"), hatchling(root, "wheel:standard")

    assert (editable.returncode, "was not built" in editable.stdout + editable.stderr) == (0, True)
    assert (wheel.returncode, "was not built" in wheel.stdout + wheel.stderr) == (1, True)
    assert "Traceback" not in wheel.stderr


def test_an_sdist_becomes_a_wheel_without_node_and_without_a_registry(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    assert hatchling(root, "sdist", "-d", str(tmp_path / "dist")).returncode == 0
    (sdist,) = (tmp_path / "dist").glob("*.tar.gz")
    shutil.unpack_archive(sdist, tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()

    assert is_built(unpacked)
    assert (unpacked / BUILT / "index.html").read_text() == "the page"
    assert hatchling(unpacked, "wheel", "-d", str(tmp_path / "dist")).returncode == 0
