"""The installation's secret: 32 bytes from which every key of ours is derived.

`ENCRYPTION_KEY` names it, or a file in the state folder holds it. It hashes short API keys and
encrypts what lies on the disk; without it a stolen database is of no use.
"""

import hashlib
import hmac
import os
import re
import secrets
from typing import Final

from tokenrouter.config.settings import Settings

FILE_NAME: Final = "secret.key"
SECRET_BYTES: Final = 32
HEX_PREFIX: Final = "hex:"


def load_or_create_secret(settings: Settings) -> bytes:
    """Return the secret; the file is made (mode 0600) when it is missing.

    `ENCRYPTION_KEY` is any text, or `hex:` and 64 digits: that is how the secret of a key file is carried over to
    several nodes.

    Raises:
        OSError: the state folder cannot be written.
        ValueError: the file holds something else, or what follows `hex:` is not the 32 bytes of a secret.
    """
    if settings.encryption_key:
        return _named_secret(settings.encryption_key)
    folder = settings.paths.state_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE_NAME
    if not path.exists():
        fresh = folder / f".{FILE_NAME}.{os.getpid()}"
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"{path} does not hold {SECRET_BYTES} bytes; restore it from a backup")
    return secret


def _named_secret(text: str) -> bytes:
    if not text.startswith(HEX_PREFIX):
        return hashlib.sha256(text.encode()).digest()
    digits = text.removeprefix(HEX_PREFIX)
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
        raise ValueError(f"ENCRYPTION_KEY begins with {HEX_PREFIX} but does not go on with 64 hexadecimal digits")
    return bytes.fromhex(digits)


def fingerprint(secret: bytes) -> str:
    """Return what a database notes to recognise the secret by; nothing of the secret follows from it."""
    return hmac.digest(secret, b"tokenrouter database", "sha256").hex()[:32]


def pepper(secret: bytes) -> bytes:
    """Return the key that hashes short API keys."""
    return hmac.digest(secret, b"tokenrouter api key pepper", "sha256")


def responses_key(secret: bytes) -> bytes:
    """Return the key that encrypts stored responses."""
    return hmac.digest(secret, b"tokenrouter stored responses", "sha256")


def answers_key(secret: bytes) -> bytes:
    """Return the key that encrypts answers on a server that processes share."""
    return hmac.digest(secret, b"tokenrouter kept answers", "sha256")


def sign_in_key(secret: bytes) -> bytes:
    """Return the key that seals what browsers carry to an identity provider and back."""
    return hmac.digest(secret, b"tokenrouter sign-in errands", "sha256")


def conversations_key(secret: bytes) -> bytes:
    """Return the key that encrypts conversations that are kept for people to read."""
    return hmac.digest(secret, b"tokenrouter kept conversations", "sha256")


def snapshot_key(secret: bytes) -> bytes:
    """Return the key that encrypts the Catalog on disk."""
    return hmac.digest(secret, b"tokenrouter catalog snapshot", "sha256")
