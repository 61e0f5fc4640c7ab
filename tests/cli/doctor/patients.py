"""Installations to look at, each in a folder of its own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tokenrouter.cli.doctor.finding import Finding, Patient
from tokenrouter.config.load import load
from tokenrouter.config.paths import find_paths
from tokenrouter.config.problems import ConfigErrors


def patient(folder: Path, text: str | None = None, *, env: dict[str, str] | None = None, **facts: Any) -> Patient:
    """Return an installation with the configuration `text`, or without one."""
    if text is not None:
        (folder / "torod.toml").write_text(text)
        (folder / "torod.toml").chmod(0o600)
    environ = {"TOKENROUTER_HOME": str(folder), **(env or {})}
    paths = find_paths(environ, None)
    try:
        found = Patient(paths, environ, load(config=None, environ=environ))
    except ConfigErrors as error:
        found = Patient(paths, environ, None, tuple(error.problems))
    return replace(found, **facts)


def told(findings: "list[Finding]", level: str) -> str:
    """Return what is said at `level`, and what to do about it."""
    return "\n".join(f"{one.subject}: {one.says} {one.do}" for one in findings if one.level == level)
