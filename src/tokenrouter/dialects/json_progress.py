"""Whether a JSON text that arrives in pieces is whole yet.

Calls of tools stream their arguments, and not every dialect says when one is finished. Depth is enough to
know: the bytes between structural characters are skipped by one regular expression.
"""

import re
from typing import Final

_OUTSIDE: Final = re.compile(r'["{}\[\]]')
_INSIDE: Final = re.compile(r'["\\]')


class JsonProgress:
    """Follows one JSON object or array.

    Attributes:
        is_whole: whether its last bracket has come.
    """

    __slots__ = ("_depth", "_escapes", "_in_string", "is_whole")

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._escapes = False
        self.is_whole = False

    def feed(self, text: str) -> None:
        """Take the next piece."""
        at = 0
        if self._escapes and text:
            self._escapes = False
            at = 1
        while (match := (_INSIDE if self._in_string else _OUTSIDE).search(text, at)) is not None:
            at = match.end()
            at = self._meet(match.group(), at, len(text))

    def _meet(self, character: str, at: int, size: int) -> int:
        if character == '"':
            self._in_string = not self._in_string
        elif character == "\\":
            self._escapes = at == size
            return at + 1
        elif character in "{[":
            self._depth += 1
            self.is_whole = False
        else:
            self._depth -= 1
            self.is_whole = self._depth <= 0
        return at
