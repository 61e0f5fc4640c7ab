"""Which headers of a request or an answer may be kept for people to read, and which only as "it was there".

A list of what may be kept, as in TokenRouter-Go, because a list of what may not would have to know every header that
anybody will ever put a secret in.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote_plus

REDACTED: Final = "[redacted]"
MAX_HEADERS: Final = 64
MAX_VALUE_CHARS: Final = 1024
_KEPT: Final = frozenset(
    (
        "accept",
        "age",
        "api-key",
        "authorization",
        "content-encoding",
        "content-length",
        "content-type",
        "conversation-id",
        "cookie",
        "idempotency-key",
        "originator",
        "previous-response-id",
        "request-id",
        "retry-after",
        "server-timing",
        "session-id",
        "session_id",
        "set-cookie",
        "thread-id",
        "traceparent",
        "user-agent",
    )
)
_KEPT_PREFIXES: Final = ("x-", "ratelimit-", "openai-", "anthropic-", "chatgpt-")
_SECRET: Final = re.compile(r"auth|token|secret|key|cookie|password|credential|signature|session-data")
_TELLS_LIMITS: Final = re.compile(
    r"(x-|anthropic-)?ratelimit-[a-z0-9-]+|x-tokenrouter-[a-z0-9-]+|anthropic-(beta|version)"
)
"""Names with "token" in them that tell of limits, not of secrets; our own headers hold none."""
_QUERY_KEEPS: Final = frozenset(("alt", "after", "api-version", "before", "limit", "order", "provider"))


def kept_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return those of `headers` (lower-case names) that may be kept; of secrets only that they were there."""
    return tuple(_kept(headers))


def _kept(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    left = MAX_HEADERS
    for name, value in headers:
        if left and (name in _KEPT or name.startswith(_KEPT_PREFIXES)):
            left -= 1
            yield name[:MAX_VALUE_CHARS], REDACTED if _is_secret(name) else value[:MAX_VALUE_CHARS]


def _is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None and _TELLS_LIMITS.fullmatch(name) is None


def kept_path(path: str, query: str) -> str:
    """Return a path with its query; of parameters that are not known to be harmless only the names."""
    if not query:
        return path
    return f"{path}?{'&'.join(_parameter(one) for one in query.split('&'))}"[:MAX_VALUE_CHARS]


def _parameter(text: str) -> str:
    name, equals, _ = text.partition("=")
    return text if not equals or unquote_plus(name) in _QUERY_KEEPS else f"{name}={REDACTED}"
