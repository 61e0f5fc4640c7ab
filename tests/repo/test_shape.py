"""What the house rules say about where things are (CONTRIBUTING.md)."""

import ast
import tomllib
from pathlib import Path

from tests.repo.files import PACKAGE, ROOT, modules, project_files

TESTED_ELSEWHERE = {
    "config/settings.py": "values without behaviour",
    "domain/catalog.py": "values without behaviour",
    "gateway/ports.py": "shapes; tests/app/test_ports.py fits the adapters to them",
}
NAMES_OF_DIALECTS = {"openai"}
"""A vendor that gave its name to a wire format too: the format may be named wherever formats are."""


def test_every_module_has_a_test_file_of_its_name() -> None:
    missing = [
        path.as_posix()
        for path, _ in modules()
        if not path.name.startswith("__")
        and path.as_posix() not in TESTED_ELSEWHERE
        and "versions" not in path.parts
        and not (ROOT / "tests" / path.parent / f"test_{path.name}").exists()
    ]

    assert not missing


def test_every_exception_to_that_is_still_there() -> None:
    assert not [name for name in TESTED_ELSEWHERE if not (PACKAGE / name).exists()]


def test_no_file_is_named_after_nothing() -> None:
    nameless = {"common.py", "helpers.py", "manager.py", "misc.py", "utils.py", "util.py"}

    assert not [path for path in project_files() if path.name in nameless]


def test_no_vendor_is_named_in_code_outside_providers() -> None:
    vendors = set(tomllib.loads((PACKAGE / "providers" / "presets.toml").read_text())) - NAMES_OF_DIALECTS
    assert len(vendors) > 30

    named = {
        (path.as_posix(), text)
        for path, tree in modules()
        if path.parts[0] not in {"providers", "sandbox"}
        for text in _words_of_code(tree)
        if text in vendors
    }

    assert not named


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        path.as_posix()
        for path, tree in modules()
        if not ast.get_docstring(tree) and "versions" not in Path(path).parts
    ]

    assert not silent


def _words_of_code(tree: ast.Module) -> set[str]:
    """Return the string literals of a module, its docstrings left out: those may name whom they quote."""
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    }
