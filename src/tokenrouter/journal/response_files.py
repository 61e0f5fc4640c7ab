"""Stored responses on disk: one encrypted file each, gone after a day.

Clients of the Responses API may go on from a stored response by its id. What is kept is a whole conversation, so it
is encrypted, bound to its owner, and named by a hash that tells neither owner nor id: who asks for another's finds
nothing.
"""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEPT_S: Final = 24 * 3600.0
"""How long a response can be gone on from."""
MAX_BYTES: Final = 2**30
"""Most bytes of all files; the oldest go first."""
MAX_FILE_BYTES: Final = 32 * 2**20
"""A conversation longer than this is not stored."""
_MAGIC: Final = b"TRR1"
_NONCE_BYTES: Final = 12

log = structlog.get_logger(__name__)


class ResponseFiles:
    """The responses of one installation. `key` has 32 bytes (AES-256-GCM, NIST SP 800-38D)."""

    def __init__(
        self, folder: Path, key: bytes, *, clock: Callable[[], float] = time.time, max_bytes: int = MAX_BYTES
    ) -> None:
        self._folder = folder
        self._cipher = AESGCM(key)
        self._clock = clock
        self._max_bytes = max_bytes

    def put(self, owner: str, response_id: str, data: bytes) -> bool:
        """Keep `data`; False when it is too long or cannot be written, which is logged."""
        if len(data) > MAX_FILE_BYTES:
            return False
        path = self._path(owner, response_id)
        fresh = path.with_suffix(f".{os.getpid()}")
        nonce = os.urandom(_NONCE_BYTES)
        sealed = _MAGIC + nonce + self._cipher.encrypt(nonce, data, _bound_to(owner, response_id))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(sealed)
            fresh.replace(path)
        except OSError as error:
            log.warning("a response cannot be stored", reason=str(error))
            return False
        return True

    def get(self, owner: str, response_id: str) -> bytes | None:
        """Return what was kept, None when it is unknown, another's, too old, or cannot be read."""
        path = self._path(owner, response_id)
        try:
            if path.stat().st_mtime < self._clock() - KEPT_S:
                return None
            sealed = path.read_bytes()
        except OSError:
            return None
        head = len(_MAGIC) + _NONCE_BYTES
        try:
            return self._cipher.decrypt(sealed[len(_MAGIC) : head], sealed[head:], _bound_to(owner, response_id))
        except (InvalidTag, ValueError):
            log.warning("a stored response cannot be decrypted", file=path.name)
            return None

    def delete(self, owner: str, response_id: str) -> bool:
        """Forget it; whether there was any."""
        try:
            self._path(owner, response_id).unlink()
        except OSError:
            return False
        return True

    def sweep(self) -> None:
        """Delete what is too old, and the oldest where there is too much."""
        try:
            files = sorted(
                ((entry.stat(), entry.path) for entry in os.scandir(self._folder)), key=lambda it: it[0].st_mtime
            )
        except OSError:
            return
        too_much = sum(stat.st_size for stat, _ in files) - self._max_bytes
        for stat, path in files:
            if stat.st_mtime >= self._clock() - KEPT_S and too_much <= 0:
                break
            Path(path).unlink(missing_ok=True)
            too_much -= stat.st_size

    def _path(self, owner: str, response_id: str) -> Path:
        return self._folder / hashlib.sha256(_bound_to(owner, response_id)).hexdigest()[:40]


def _bound_to(owner: str, response_id: str) -> bytes:
    return f"{owner}\n{response_id}".encode("utf-8", "replace")
