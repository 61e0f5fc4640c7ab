"""Blotting secrets out of what a process says, by three ways, because each of them alone is sometimes wrong.

By the name of the field; by the look of the value; and by the very values that this installation holds: a provider's
key that looks like nothing in particular is found, too. It is the last thing that is done to an event, after
exceptions have become text. The standard library is enough for it, so that the supervisor can use it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

BLOT: Final = "[redacted]"
MIN_VALUE_CHARS: Final = 6
"""Shorter secrets are found by their field's name alone: they would blot out ordinary words."""
MAX_VALUES: Final = 5_000
"""Most values that are looked for; keys of the database are none of them, since only their digests are known."""
MAX_TEXT_CHARS: Final = 32 * 2**10
"""What is longer is cut, after it was blotted; a trace of a deep stack has some 10 KiB."""
MAX_DEPTH: Final = 6
_CUT: Final = "… [cut]"
_SECRET_NAME: Final = re.compile(
    r"(?i)(?:api|secret|private|encryption|provider)[_-]?key$|secret|password|passwd|authorization|cookie|bearer|credential"
)
_SECRET_VALUE: Final = re.compile(
    r"(?:tr_|llmp-|sk-|xai-|gsk_|tok-|tor_tmp_|AIza|AKIA|ghp_|hf_)[A-Za-z0-9_\-]{12,}"
    r"|(?i:bearer|basic)\s+[A-Za-z0-9._~+/=\-]{8,}"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*-----|\Z)"
    r"|eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*"
)
"""Keys by their prefixes (vendors' pages, 2026-11), credentials in headers and URLs, private keys, JSON web tokens."""


def redact_text(text: str) -> str:
    """Return `text` with everything that looks like a key blotted out."""
    return _SECRET_VALUE.sub(BLOT, text)


class Redactor:
    """Blots out what looks like a secret, is called one, or is one of `values`."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: tuple[str, ...] = ()
        self._by_start: dict[str, list[str]] = {}
        self.hide(values)

    def hide(self, values: Iterable[str]) -> None:
        """Look for `values`, in place of those of before; the longest first, for one may hold another."""
        spellings = {spelling for value in values for spelling in _spellings(value)}
        self._values = tuple(sorted(spellings, key=len, reverse=True)[:MAX_VALUES])
        by_start: dict[str, list[str]] = {}
        for value in self._values:
            by_start.setdefault(value[:MIN_VALUE_CHARS], []).append(value)
        self._by_start = by_start

    def text(self, text: str) -> str:
        """Return `text` without secrets."""
        for value in self._candidates(text):
            if value in text:
                text = text.replace(value, BLOT)
        text = redact_text(text)
        return text if len(text) <= MAX_TEXT_CHARS else text[:MAX_TEXT_CHARS] + _CUT

    def _candidates(self, text: str) -> Sequence[str]:
        """Return the values that may stand in `text`, by whichever way is less work: all of them, or by beginnings."""
        if len(self._values) < len(text):
            return self._values
        starts = {text[at : at + MIN_VALUE_CHARS] for at in range(len(text) - MIN_VALUE_CHARS + 1)}
        found = [value for start in starts & self._by_start.keys() for value in self._by_start[start]]
        return sorted(found, key=len, reverse=True)

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of `event` as plain JSON values, without secrets in values or names."""
        return {self.text(name): self._field(name, value) for name, value in event.items()}

    def _field(self, name: str, value: Any) -> Any:
        return BLOT if _SECRET_NAME.search(name) else self._value(value, 0)

    def _value(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value)
        if depth < MAX_DEPTH and isinstance(value, Mapping):
            return {
                self.text(str(name)): BLOT if _SECRET_NAME.search(str(name)) else self._value(one, depth + 1)
                for name, one in value.items()
            }
        if depth < MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
            return [self._value(one, depth + 1) for one in value]
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "backslashreplace"))
        return self.text(value if isinstance(value, str) else str(value))

    def _number(self, value: float) -> Any:
        """Return a number as it is, unless its digits are a secret."""
        shown = str(value)
        return BLOT if len(shown) >= MIN_VALUE_CHARS and any(one in shown for one in self._values) else value


def _spellings(value: str) -> Iterable[str]:
    """Yield a secret as it is, and as it stands in a URL and in an escaped text; short ones not at all."""
    if len(value) < MIN_VALUE_CHARS:
        return
    yield value
    yield quote(value, safe="")
    yield repr(value)[1:-1]
    yield value.encode("unicode_escape").decode("ascii")
