"""Who is signed in to the admin page, and how often somebody may guess.

Sessions live in memory: they end when the control process does, which costs one sign-in. A session is
found by the digest of its cookie, so a dump of the memory opens no session.
"""

import hashlib
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Final

COOKIE: Final = "tokenrouter_session"
SESSION_S: Final = 12 * 3600.0
MAX_SESSIONS: Final = 1000
"""The oldest gives way: nobody needs more, and memory stays bounded."""
MAX_FAILURES: Final = 5
FAILURE_WINDOW_S: Final = 300.0
"""Five wrong secrets in five minutes from one address: a person mistypes less, a guesser gets nowhere."""
MAX_ADDRESSES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in.

    Attributes:
        key_digest: of the admin key that opened it, or None for the admin password.
        csrf: what every form of this session carries.
    """

    key_digest: bytes | None = field(repr=False)
    expires_at_s: float
    csrf: str = field(repr=False)


class Sessions:
    """The open sessions."""

    def __init__(self) -> None:
        self._open: dict[bytes, Session] = {}

    def begin(self, key_digest: bytes | None, *, now_s: float) -> str:
        """Open a session and return its cookie: 256 random bits."""
        cookie = secrets.token_urlsafe(32)
        for old in [digest for digest, session in self._open.items() if session.expires_at_s <= now_s]:
            self._open.pop(old, None)
        while len(self._open) >= MAX_SESSIONS:
            self._open.pop(next(iter(self._open)), None)
        self._open[_digest(cookie)] = Session(key_digest, now_s + SESSION_S, secrets.token_urlsafe(32))
        return cookie

    def find(self, cookie: str, *, now_s: float) -> Session | None:
        """Return the session of `cookie`, or None when there is none or it is over."""
        session = self._open.get(_digest(cookie))
        return session if session is not None and session.expires_at_s > now_s else None

    def end(self, cookie: str) -> None:
        """Forget the session of `cookie`."""
        self._open.pop(_digest(cookie), None)


class SignInThrottle:
    """Counts wrong secrets by the address they came from."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[float]] = {}

    def wait_s(self, address: str, *, now_s: float) -> float:
        """Return how long `address` has to wait before it may try again; 0 when it may now."""
        failures = self._failures.get(address)
        if failures is None or len(failures) < MAX_FAILURES:
            return 0.0
        return max(0.0, failures[0] + FAILURE_WINDOW_S - now_s)

    def failed(self, address: str, *, now_s: float) -> None:
        """Note a wrong secret."""
        if address not in self._failures and len(self._failures) >= MAX_ADDRESSES:
            self._failures.pop(next(iter(self._failures)), None)
        self._failures.setdefault(address, deque(maxlen=MAX_FAILURES)).append(now_s)

    def succeeded(self, address: str) -> None:
        """Forget what `address` got wrong."""
        self._failures.pop(address, None)


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).digest()
