"""The project's own files, found without git, so that a tarball can be tested as well as a clone."""

import ast
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "src" / "tokenrouter"


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def project_files(below: Path = ROOT) -> Iterator[Path]:
    """Yield every file that belongs to the project: all but git's own and what .gitignore names."""
    for path in sorted(below.iterdir()):
        if path.name == ".git" or _is_ignored(path):
            continue
        if path.is_dir():
            yield from project_files(path)
        else:
            yield path


def project_text() -> Iterator[tuple[Path, str]]:
    """Yield every project file with its text, by path from the root; only pictures are binary."""
    for path in project_files():
        if path.suffix != ".png":
            yield path.relative_to(ROOT), path.read_text()


def modules(below: Path = PACKAGE) -> Iterator[tuple[Path, ast.Module]]:
    """Yield every module of the package, by path from the package, with its syntax tree."""
    for path in project_files(below):
        if path.suffix == ".py":
            yield path.relative_to(PACKAGE), ast.parse(path.read_text())


def imported_names(node: ast.AST) -> Iterator[str]:
    """Yield the dotted name of everything that is imported anywhere below `node`."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.module or ""


def _is_ignored(path: Path) -> bool:
    relative = path.relative_to(ROOT).as_posix()
    return any(fnmatch(path.name, pattern) or fnmatch(relative, pattern) for pattern in _IGNORED)


_IGNORED: Final = tuple(
    line.strip("/") for line in (ROOT / ".gitignore").read_text().split("\n") if line and not line.startswith("#")
)
