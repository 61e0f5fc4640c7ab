"""`env:NAME` and `file:PATH`: secrets that stand elsewhere than in the file that uses them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tokenrouter.config.table import Table

POINTERS: Final = ("env", "file")


@dataclass(slots=True)
class Secrets:
    """Resolves `env:NAME` and `file:PATH`; only the operator's own file may use them."""

    environ: Mapping[str, str]

    def resolve(self, table: Table, key: str) -> str:
        """Return the secret that `key` holds or points to, "" when it is absent or a mistake was noted."""
        return self.resolve_text(table, key, table.text(key))

    def resolve_text(self, table: Table, key: str, value: str) -> str:
        """Do so for one `value` of `key`."""
        if not is_pointer(value):
            return value
        kind, _, name = value.partition(":")
        if kind == "env":
            if not (found := self.environ.get(name, "")):
                table.problem(key, f"the environment variable {name!r} is not set")
            return found
        try:
            return Path(name).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, ValueError, RuntimeError) as error:
            table.problem(key, f"the file {name!r} cannot be read: {getattr(error, 'strerror', None) or error}")
            return ""


@dataclass(slots=True)
class GivenSecrets:
    """Takes secrets as they are given, and follows no pointer: who may call the API may not read the server's files."""

    def resolve(self, table: Table, key: str) -> str:
        """Return the secret that `key` holds, "" when it is absent or a mistake was noted."""
        return self.resolve_text(table, key, table.text(key))

    def resolve_text(self, table: Table, key: str, value: str) -> str:
        """Do so for one `value` of `key`."""
        if is_pointer(value):
            table.problem(key, "begins with env: or file:, which only torod.toml may; give the secret itself")
            return ""
        return value


def is_pointer(value: str) -> bool:
    """Whether `value` says where a secret is instead of being one."""
    kind, colon, _ = value.partition(":")
    return bool(colon) and kind in POINTERS
