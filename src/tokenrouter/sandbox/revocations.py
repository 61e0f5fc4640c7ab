"""Keys that are revoked in the middle: `sk-x~10` may post ten requests, and is then refused for ever.

The key says so by itself, as fault models do, so that a test needs no second channel and keys do not meet.
"""

import re
from typing import Final

from tokenrouter.sandbox.quotas import key_of
from tokenrouter.sandbox.server import Request

MAX_KEYS: Final = 10_000
"""Most keys that are counted; the oldest are forgotten, and begin anew."""
_KEY: Final = re.compile(r".*~(\d{1,6})")


class Revocations:
    """How often each of these keys has been used."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def is_revoked(self, request: Request) -> bool:
        """Return whether the key of `request` is refused by now; a POST counts."""
        key = key_of(request)
        match = _KEY.fullmatch(key)
        if match is None:
            return False
        used = self._used.get(key, 0)
        if used >= int(match[1]):
            return True
        if request.method == "POST":
            self._used[key] = used + 1
            if len(self._used) > MAX_KEYS:
                del self._used[next(iter(self._used))]
        return False
