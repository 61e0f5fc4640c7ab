"""The text inside `{"input": "…"}`, as it arrives: what a free-text tool gets from a function's arguments."""

import json
import re
from typing import Final

from tokenrouter.dialects.tool_names import INPUT_FIELD

_OPENING: Final = re.compile(r'\s*\{\s*"' + INPUT_FIELD + r'"\s*:\s*"')
_PIECE: Final = re.compile(
    r'(?:[^"\\]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[0-9a-fA-F]{4}|\\u(?![dD][89abAB])[0-9a-fA-F]{4}|\\[^u])*'
)
"""Whole characters only: an escape, or the first half of a surrogate pair, may still be on its way."""
MAX_ODD_CHARS: Final = 2**20
"""Most characters that are kept of arguments in another shape, to be read at their end."""


class FreeText:
    """Takes one call's arguments apart. Holds what is not told yet: a few characters, or arguments in another shape."""

    __slots__ = ("_held", "_is_inside", "_is_over")

    def __init__(self) -> None:
        self._held = ""
        self._is_inside = False
        self._is_over = False

    def feed(self, text: str) -> str:
        """Return the text that can be told now."""
        if self._is_over:
            return ""
        self._held = (self._held + text)[:MAX_ODD_CHARS]
        if not self._is_inside:
            opening = _OPENING.match(self._held)
            if opening is None:
                return ""
            self._is_inside = True
            self._held = self._held[opening.end() :]
        piece = _PIECE.match(self._held)
        end = 0 if piece is None else piece.end()
        told, self._held = self._held[:end], self._held[end:]
        self._is_over = self._held.startswith('"')
        return _unescaped(told)

    def close(self) -> str:
        """Return what is left: all of the arguments, where they came in another shape."""
        if self._is_inside:
            return ""
        return free_text_of(self._held)


def free_text_of(arguments: str) -> str:
    """Return the text in whole arguments; arguments in another shape stand for themselves."""
    try:
        whole = json.loads(arguments)
    except ValueError:
        return arguments
    text = whole.get(INPUT_FIELD) if isinstance(whole, dict) else None
    return text if isinstance(text, str) else arguments


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    try:
        whole = json.loads(f'"{text}"', strict=False)
    except ValueError:
        return text
    return whole if isinstance(whole, str) else text
