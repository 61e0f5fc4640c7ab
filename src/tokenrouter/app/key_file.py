"""The keys of the database on disk, encrypted: what a data process starts from while the control process is loading.

All of them stand in one file that is written seldom; what changed since stands in another, to which each change is
added as it happens. So a key that was revoked is gone for a process that starts a moment later, and revoking one of a
hundred thousand does not write the others again. A change that was torn in two, or that builds on another version than
the one before it, ends the reading: the control process tells the rest.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tokenrouter.app.channel import KeysMessage
from tokenrouter.app.key_feed import KeyFeed
from tokenrouter.gateway.key_ring import KeyRing

KEYS_NAME: Final = "keys.snapshot"
CHANGES_NAME: Final = "keys.changes"
MAX_CHANGES_BYTES: Final = 4 * 2**20
"""After so much the whole is written again; reading it at a start takes some hundredths of a second."""
MAX_FRAME_BYTES: Final = 64 * 2**20
_LENGTH_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_CONTEXT: Final = b"TRK2"
"""Associated data: such a record is of no use elsewhere, and no other is of use here."""

_decode: Final = msgspec.msgpack.Decoder(KeysMessage).decode
_encode: Final = msgspec.msgpack.Encoder().encode


class KeyFile:
    """Writes both files in `folder`, mode 0600; one control process does.

    `key` returns the 32 bytes (AES-256-GCM) that count now: secrets are rotated while servers run.
    """

    def __init__(self, folder: Path, key: Callable[[], bytes]) -> None:
        self._keys, self._changes = folder / KEYS_NAME, folder / CHANGES_NAME
        self._key = key
        self._written_under = b""
        self._changed_bytes = 0

    @property
    def needs_whole(self) -> bool:
        """Whether the whole should be written again: so much has changed, or it is under an older key."""
        return self._changed_bytes > MAX_CHANGES_BYTES or self._written_under != self._key()

    def write(self, parts: Iterable[KeysMessage]) -> None:
        """Put all keys, as `all_parts` tells them, in the place of what is there: a reader sees the old or the new.

        Raises:
            OSError: the folder cannot be written.
        """
        self._written_under = self._key()
        fresh = self._keys.with_suffix(f".{os.getpid()}")
        with os.fdopen(_open(fresh, os.O_TRUNC), "wb") as file:
            for part in parts:
                file.write(self._sealed(part))
        fresh.replace(self._keys)
        self._changes.unlink(missing_ok=True)
        self._changed_bytes = 0

    def add(self, news: KeysMessage) -> None:
        """Add what has changed.

        Raises:
            OSError: the folder cannot be written.
        """
        sealed = self._sealed(news)
        with os.fdopen(_open(self._changes, os.O_APPEND), "ab") as file:
            file.write(sealed)
        self._changed_bytes += len(sealed)

    def _sealed(self, message: KeysMessage) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + AESGCM(self._key()).encrypt(nonce, _encode(message), _CONTEXT)
        return len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed


def read_keys(folder: Path, *keys: bytes) -> KeyRing:
    """Return the keys on disk as far as any of `keys` opens them; an empty ring where there are none."""
    feed = KeyFeed(KeyRing())
    ciphers = [AESGCM(key) for key in keys]
    for message in _messages(folder / KEYS_NAME, ciphers):
        if feed.take(message) == "lost":
            return KeyRing()
    for message in _messages(folder / CHANGES_NAME, ciphers):
        if feed.take(message) == "lost":
            break
    return feed.ring


def _messages(path: Path, ciphers: Sequence[AESGCM]) -> Iterator[KeysMessage]:
    try:
        with path.open("rb") as file:
            while sealed := file.read(min(MAX_FRAME_BYTES, int.from_bytes(file.read(_LENGTH_BYTES), "big"))):
                yield _decode(_opened(sealed, ciphers))
    except (OSError, InvalidTag, ValueError, msgspec.DecodeError):
        return


def _opened(sealed: bytes, ciphers: Sequence[AESGCM]) -> bytes:
    """Return what one of `ciphers` opens.

    Raises:
        InvalidTag: none does.
    """
    for cipher in ciphers:
        with suppress(InvalidTag):
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _CONTEXT)
    raise InvalidTag


def _open(path: Path, mode: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | mode, 0o600)
