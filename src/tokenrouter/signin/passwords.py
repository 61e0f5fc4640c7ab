"""Passwords: what may be one, how one is kept, and whether one is right.

They are kept as argon2id, with the parameters that RFC 9106 recommends where memory is scarce (64 MiB, three passes,
four lanes). Hashes that came from a predecessor are bcrypt; they are recognised, and replaced at the first sign-in.

A hash takes 64 MiB and a core for a moment, so few are made at a time and few may wait: a crowd at the door gets 503
and everybody who is in goes on. And whether an account exists is not to be heard from how long the answer takes: the
same work is done for an unknown one, against a hash that nothing opens.
"""

import re
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from tokenrouter.domain.errors import Overloaded

MIN_PASSWORD_CHARS: Final = 10
"""NIST SP 800-63B (revision 4, 3.1.1.2; read 2026-11) wants length and no rules of composition."""
MAX_PASSWORD_BYTES: Final = 1000
AT_ONCE: Final = 2
"""Hashes made at a time: 128 MiB, and half of a small machine's cores."""
MAX_WAITING: Final = 16
"""Sign-ins that may wait for their turn, each for about a tenth of a second per one before it."""
MAX_BCRYPT_COST: Final = 14
"""One more doubles the time; 14 is about a second."""
_BCRYPT_BYTES: Final = 72
"""bcrypt looks at no more of a password; the predecessors' libraries cut what is longer."""
_BCRYPT: Final = re.compile(r"\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{53}")
_USUAL_BCRYPT_COST: Final = 10


class UnfitPassword(Exception):
    """A password cannot be one; the message says why, and never shows it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is right, and whether its hash should be made anew."""

    is_right: bool
    is_outdated: bool = False


class Passwords:
    """Makes and checks hashes, a few at a time. Safe to use from several threads; it blocks."""

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = AT_ONCE) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._turns = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(at_once + MAX_WAITING)
        self._nobody = self._hasher.hash(secrets.token_urlsafe(32))
        self._nobody_bcrypt = bcrypt.hashpw(secrets.token_bytes(32), bcrypt.gensalt(_USUAL_BCRYPT_COST)).decode()

    def hash(self, password: str) -> str:
        """Return what is kept of `password`.

        Raises:
            Overloaded: too many wait for this already.
        """
        with self._turn():
            return self._hasher.hash(_normal(password))

    def check(self, kept: str, password: str, *, some_are_imported: bool = False) -> Verdict:
        """Return whether `password` is the one that `kept` was made of; `kept` is "" where there is no account.

        With `some_are_imported` both kinds of hashes are computed for everybody, so that imported accounts cannot be
        told from others by the time that it takes.

        Raises:
            Overloaded: too many wait for this already.
        """
        is_bcrypt = _BCRYPT.fullmatch(kept) is not None
        with self._turn():
            by_argon2 = self._is_argon2_of(self._nobody if is_bcrypt or not kept else kept, password)
            by_bcrypt = (is_bcrypt or some_are_imported) and _is_bcrypt_of(
                kept if is_bcrypt else self._nobody_bcrypt, password
            )
        if is_bcrypt:
            return Verdict(by_bcrypt, is_outdated=by_bcrypt)
        is_right = by_argon2 and bool(kept)
        return Verdict(is_right, is_outdated=is_right and self._hasher.check_needs_rehash(kept))

    def _is_argon2_of(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Overloaded("Too many are signing in at this moment; try again shortly.", retry_after_s=2.0)
        try:
            with self._turns:
                yield
        finally:
            self._places.release()


def check_password(password: str, email: str) -> None:
    """Refuse what cannot be a password of the account `email`.

    Raises:
        UnfitPassword
    """
    if len(password) < MIN_PASSWORD_CHARS:
        raise UnfitPassword(f"a password has at least {MIN_PASSWORD_CHARS} characters; a sentence is a good one")
    if len(password.encode("utf-8", "surrogatepass")) > MAX_PASSWORD_BYTES:
        raise UnfitPassword(f"a password has at most {MAX_PASSWORD_BYTES} bytes")
    if "\0" in password or any("\ud800" <= char <= "\udfff" for char in password):
        raise UnfitPassword("it holds a character that no keyboard types")
    said = password.strip().casefold()
    if email and said in (email.casefold(), email.casefold().partition("@")[0]):
        raise UnfitPassword("the password is the e-mail address")
    if len(set(password)) < 3:
        raise UnfitPassword("it is one or two characters again and again")


def is_imported(kept: str) -> bool:
    """Whether a hash is a predecessor's, to be replaced at the first sign-in."""
    return kept.startswith("$2")


def can_be_checked(kept: str) -> bool:
    """Whether a hash of a predecessor is one that we can check, in bearable time."""
    found = _BCRYPT.fullmatch(kept)
    return found is not None and int(found["cost"]) <= MAX_BCRYPT_COST


def _normal(password: str) -> bytes:
    """Return the bytes that are hashed: an `é` is the same however a keyboard composes it (NIST SP 800-63B, NFKC)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


def _is_bcrypt_of(kept: str, password: str) -> bool:
    """Whether a predecessor would have taken `password`: as it was typed, and its first 72 bytes."""
    try:
        return bcrypt.checkpw(password.encode("utf-8", "replace")[:_BCRYPT_BYTES], kept.encode())
    except ValueError:
        return False
