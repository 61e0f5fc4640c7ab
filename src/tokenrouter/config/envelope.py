"""Secrets in envelopes: each encrypted under a key of its own, and that key wrapped under one of the installation's.

So a rotation rewrites 60 bytes of each secret and never the secret itself, and no two secrets share a key. AES-256-GCM
(NIST SP 800-38D) with random nonces of 96 bits; a wrapping key makes one for each secret and rotation, far from the
2**32 that are safe. What a secret belongs to is authenticated with it: a row that is copied to another provider does
not open there.
"""

import json
import os
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class SecretPlace(NamedTuple):
    """What a secret belongs to: the `field` of a subject, as of the `provider` called `acme`."""

    kind: str
    id: str
    field: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """One secret as it is kept; `key_id` says under which of the installation's keys its own is `wrapped`."""

    key_id: str
    wrapped: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


class CannotDecrypt(Exception):
    """An envelope does not open; the message says why, and nothing of what is in it."""


def seal(text: str, place: SecretPlace, key_id: str, key: bytes) -> Envelope:
    """Return `text` in an envelope that opens with the 32 bytes of `key`, and only at `place`."""
    own = os.urandom(_KEY_BYTES)
    return Envelope(key_id, _encrypt(key, own, _about(place, key_id)), _encrypt(own, text.encode(), _about(place)))


def unseal(envelope: Envelope, place: SecretPlace, key: bytes) -> str:
    """Return what is in the envelope.

    Raises:
        CannotDecrypt: another key, another place, or damage.
    """
    own = _decrypt(key, envelope.wrapped, _about(place, envelope.key_id))
    return _decrypt(own, envelope.sealed, _about(place)).decode()


def rewrap(envelope: Envelope, place: SecretPlace, key: bytes, new_id: str, new_key: bytes) -> Envelope:
    """Return the envelope as it opens with `new_key`; what is in it is not looked at.

    Raises:
        CannotDecrypt: as `unseal`.
    """
    own = _decrypt(key, envelope.wrapped, _about(place, envelope.key_id))
    return replace(envelope, key_id=new_id, wrapped=_encrypt(new_key, own, _about(place, new_id)))


def _about(place: SecretPlace, key_id: str = "") -> bytes:
    """Return what is authenticated beside a text; JSON, so that no two places are the same bytes."""
    return json.dumps(["tokenrouter secret 1", *place, key_id]).encode()


def _encrypt(key: bytes, data: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, about)


def _decrypt(key: bytes, data: bytes, about: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], about)
    except (InvalidTag, ValueError):
        raise CannotDecrypt("it is damaged, or was not written here") from None
