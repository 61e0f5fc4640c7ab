"""A Lua script as the server knows it: by the SHA-1 of its text."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Script:
    """A script and its name on the server.

    Attributes:
        name: for messages.
        sha: what EVALSHA calls it.
    """

    name: str
    text: bytes
    sha: bytes

    @classmethod
    def of(cls, name: str, text: str) -> "Script":
        """Return the script with this text."""
        encoded = text.encode()
        return cls(name, encoded, hashlib.sha1(encoded, usedforsecurity=False).hexdigest().encode())
