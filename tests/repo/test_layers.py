import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo.files import PACKAGE, ROOT, imported_names, modules

LOADED_BY_CONTROL_PLANE_ONLY = {"aiohttp", "alembic", "fastapi", "pydantic", "sqlalchemy", "starlette", "uvicorn"}


def check_layers(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            Path(sys.executable).with_name("lint-imports"),
            "--no-logo",
            "--no-cache",
            "--config",
            root / "pyproject.toml",
        ],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_layers_hold() -> None:
    checked = check_layers(ROOT)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("module", "planted", "contract"),
    [
        ("domain", "tokenrouter.config", "Imports go down the layers"),
        ("store", "tokenrouter.gateway", "Imports go down the layers"),
        ("providers", "asyncio", "What we talk about"),
        ("limits", "sqlalchemy", "The data plane loads"),
        ("sandbox", "tokenrouter.domain", "The sandbox shares nothing"),
    ],
)
def test_an_import_against_the_layers_is_found(tmp_path: Path, module: str, planted: str, contract: str) -> None:
    copy = tmp_path / "src" / "tokenrouter"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (copy / module / "__init__.py").open("a") as file:
        file.write(f"\nimport {planted}\n")

    checked = check_layers(tmp_path)

    assert checked.returncode == 1
    broken = [line for line in checked.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), checked.stdout


@pytest.mark.parametrize("module", ["tokenrouter.app.data", "tokenrouter.app.supervisor"])
def test_what_serves_requests_never_loads_the_control_planes_libraries(module: str) -> None:
    listing = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )

    assert not LOADED_BY_CONTROL_PLANE_ONLY & {name.partition(".")[0] for name in listing.stdout.split()}


@pytest.mark.parametrize(
    ("package", "allowed"), [("domain", {"tokenrouter", "msgspec"}), ("sandbox", {"tokenrouter", "httptools"})]
)
def test_these_need_the_standard_library_and_one_package_at_most(package: str, allowed: set[str]) -> None:
    found = {
        (path.as_posix(), name)
        for path, tree in modules(PACKAGE / package)
        for name in imported_names(tree)
        if name.partition(".")[0] not in sys.stdlib_module_names | allowed
        or (name.startswith("tokenrouter") and not name.startswith(f"tokenrouter.{package}"))
    }

    assert not found


def test_nothing_is_imported_inside_a_function_but_in_the_cli() -> None:
    found = {
        path.as_posix()
        for path, tree in modules()
        if path.parts[0] != "cli"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(imported_names(node))
    }

    assert not found
