"""What a browser carries to the identity provider and back, which nobody but us can read or change.

It lies in a cookie instead of in the database: nobody has to sign in to make one, so rows could be made without end,
and any node may be the one that the browser comes back to. AES-256-GCM; ten minutes.
"""

import base64
import secrets
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LIFETIME_S: Final = 600.0
MAX_SEALED_CHARS: Final = 3000
"""Browsers keep cookies of 4096 bytes."""
_NONCE_BYTES: Final = 12


class Errand(msgspec.Struct, frozen=True):
    """One sign-in that is on its way: at which provider, and what its answer has to fit.

    Attributes:
        verifier: of PKCE (RFC 7636).
        came_to: the address that the provider sends the browser back to.
        wanted: the page of ours that the browser was to go to in the end.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    came_to: str
    until_s: float
    wanted: str = ""

    def __repr__(self) -> str:
        return f"Errand({self.provider!r})"


def new_errand(provider: str, came_to: str, now_s: float, *, wanted: str = "") -> Errand:
    """Return an errand with fresh random values, 256 bits each."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Errand(provider, state, nonce, verifier, came_to, now_s + LIFETIME_S, wanted)


def seal(errand: Errand, key: bytes) -> str:
    """Return the cookie that carries `errand`; `key` has 32 bytes."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, msgspec.json.encode(errand), None)).decode()


def unseal(cookie: str, key: bytes, now_s: float) -> Errand | None:
    """Return what `cookie` carries; None when it is none of ours, or too old."""
    if len(cookie) > MAX_SEALED_CHARS:
        return None
    try:
        sealed = base64.urlsafe_b64decode(cookie.encode("ascii"))
        errand = msgspec.json.decode(
            AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None), type=Errand
        )
    except (ValueError, InvalidTag, msgspec.MsgspecError):
        return None
    return errand if errand.until_s > now_s else None
