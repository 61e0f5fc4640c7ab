"""Paths that are passed on raw: cleaned, and compared with what the operator allows (pure).

A path that two programs could read differently (dot segments, slashes or dots in escapes, empty segments) is refused
and never mended: what was compared must be what the provider reads.
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

from tokenrouter.domain.errors import InvalidRequest

METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
"""Methods whose meaning is the same everywhere."""
MAX_PATH_BYTES: Final = 2048

_SEGMENT: Final = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")
"""A segment of RFC 3986, 3.3."""
_HIDDEN: Final = re.compile(rb"[/\\%\x00-\x1f\x7f]")
"""What must not be hidden in an escape: another slash, an escape of an escape, a control character."""
_CREDENTIALS: Final = frozenset({"key", "api_key", "apikey", "api-key", "access_token", "token"})


def clean_path(path: bytes, base_path: str) -> str:
    """Return `path` relative to a provider's base URL; it may begin with the base URL's own path or not.

    Raises:
        InvalidRequest: it is no plain path.
    """
    segments = path.strip(b"/").split(b"/") if path.strip(b"/") else []
    if len(path) > MAX_PATH_BYTES or not segments or path.startswith(b"//"):
        raise InvalidRequest("Name a path of the provider's below /passthrough/{provider}/.")
    for segment in segments:
        plain = unquote_to_bytes(segment)
        if _SEGMENT.fullmatch(segment) is None or plain in (b".", b"..") or _HIDDEN.search(plain):
            raise InvalidRequest(
                "The path must be plain: no empty or dot segments, no escaped slashes, backslashes or percent signs."
            )
    text = "/".join(segment.decode("ascii") for segment in segments)
    base = base_path.strip("/")
    return text.removeprefix(f"{base}/") if base else text


def clean_query(query: bytes) -> str:
    """Return the query without the credentials that clients put there."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    return urlencode([pair for pair in pairs if pair[0].lower() not in _CREDENTIALS], encoding="latin-1")


def segments_of(path: str) -> list[str]:
    """Return the parts of a clean path without their escapes."""
    return [unquote_to_bytes(segment).decode("utf-8", "replace") for segment in path.split("/")]


def is_allowed(method: str, path: str, patterns: Sequence[str]) -> bool:
    """Whether one of `patterns` (`GET /v1/things/*`) allows `method` on `path`, which begins with a slash.

    `*` is one segment, `**` at the end any number of them; a method of `*` is any.
    """
    return any(_allows(pattern, method, path) for pattern in patterns)


def _allows(pattern: str, method: str, path: str) -> bool:
    wanted, _, allowed = pattern.partition(" ")
    if wanted not in ("*", method):
        return False
    parts = ["[^/]+" if part == "*" else ".+" if part == "**" else re.escape(part) for part in allowed.split("/")]
    return re.fullmatch("/".join(parts), path) is not None
