"""The last Catalog on disk, encrypted: what a data process starts from while the control process is still loading."""

import os
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tokenrouter.domain.catalog import Catalog

FILE_NAME: Final = "catalog.snapshot"
_MAGIC: Final = b"TRS1"
_NONCE_BYTES: Final = 12

_decode: Final = msgspec.msgpack.Decoder(Catalog).decode


def seal(catalog: Catalog, key: bytes) -> bytes:
    """Return `catalog` encrypted under the 32 bytes of `key` (AES-256-GCM, NIST SP 800-38D)."""
    nonce = os.urandom(_NONCE_BYTES)
    return _MAGIC + nonce + AESGCM(key).encrypt(nonce, msgspec.msgpack.encode(catalog), _MAGIC)


def unseal(sealed: bytes, key: bytes) -> Catalog | None:
    """Return the catalog, or None when it is of another version, of another key, or damaged."""
    head = len(_MAGIC) + _NONCE_BYTES
    if not sealed.startswith(_MAGIC):
        return None
    try:
        return _decode(AESGCM(key).decrypt(sealed[len(_MAGIC) : head], sealed[head:], _MAGIC))
    except (InvalidTag, msgspec.DecodeError):
        return None


def write_snapshot(path: Path, catalog: Catalog, key: bytes) -> None:
    """Replace the file at once (mode 0600): a reader sees the old one or the new one.

    Raises:
        OSError: the folder cannot be written.
    """
    fresh = path.with_suffix(f".{os.getpid()}")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(seal(catalog, key))
    fresh.replace(path)


def read_snapshot(path: Path, *keys: bytes) -> Catalog | None:
    """Return the catalog on disk, or None when there is none that can be used with any of `keys`."""
    try:
        sealed = path.read_bytes()
    except OSError:
        return None
    return next((catalog for key in keys if (catalog := unseal(sealed, key)) is not None), None)
