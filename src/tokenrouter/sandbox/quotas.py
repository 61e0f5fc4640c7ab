"""What is left of a caller's account, and how vendors tell it in the headers of every answer.

The key says it: `sk-x@12.5` is a key whose account has 12.5 percent left of everything, and `sk-x-cerebras@12.5` one
that hears of it in the words of Cerebras. Any other key has nearly all, in the words of the API that it speaks. Forms
from the vendors' pages on rate limits, read 2026-11: OpenAI (platform.openai.com/docs/guides/rate-limits), Groq
(console.groq.com/docs/rate-limits), Cerebras (inference-docs.cerebras.ai/support/rate-limits), Hugging Face
(huggingface.co/docs/hub/rate-limits), Azure (learn.microsoft.com, "Manage Azure OpenAI quota"), OpenRouter
(openrouter.ai/docs/api-reference/limits); Mistral's, which no page shows, as its answers have them.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Final

from tokenrouter.sandbox.server import Request

_KEY: Final = re.compile(r".*?(?:-(?P<words>[a-z]+))?@(?P<percent>\d{1,3}(?:\.\d{1,3})?)")
_REQUESTS: Final = 10_000
_TOKENS: Final = 2_000_000
_AN_HOUR_S: Final = 3600

Lines = Mapping[str, object]
"""Header names and values."""


def key_of(request: Request) -> str:
    """Return the key that was sent, in whichever header, or ""."""
    _, _, bearer = request.headers.get("authorization", "").partition(" ")
    return request.headers.get("x-api-key") or request.headers.get("api-key") or bearer.strip()


def share_left(request: Request) -> float | None:
    """Return what is left to the caller, from 0 to 1, as its key says; None where it says nothing."""
    match = _KEY.fullmatch(key_of(request))
    return None if match is None else min(1.0, float(match["percent"]) / 100)


def openai_lines(request: Request) -> str:
    """Return the header lines of an answer of OpenAI's API, or of another vendor who speaks it."""
    match = _KEY.fullmatch(key_of(request))
    lines = _USUAL if match is None else _WORDS.get(match["words"] or "", _openai)(share_left(request) or 0.0)
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items())


def remaining(limit: int, share: float | None, *, by_default: int) -> int:
    """Return what is left of `limit`, `by_default` for a key that says nothing."""
    return by_default if share is None else int(limit * share)


_USUAL: Final[Lines] = {
    "x-ratelimit-limit-requests": _REQUESTS,
    "x-ratelimit-limit-tokens": _TOKENS,
    "x-ratelimit-remaining-requests": _REQUESTS - 1,
    "x-ratelimit-remaining-tokens": _TOKENS - 1000,
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-reset-tokens": "30ms",
}
"""OpenAI's, to a key that says nothing."""


def _openai(share: float) -> Lines:
    return {
        **_USUAL,
        "x-ratelimit-remaining-requests": int(_REQUESTS * share),
        "x-ratelimit-remaining-tokens": int(_TOKENS * share),
        "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-reset-tokens": "6m0s",
    }


def _groq(share: float) -> Lines:
    """Requests of a day, tokens of a minute."""
    return {**_openai(share), "x-ratelimit-reset-requests": "2h59m56.5s", "x-ratelimit-reset-tokens": "7.66s"}


def _cerebras(share: float) -> Lines:
    """Seconds until each window ends; those of the hour are often those of another one."""
    left, tokens = int(_REQUESTS * share), int(_TOKENS * share)
    return {
        "x-ratelimit-limit-requests-day": _REQUESTS,
        "x-ratelimit-remaining-requests-day": left,
        "x-ratelimit-reset-requests-day": "33011.382867",
        "x-ratelimit-limit-requests-hour": 900,
        "x-ratelimit-remaining-requests-hour": 1,
        "x-ratelimit-reset-requests-hour": "611.38",
        "x-ratelimit-limit-tokens-minute": _TOKENS,
        "x-ratelimit-remaining-tokens-minute": tokens,
        "x-ratelimit-reset-tokens-minute": "11.382867",
    }


def _mistral(share: float) -> Lines:
    return {
        "x-ratelimit-limit-req-minute": 60,
        "x-ratelimit-remaining-req-minute": 59,
        "x-ratelimit-limit-tokens-minute": 500_000,
        "x-ratelimit-remaining-tokens-minute": 499_000,
        "x-ratelimit-limit-tokens-month": _TOKENS,
        "x-ratelimit-remaining-tokens-month": int(_TOKENS * share),
        "x-ratelimit-tokens-query-cost": 17,
    }


def _huggingface(share: float) -> Lines:
    """The IETF's draft: what is left and for how long, and the policy."""
    return {
        "ratelimit": f'"api";r={int(500 * share)};t=189',
        "ratelimit-policy": '"fixed window";"api";q=500;w=300',
    }


def _azure(share: float) -> Lines:
    """Only what is left."""
    return {
        "x-ratelimit-remaining-requests": int(_REQUESTS * share),
        "x-ratelimit-remaining-tokens": int(_TOKENS * share),
    }


def _openrouter(share: float) -> Lines:
    """One limit, whose end is in milliseconds since the epoch."""
    return {
        "x-ratelimit-limit": _REQUESTS,
        "x-ratelimit-remaining": int(_REQUESTS * share),
        "x-ratelimit-reset": int((time.time() + _AN_HOUR_S) * 1000),
    }


_WORDS: Final[Mapping[str, Callable[[float], Lines]]] = {
    "openai": _openai,
    "groq": _groq,
    "cerebras": _cerebras,
    "mistral": _mistral,
    "huggingface": _huggingface,
    "azure": _azure,
    "openrouter": _openrouter,
}
