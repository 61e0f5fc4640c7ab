"""The installation's secrets: 32 bytes each, from which every key of ours is derived.

`ENCRYPTION_KEY` names them, or a file in the state folder holds them. There is one until it is rotated. The **first**
is the installation's mark and stays for good: short API keys are hashed with it, and nobody has them in clear to hash
them anew; a database knows its nodes by it. It also encrypts what is forgotten within a day anyway (stored responses,
kept answers), and conversations, which would have to be written anew in whole. The **newest** protects what can be
protected anew: the secrets in the database, which a rotation wraps under it (`config/keyring.py`), and the Catalog on
the disk, which holds them in clear.
"""

import fcntl
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tokenrouter.config.settings import Settings

FILE_NAME: Final = "secret.key"
SECRET_BYTES: Final = 32
HEX_PREFIX: Final = "hex:"
MAX_SECRETS: Final = 16
"""Most secrets in one file: the first, the one in use, and what rotations that were broken off have left."""


def load_or_create_secret(settings: Settings) -> bytes:
    """Return the first secret.

    Raises:
        OSError, ValueError: as `load_or_create_secrets`.
    """
    return load_or_create_secrets(settings)[0]


def load_or_create_secrets(settings: Settings) -> tuple[bytes, ...]:
    """Return the secrets, the first one first and the newest last; the file is made (mode 0600) when it is missing.

    `ENCRYPTION_KEY` is any text, or `hex:` and 64 digits for each secret: that is how a key file is carried over to
    several nodes. `ENCRYPTION_KEY_OLD` is the one before it, `ENCRYPTION_KEY_FIRST` the one that it all began with.

    Raises:
        OSError: the state folder cannot be written.
        ValueError: the file holds something else, or what follows `hex:` is not the bytes of secrets.
    """
    if settings.encryption_key:
        named = (settings.encryption_key_first, settings.encryption_key_old, settings.encryption_key)
        return tuple(dict.fromkeys(secret for text in named if text for secret in _named_secrets(text)))
    path = key_file(settings)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        fresh = _write_beside(path, secrets.token_bytes(SECRET_BYTES))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return _read(path)


def key_file(settings: Settings) -> Path:
    """Return where the secrets lie when no variable names them."""
    return settings.paths.state_dir / FILE_NAME


def add_secret(path: Path) -> bytes:
    """Append a new secret to the file, and return it.

    Raises:
        OSError: the file cannot be written.
        ValueError: it is damaged, or full.
    """
    known = _read(path)
    if len(known) >= MAX_SECRETS:
        raise ValueError(f"{path} holds {len(known)} secrets already")
    fresh = secrets.token_bytes(SECRET_BYTES)
    _write_beside(path, b"".join((*known, fresh))).replace(path)
    return fresh


def keep_secrets(path: Path, kept: Sequence[bytes]) -> None:
    """Leave only the first secret and those of `kept` in the file.

    Raises:
        OSError, ValueError: as `add_secret`.
    """
    first, *others = _read(path)
    _write_beside(path, b"".join((first, *(one for one in others if one in kept)))).replace(path)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Let one process at a time change the file; the others wait. The lock ends with its process, however that ends."""
    with open(path.with_name(f".{path.name}.lock"), "ab", opener=_private) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write_beside(path: Path, data: bytes) -> Path:
    """Return a new file beside `path` that holds `data` for good."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _read(path: Path) -> tuple[bytes, ...]:
    data = path.read_bytes()
    if not data or len(data) % SECRET_BYTES:
        raise ValueError(f"{path} does not hold {SECRET_BYTES} bytes; restore it from a backup")
    return tuple(data[at : at + SECRET_BYTES] for at in range(0, len(data), SECRET_BYTES))


def _named_secrets(text: str) -> tuple[bytes, ...]:
    if not text.startswith(HEX_PREFIX):
        return (hashlib.sha256(text.encode()).digest(),)
    digits = text.removeprefix(HEX_PREFIX)
    if not re.fullmatch(r"([0-9a-fA-F]{64})+", digits):
        raise ValueError(f"ENCRYPTION_KEY begins with {HEX_PREFIX} but does not go on with 64 hexadecimal digits")
    data = bytes.fromhex(digits)
    return tuple(data[at : at + SECRET_BYTES] for at in range(0, len(data), SECRET_BYTES))


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


def outline_key(secret: bytes) -> bytes:
    """Return the key that seals secrets where configurations are compared."""
    return hmac.digest(secret, b"tokenrouter configuration outline", "sha256")


def wrapping_key(secret: bytes) -> bytes:
    """Return the key under which the keys of the database's secrets are wrapped."""
    return hmac.digest(secret, b"tokenrouter wrapping key", "sha256")


def wrapping_key_id(secret: bytes) -> str:
    """Return the name of that key, which stands beside what it wraps; nothing of the secret follows from it."""
    return hmac.digest(secret, b"tokenrouter wrapping key id", "sha256").hex()[:16]
