"""RS256, against the signatures of another implementation."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.sandbox.google.asking import new_key, pem
from tokenrouter.sandbox.google.rs256 import read_public_key

KEY = new_key()
SIGNATURE = KEY.sign(b"message", padding.PKCS1v15(), hashes.SHA256())


def test_a_signature_of_the_key_is_good() -> None:
    assert read_public_key(pem(KEY)).verifies(b"message", SIGNATURE)


@pytest.mark.parametrize(
    ("message", "signature"),
    [
        (b"another", SIGNATURE),
        (b"message", SIGNATURE[:-1]),
        (b"message", bytes(256)),
        (b"message", bytes([SIGNATURE[0] ^ 1]) + SIGNATURE[1:]),
        (b"message", KEY.sign(b"message", padding.PKCS1v15(), hashes.SHA512())),
        (b"message", new_key().sign(b"message", padding.PKCS1v15(), hashes.SHA256())),
    ],
    ids=["another message", "too short", "nothing", "one bit else", "another hash", "another key"],
)
def test_anything_else_is_not(message: bytes, signature: bytes) -> None:
    assert not read_public_key(pem(KEY)).verifies(message, signature)


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN PUBLIC KEY-----\n?\n-----END PUBLIC KEY-----"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="public key"):
        read_public_key(text)


def test_a_key_of_another_kind_is_refused() -> None:
    public = generate_private_key(SECP256R1()).public_key()

    with pytest.raises(ValueError, match="not an RSA key"):
        read_public_key(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
