"""API keys: making, hashing and showing them.

A key is shown once and kept as a digest only. Keys that we make carry 256 random bits, so one
SHA-256 is enough; a short key that an operator chose could be guessed offline from its digest, so
those are hashed with a secret of this installation (HMAC).
"""

import hashlib
import hmac
import secrets
from typing import Final

KEY_PREFIX: Final = "tr_"
SHORT_KEY_CHARS: Final = 20
"""Keys shorter than this are kept as HMAC; the operator is warned (DESIGN.md, "Security")."""
MIN_KEY_CHARS: Final = 8
"""Shorter keys are refused: they can be guessed online."""


def make_key() -> str:
    """Return a new key: `tr_` and 43 URL-safe characters (256 random bits)."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def key_digest(key: str | bytes, pepper: bytes) -> bytes:
    """Return the 32 bytes under which `key` is kept and looked up.

    `pepper` is this installation's secret; it matters for short keys only.
    """
    raw = key.encode() if isinstance(key, str) else key
    if len(raw) < SHORT_KEY_CHARS:
        return hmac.digest(pepper, raw, "sha256")
    return hashlib.sha256(raw).digest()


def key_hint(key: str) -> str:
    """Return what may be shown of a key for ever: enough to tell keys apart, too little to use one."""
    return f"{key[:6]}…{key[-4:]}" if len(key) >= SHORT_KEY_CHARS else f"{key[:2]}…"
