"""Versions: of Python, of what is installed with us, and whether all that is needed is there."""

import platform
import re
import sqlite3
import ssl
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from tokenrouter import __version__
from tokenrouter.cli.doctor.finding import Finding, Patient

MIN_PYTHON: Final = (3, 11)
TOLD: Final = ("uvloop", "msgspec", "sqlalchemy", "psycopg", "hiredis", "cryptography")


def check_versions(_: Patient) -> Iterator[Finding]:
    """Say which versions work together here, and which package is missing."""
    python = platform.python_version()
    told = f"TokenRouter {__version__}, {platform.python_implementation()} {python}, {platform.platform()}"
    if sys.version_info < MIN_PYTHON:
        yield Finding("problem", "versions", told, "use Python 3.11 or later")
    else:
        yield Finding("ok", "versions", told)
    missing = [name for name in _required() if _version(name) is None]
    if missing:
        says = f"packages are missing: {', '.join(missing)}"
        yield Finding(
            "problem", "versions", says, "install TokenRouter again: pip install --force-reinstall tokenrouter"
        )
    libraries = [f"{name} {_version(name)}" for name in TOLD if _version(name) is not None]
    yield Finding("ok", "versions", ", ".join((*libraries, f"SQLite {sqlite3.sqlite_version}", ssl.OPENSSL_VERSION)))


def _required() -> list[str]:
    """Return the packages that are declared as needed everywhere."""
    try:
        declared = requires("tokenrouter") or []
    except PackageNotFoundError:
        return []
    return [re.split(r"[^A-Za-z0-9._-]", one)[0] for one in declared if ";" not in one]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
