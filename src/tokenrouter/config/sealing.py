"""Compressed and encrypted: how texts of people lie on the disk that only this installation shall read.

AES-256-GCM (NIST SP 800-38D) with a random nonce, below 2^32 texts under one key. What a text is bound to (its place,
its id) has to be said again to read it, so that nobody can move one to where others may read it.
"""

import os
from typing import Final

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAX_TEXT_BYTES: Final = 64 * 2**20
"""Nothing longer is ever sealed, so nothing longer comes out, whatever the bytes claim to be."""
_NONCE_BYTES: Final = 12
_LEVEL: Final = 3


class SealBroken(ValueError):
    """The bytes were not sealed with this key and for this place, or are damaged."""


class Sealing:
    """Seals and opens with one key of 32 bytes. Safe to use from several threads."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: bytes, bound_to: str) -> bytes:
        """Return `text`, compressed and encrypted."""
        nonce = os.urandom(_NONCE_BYTES)
        packed = zstandard.ZstdCompressor(level=_LEVEL).compress(text)
        return nonce + self._cipher.encrypt(nonce, packed, bound_to.encode())

    def unseal(self, sealed: bytes, bound_to: str) -> bytes:
        """Return the text.

        Raises:
            SealBroken
        """
        try:
            packed = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
            return zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_TEXT_BYTES)
        except (InvalidTag, ValueError, zstandard.ZstdError) as error:
            raise SealBroken(f"what is kept for {bound_to} cannot be read") from error
