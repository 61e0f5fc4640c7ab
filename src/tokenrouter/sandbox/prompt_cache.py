"""Which beginning of a prompt was seen before: the cached share of `usage`.

OpenAI's "Prompt caching" guide (read 2026-11): prompts of 1,024 tokens and more, in steps of 128 tokens, for five
minutes, never across accounts.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

FIRST_TOKENS: Final = 1024
STEP_TOKENS: Final = 128
KEPT_S: Final = 300.0
MAX_PREFIXES: Final = 20_000
"""Digests remembered; the oldest go first."""


class PromptCache:
    """Remembers digests of prompt prefixes, never the prompts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._expiry: OrderedDict[bytes, float] = OrderedDict()

    def cached_tokens(self, owner: str, prompt: bytes, bytes_per_token: float, first_tokens: int = FIRST_TOKENS) -> int:
        """How many tokens of `prompt` its `owner` (account and model) has sent lately; then remember all of it.

        Prompts and prefixes shorter than `first_tokens` are not remembered.
        """
        if len(prompt) < first_tokens * bytes_per_token:
            return 0
        now = self._clock()
        cached = 0
        for tokens, digest in _prefixes(owner, prompt, bytes_per_token, first_tokens):
            if self._expiry.get(digest, 0.0) > now:
                cached = tokens
            self._expiry[digest] = now + KEPT_S
            self._expiry.move_to_end(digest)
        while len(self._expiry) > MAX_PREFIXES:
            self._expiry.popitem(last=False)
        return cached


def _prefixes(owner: str, prompt: bytes, bytes_per_token: float, first_tokens: int) -> list[tuple[int, bytes]]:
    step = int(STEP_TOKENS * bytes_per_token)
    digest = blake2b(owner.encode(), digest_size=16)
    found = []
    for number in range(1, len(prompt) // step + 1):
        digest.update(prompt[(number - 1) * step : number * step])
        if number * STEP_TOKENS >= first_tokens:
            found.append((number * STEP_TOKENS, digest.digest()))
    return found
