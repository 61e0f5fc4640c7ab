"""Checking an RS256 signature (RFC 7518 3.3) with the standard library: one modular power and a comparison.

Only for keys that a test has made: nothing here keeps a secret, and a judge needs no constant time. The padding is
built and compared as a whole (RFC 8017 8.2.2), never parsed, so a forged one has no gap to hide in.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

_SHA256_PREFIX: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""DigestInfo of SHA-256 up to the digest (RFC 8017 9.2, note 1)."""
_INTEGER: Final = 0x02
_BIT_STRING: Final = 0x03
_SEQUENCE: Final = 0x30


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA public key."""

    modulus: int
    exponent: int

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's RSASSA-PKCS1-v1_5 signature of `message` with SHA-256."""
        size = (self.modulus.bit_length() + 7) // 8
        if len(signature) != size:
            return False
        opened = pow(int.from_bytes(signature, "big"), self.exponent, self.modulus).to_bytes(size, "big")
        ending = b"\x00" + _SHA256_PREFIX + hashlib.sha256(message).digest()
        return opened == b"\x00\x01" + b"\xff" * (size - 2 - len(ending)) + ending


def read_public_key(pem: str) -> PublicKey:
    """The key in a `BEGIN PUBLIC KEY` file (SubjectPublicKeyInfo, RFC 5280 4.1.2.7; PEM, RFC 7468 13).

    Raises:
        ValueError: it is not such a file, or not an RSA key.
    """
    lines = [line.strip() for line in pem.strip().splitlines()]
    if not lines or lines[0] != "-----BEGIN PUBLIC KEY-----" or lines[-1] != "-----END PUBLIC KEY-----":
        raise ValueError("a public key file begins with -----BEGIN PUBLIC KEY-----")
    try:
        der = base64.b64decode("".join(lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise ValueError("the public key file is not base64") from error
    info, _ = _value(der, _SEQUENCE)
    _, rest = _value(info, _SEQUENCE)
    wrapped, _ = _value(rest, _BIT_STRING)
    pair, _ = _value(wrapped[1:], _SEQUENCE)
    modulus, rest = _value(pair, _INTEGER)
    exponent, _ = _value(rest, _INTEGER)
    return PublicKey(int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big"))


def _value(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the DER element of that tag with which `der` begins, and what follows it."""
    if len(der) < 2 or der[0] != tag:
        raise ValueError("the public key is not an RSA key")
    size, start = der[1], 2
    if size & 0x80:
        start = 2 + (size & 0x7F)
        size = int.from_bytes(der[2:start], "big")
    return der[start : start + size], der[start + size :]
