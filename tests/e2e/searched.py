"""What must not be found: secrets and texts with a random part of their own, searched for in every usual disguise.

Each is looked for by a part of it that stands nowhere else and that neither JSON nor a URL writes otherwise, so it is
found inside of longer texts too; and as hexadecimal digits, as UTF-16, and as base64 wherever its bytes begin.
"""

import base64
import secrets
import string
from dataclasses import dataclass, field

SEARCHED_CHARS = 20
"""Of a secret whose whole length is longer, the last so many are looked for: hints show fewer."""
LEAST_CHARS = 12
"""Shorter ones might stand somewhere by chance."""
_PLAIN = set(string.ascii_letters + string.digits + "-_.")


@dataclass
class Secrets:
    """Everything that was secret in a run, by a name that a failure can tell."""

    _forms: dict[str, tuple[bytes, ...]] = field(default_factory=dict)

    def new(self, name: str, before: str = "", after: str = "") -> str:
        """Make a secret of a random part with something around it."""
        part = secrets.token_hex(SEARCHED_CHARS // 2)
        self._forms[name] = _forms(part.encode())
        return f"{before}{part}{after}"

    def know(self, name: str, value: str) -> str:
        """Take in a secret that the server has made; returns it."""
        part = value[-SEARCHED_CHARS:]
        assert len(part) >= LEAST_CHARS, name
        assert set(part) <= _PLAIN, name
        self._forms[name] = _forms(part.encode())
        return value

    def without(self, name: str, data: bytes) -> bytes:
        """Return `data` without one of them, where it is shown to whoever said it."""
        return data.replace(self._forms[name][0], b"")

    def found_in(self, data: bytes) -> set[str]:
        """Return the names of those that stand in `data`."""
        return {name for name, forms in self._forms.items() if any(form in data for form in forms)}


def _forms(part: bytes) -> tuple[bytes, ...]:
    encoded = [_base64_within(part, offset) for offset in range(3)]
    safe = [form.translate(bytes.maketrans(b"+/", b"-_")) for form in encoded]
    hexadecimal = part.hex().encode()
    return (part, *dict.fromkeys(encoded + safe), hexadecimal, hexadecimal.upper(), part.decode().encode("utf-16-le"))


def _base64_within(part: bytes, offset: int) -> bytes:
    """Return the characters that `part` becomes, whatever stands around it, `offset` bytes after a group's begin."""
    begin, end = (offset * 8 + 5) // 6, (offset + len(part)) * 8 // 6
    return base64.b64encode(bytes(offset) + part)[begin:end]
