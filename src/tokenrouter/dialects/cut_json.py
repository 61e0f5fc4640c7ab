"""JSON that was cut off somewhere, made whole again so that what is there of it can be read.

Of a long body only the beginning is kept. What was open where it ends is closed, and what was begun and cannot be
completed is left out: a member without its value, half of an escape, half of a number.
"""

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(rb'\s+|"(?:[^"\\]|\\.)*"|[\[\]{},:]|-?\d[\d.eE+-]*(?=[\s,\]}])|true|false|null', re.DOTALL)
_CLOSING: Final = {b"[": b"]", b"{": b"}"}
_HALF_ESCAPE: Final = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_HIGH_SURROGATE: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
_OUTER: Final = 2
"""Depth at which the turns of a conversation stand: in the array of a field of the body."""


def readings_of(cut: bytes) -> Iterator[bytes]:
    """Yield what a cut JSON object may be read as, the fullest first; nothing where there is no object.

    The first has as much as can be; the second ends with the last element of an outer array that is whole, since half
    an element may lack what it cannot be without.
    """
    scan = _Scan(cut)
    if scan.whole_stack:
        yield scan.fullest()
        if scan.outer_at:
            yield cut[: scan.outer_at] + _closing(scan.outer_stack)


class _Scan:
    """One way through the bytes, noting where they may be cut: behind the last whole value, and of an outer array."""

    def __init__(self, cut: bytes) -> None:
        self._cut = cut
        self._stack = b""
        self._is_in_value = False
        self.whole_at, self.whole_stack = 0, b""
        self.outer_at, self.outer_stack = 0, b""
        self._run()

    def fullest(self) -> bytes:
        """Return as much as there is, half of a text included."""
        if not self._is_in_value:
            return self._cut[: self.whole_at] + _closing(self.whole_stack)
        text = _HALF_ESCAPE.sub(b"", self._cut) if _ends_in_escape(self._cut) else self._cut
        text = _HIGH_SURROGATE.sub(b"", _whole_characters(text))
        return text + b'"' + _closing(self._stack)

    def _run(self) -> None:
        cut, at, is_key = self._cut, 0, False
        while at < len(cut):
            token = _TOKEN.match(cut, at)
            if token is None:
                self._is_in_value = cut[at : at + 1] == b'"' and not is_key
                return
            at, text = token.end(), token.group()
            if text in (b"[", b"{"):
                self._stack += text
                is_key = text == b"{"
                self._note(at)
            elif text in (b"]", b"}"):
                self._stack = self._stack[:-1]
                self._note(at)
                if not self._stack:
                    return
            elif text == b",":
                is_key = self._stack[-1:] == b"{"
            elif text == b":":
                is_key = False
            elif not text.isspace() and not is_key:
                self._note(at)

    def _note(self, at: int) -> None:
        self.whole_at, self.whole_stack = at, self._stack
        if len(self._stack) == _OUTER and self._stack.endswith(b"[") and self._cut[at - 1 : at] == b"}":
            self.outer_at, self.outer_stack = at, self._stack


def _closing(stack: bytes) -> bytes:
    return b"".join(_CLOSING[stack[at : at + 1]] for at in range(len(stack) - 1, -1, -1))


def _ends_in_escape(text: bytes) -> bool:
    """Whether the text ends within an escape."""
    found = _HALF_ESCAPE.search(text)
    if found is None:
        return False
    before = text[: found.start()]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 0


def _whole_characters(text: bytes) -> bytes:
    """Return `text` without the bytes of a character that was cut (UTF-8, RFC 3629)."""
    for back in range(1, min(4, len(text)) + 1):
        byte = text[-back]
        if byte < 0x80:
            return text
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return text if length == back else text[:-back]
    return text
